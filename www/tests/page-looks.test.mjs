/** How the page looks, sounds and speaks: languages, phones, paper, colours, screen readers. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  assertAccessible,
  browser,
  expected,
  fill,
  noComplaints,
  open,
  settled,
  textOf,
  visit,
  write,
} from "./visits.mjs";

/** @typedef {import("./visits.mjs").Page} Page */

test("a screen reader hears a score when typing pauses, once, and only what changed", async () => {
  const page = await visit();
  await page.evaluate(() => {
    const counted = /** @type {any} */ (globalThis);
    counted.said = [];
    const root = /** @type {ShadowRoot} */ (document.querySelector("bsmv-scorer")?.shadowRoot);
    new MutationObserver(() => {
      const words = root.querySelector("[role=status]")?.textContent;
      if (words) counted.said.push(words);
    }).observe(root, { childList: true, subtree: true, characterData: true });
  });
  await page.locator("#text").pressSequentially("I love this coffee", { delay: 40 });
  await settled(page);
  await page.waitForTimeout(1500);
  await page.locator("#text").pressSequentially(".");
  await settled(page);
  await page.waitForTimeout(1500);
  const said = await page.evaluate(() => [...new Set(/** @type {any} */ (globalThis).said)]);
  assert.equal(said.length, 1, said.join(" | "));
  assert.match(said[0], /^\d+ of 100: .+ Likely range \d+ to \d+\.$/);
  // Nothing else speaks, and what was said isn't met again by who reads on.
  const live = "[aria-live], [role=status], [role=alert], output";
  assert.equal(await page.locator("#scorer").locator(live).count(), 1);
  const region = page.locator("#scorer [role=status]");
  await page.waitForTimeout(4500);
  assert.equal(await textOf(region), "");
  await page.keyboard.press("Alt+s");
  await page.waitForTimeout(200);
  assert.match(await textOf(region), /^\d+ of 100: /, "said when it is asked for");
  await page.context().close();
});

test("once there is a score the layout stands still while one types, in both languages, on a desk and a phone", async () => {
  for (const [locale, first, more] of [
    ["en", "The coffee is lovely.", " The waiter was rude. I won't come again."],
    ["zh-CN", "咖啡很好喝，冰块给得刚好。", "服务员的态度太差了，再也不来。"],
  ]) {
    for (const width of [1280, 390]) {
      const page = await visit({ locale, viewport: { width, height: 900 } });
      await write(page, first);
      await page.evaluate(() => {
        const counted = /** @type {any} */ (globalThis);
        counted.shift = 0;
        new PerformanceObserver((list) => {
          for (const entry of /** @type {any[]} */ (list.getEntries())) {
            if (!entry.hadRecentInput) counted.shift += entry.value;
          }
        }).observe({ type: "layout-shift", buffered: false });
      });
      await page.locator("#text").press("End");
      // Letters that no key gave count as moved by nobody: Chinese is measured the more strictly.
      await page.locator("#text").pressSequentially(more);
      await settled(page);
      const shift = await page.evaluate(() => /** @type {any} */ (globalThis).shift);
      assert.ok(shift < 0.05, `${locale}, ${width}: layout shift ${shift}`);
      await page.context().close();
    }
  }
});

test("a Chinese browser gets a Chinese page throughout, also about an English post, and the choice is kept", async () => {
  const page = await visit({ locale: "zh-CN" });
  assert.equal(await page.locator("html").getAttribute("lang"), "zh-Hans");
  assert.equal(await page.locator("#platform").inputValue(), "xiaohongshu");
  await write(page, "RT to win a bag of beans! I lo\u200bve it so\u200b much 😍😍😍😍😍😍😍😍😍");
  for (const details of await page.locator("#scorer details").all()) {
    await details.evaluate((details) => details.setAttribute("open", ""));
  }
  const words = await page.locator("#scorer").evaluate((scorer) => {
    const texts = [
      ...(scorer.shadowRoot?.querySelectorAll("li, dt, dd, p, th, summary, h3, caption") ?? []),
    ];
    return texts
      .filter((text) => !text.querySelector("bdi"))
      .map((text) => text.textContent?.trim() ?? "")
      .filter(Boolean);
  });
  assert.ok(words.length > 25, `${words.length} texts`);
  for (const text of words) {
    // Symbols of the formula, the bundle's name, and what the post says.
    const own = text.replaceAll(/“.*?”|bsmv-base@\S+|int8|[sTDvw₁₂₃|]/g, "");
    assert.doesNotMatch(own, /[a-z]{2}/i, text);
  }
  assert.match(await textOf(page.locator("#scorer [part=unseen]")), /没有衡量/);
  // What only English says is folded, and what stands there isn't English.
  await fill(page, "#text", "好".repeat(20_001));
  await page.locator("#scorer .error > p").waitFor();
  assert.doesNotMatch(await textOf(page.locator("#scorer .error > p")), /[a-z]/i);
  assert.equal(await page.locator("#scorer .error details[open]").count(), 0);
  await page.locator("#language").click();
  await page.locator("html[lang=en]").waitFor();
  await page.reload();
  await page.locator("html[lang=en]").waitFor();
  await page.context().close();
});

test("a text that runs from right to left does so in its field, and the page's words stay as they are", async () => {
  const page = await visit();
  await fill(page, "#text", "هذا الحذاء رائع جدا وأنا أحبه");
  await page.locator("#scorer .verdict", { hasText: "No score" }).waitFor();
  const runs = (/** @type {string} */ which) =>
    page.locator(which).evaluate((element) => getComputedStyle(element).direction);
  assert.deepEqual([await runs("#text"), await runs("#scorer .verdict")], ["rtl", "ltr"]);
  await page.locator("#version").click();
  await page.locator("#open-drafts").click();
  const name = page.locator("#drafts .choice bdi");
  assert.match(await textOf(name), /رائع/);
  assert.equal(await name.getAttribute("lang"), "", "no language that it isn't");
  await page.context().close();
});

test("on a phone a bar always shows score, loading, errors and what is to be mended, and the page is as wide as the window", async () => {
  const context = await browser.newContext({
    locale: "en",
    viewport: { width: 390, height: 844 },
    serviceWorkers: "block",
  });
  let letGo = () => {};
  const held = new Promise((resolve) => {
    letGo = () => resolve(undefined);
  });
  await context.route("**/encoder_int8.safetensors", async (route) => {
    await held;
    await route.abort();
  });
  const page = await open(context);
  const loading = page.locator("#scorer div.bar", { hasText: "Loading the model" });
  await loading.locator("progress").waitFor();
  assert.ok(((await loading.boundingBox())?.y ?? 844) < 844, "the bar is in the window");
  // What rules found is there before the model.
  await fill(page, "#text", "Use my code JANE15 today.");
  const toMend = page.locator("#scorer > [slot=bar]", { hasText: "1 to mend" });
  await toMend.waitFor();
  await page.setViewportSize({ width: 1280, height: 844 });
  await toMend.waitFor({ state: "hidden" });
  await page.setViewportSize({ width: 390, height: 844 });
  letGo();
  const bar = page.locator("#scorer button.bar");
  await page.waitForFunction(() => {
    const bar = document.querySelector("#scorer")?.shadowRoot?.querySelector("button.bar");
    const inside = bar && bar.getBoundingClientRect().bottom <= innerHeight;
    return inside && bar.textContent?.includes("could not be loaded");
  });
  await context.unroute("**/encoder_int8.safetensors");
  await bar.click();
  await fill(page, "#text", "I love this coffee.");
  await page.locator("#scorer button.bar .points").waitFor();
  await settled(page);
  await bar.click();
  await page.waitForFunction(() => {
    const { top } = /** @type {Element} */ (
      document.querySelector("#scorer")
    ).getBoundingClientRect();
    return top < 200;
  });
  for (const width of [390, 320]) {
    await page.setViewportSize({ width, height: 844 });
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width);
  }
  await context.close();
  expected("ERR_FAILED");
});

test("on paper stand the text, its number and its limits, and nothing that can be pressed", async () => {
  const page = await visit();
  await write(page, "I love this coffee.");
  await page.emulateMedia({ media: "print" });
  const seen = (/** @type {string} */ which) => page.locator(which).first().isVisible();
  assert.equal(await textOf(page.locator(".on-paper:visible")), "X", "what it is written for");
  assert.equal(await seen("#scorer [part=how]"), false, "a name that can't be unfolded");
  for (const which of ["#text", "#scorer .points", "#scorer .range", "#scorer [part=unseen] li"]) {
    assert.ok(await seen(which), which);
  }
  const pressed = await page.evaluate(() => {
    const roots = [document, document.querySelector("#scorer")?.shadowRoot];
    const all = roots.flatMap((root) => [
      .../** @type {ParentNode} */ (root).querySelectorAll("button, select, .button"),
    ]);
    return all.filter((element) => element.getBoundingClientRect().width > 0).length;
  });
  assert.equal(pressed, 0);
  await page.context().close();
});

for (const locale of ["en", "zh-CN"]) {
  for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
    test(`axe finds nothing in any state: ${locale}, ${colorScheme}`, async () => {
      const page = await visit({ locale, colorScheme });
      await assertAccessible(page, "empty");
      await page.locator("#examples [data-kind=advert]").click();
      await settled(page);
      for (const details of await page.locator("details").all()) {
        await details.evaluate((details) => details.setAttribute("open", ""));
      }
      await page.locator("#followers").fill("many");
      await assertAccessible(page, "an answer, all unfolded, and a mistake");
      for (const details of await page.locator("details").all()) {
        await details.evaluate((details) => details.removeAttribute("open"));
      }
      await page.locator("#version").click();
      await page.locator("#open-drafts").click();
      await page.locator("#drafts .versions").waitFor();
      await assertAccessible(page, "drafts");
      await page.locator("#drafts [data-close]").click();
      await page.locator("#brand").click();
      await assertAccessible(page, "brands");
      await page.locator("#brands .row button").first().click();
      await assertAccessible(page, "a brand of one's own");
      await page.locator("#brands [data-close]").click();
      await page.locator("#open-compare").click();
      await page.locator("#winner strong").waitFor();
      await assertAccessible(page, "comparing");
      await page.context().close();
    });
  }
}

test("targets are at least 24 pixels, borders and the interval stand out 3 to 1, and bars are there in forced colours", async () => {
  const page = await visit({ forcedColors: "active" });
  await write(page, "I love this coffee.");
  const small = await page.evaluate(() => {
    const all = [document, document.querySelector("#scorer")?.shadowRoot].flatMap((root) => [
      .../** @type {ParentNode} */ (root).querySelectorAll(
        "button, input, select, summary, [tabindex]",
      ),
    ]);
    return all
      .map((element) => ({ element, box: element.getBoundingClientRect() }))
      .filter(({ element, box }) => box.width > 0 && !element.matches(".spoken"))
      .filter(({ box }) => box.width < 24 || box.height < 24)
      .map(({ element }) => element.outerHTML.slice(0, 80));
  });
  assert.deepEqual(small, []);
  await page.locator("#scorer [part=how] summary").click();
  const drawn = await page.locator("#scorer").evaluate((scorer) => {
    const root = /** @type {ShadowRoot} */ (scorer.shadowRoot);
    const card = /** @type {Element} */ (root.querySelector(".card"));
    const ground = getComputedStyle(card).backgroundColor;
    return ["circle.on", "rect.plus, rect.minus", "rect.band"].map((which) => {
      const part = /** @type {Element} */ (root.querySelector(which));
      return getComputedStyle(part).fill !== ground;
    });
  });
  assert.deepEqual(drawn, [true, true, true], "dots, bars and the interval");
  const rows = await page.locator("#scorer [part=how] table th[scope=row]").count();
  assert.ok(rows >= 3, "bars are rows of tables");
  // Both marks may have one colour there: their lines differ.
  const lines = await page.evaluate(() =>
    ["bsmv-good", "bsmv-bad"].map(
      (name) =>
        getComputedStyle(document.querySelector("#text") ?? document.body, `::highlight(${name})`)
          .textDecorationStyle,
    ),
  );
  assert.notEqual(lines[0], lines[1]);
  const moving = await page
    .locator("#scorer .sentence")
    .evaluate((sentence) => getComputedStyle(sentence).transitionDuration);
  assert.equal(moving, "0s", "nothing moves where less motion is wanted");
  await page.context().close();
  for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
    const page = await visit({ colorScheme });
    await write(page, "I love this coffee.");
    const contrasts = await page.evaluate(() => {
      const light = (/** @type {string} */ colour) => {
        const parts = (colour.match(/[\d.]+/g) ?? []).slice(0, 3).map((part) => {
          const share = Number(part) / 255;
          return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
      };
      const root = /** @type {ShadowRoot} */ (document.querySelector("#scorer")?.shadowRoot);
      const style = (/** @type {string} */ which, /** @type {ParentNode} */ of = document) =>
        getComputedStyle(/** @type {Element} */ (of.querySelector(which)));
      const card = style(".card", root).backgroundColor;
      return [
        [style("#platform").borderTopColor, style("body").backgroundColor],
        [style("#text").borderTopColor, card],
        [style("rect.band", root).fill, card],
      ].map((pair) => {
        const [a, b] = pair.map(light).sort((a, b) => b - a);
        return (a + 0.05) / (b + 0.05);
      });
    });
    for (const contrast of contrasts) assert.ok(contrast >= 3, `${colorScheme}: ${contrasts}`);
    await page.context().close();
  }
});

noComplaints();
