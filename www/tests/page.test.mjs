/** The page in headless Chromium, as its users have it, from the real server. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { launch, PATIENCE, serve } from "./browser.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** @typedef {import("playwright-core").Page} Page */

/** @type {Awaited<ReturnType<typeof serve>>} */
let server;
/** @type {import("playwright-core").Browser} */
let browser;
/** A page that most tests share. @type {Page} */
let page;
/** Everything that pages complained of. @type {string[]} */
const complaints = [];

/**
 * A page of its own visitor, ready to be written on.
 *
 * @param {import("playwright-core").BrowserContextOptions & { path?: string, wait?: boolean }} [options]
 */
async function visit({ path = "", wait = true, ...options } = {}) {
  const context = await browser.newContext({
    locale: "en",
    reducedMotion: "reduce",
    // It would answer in place of the host that tests watch.
    serviceWorkers: "block",
    ...options,
  });
  const page = await open(context, path);
  if (wait) await ready(page);
  return page;
}

/** @param {import("playwright-core").BrowserContext} context @param {string} [path] */
async function open(context, path = "") {
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  page.on("console", (message) => {
    const asked = message.text().includes("blocked by Playwright");
    if (["error", "warning"].includes(message.type()) && !asked) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  await page.goto(server.address + path);
  await page.locator("#text").waitFor();
  return page;
}

/** Waits until the model is there. @param {Page} page */
const ready = (page) =>
  page.waitForFunction(() => {
    const scorer = document.querySelector("bsmv-scorer");
    return scorer && !["loading"].includes(scorer.state.phase) && customElements.get("bsmv-scorer");
  });

/** Waits until what was written is scored and explained. @param {Page} page */
async function settled(page) {
  await page.waitForFunction(() => {
    const { phase, stale } = document.querySelector("bsmv-scorer")?.state ?? {};
    return phase === "settled" && !stale;
  });
  return shown(page);
}

/** The number that is shown. @param {Page} page */
const shown = async (page) => Number(await page.locator("#scorer .headline .points").textContent());

/** @param {import("playwright-core").Locator} locator */
const textOf = async (locator) => (await locator.textContent())?.trim() ?? "";

/** Writes a draft and waits for its score. @param {Page} page @param {string} text */
async function write(page, text) {
  await page.locator("#text").fill(text);
  await page.waitForFunction(
    (text) => document.querySelector("bsmv-scorer")?.state.request?.post.text === text,
    text,
  );
  return settled(page);
}

before(async () => {
  server = await serve();
  browser = await launch();
  page = await visit();
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

test("the score follows the draft, with its range and words, and nothing leaves the page", async () => {
  /** @type {string[]} */
  const requests = [];
  const record = (/** @type {import("playwright-core").Request} */ r) => requests.push(r.url());
  page.on("request", record);
  await page.locator("#text").pressSequentially("I love this coffee, it is wonderful!");
  const praise = await settled(page);
  assert.match(await textOf(page.locator("#scorer dd").first()), /clearly positive/);
  const complaint = await write(
    page,
    "The worst coffee I ever had. Horrible service, never again.",
  );
  await page.locator("#followers").fill("1.2万");
  await settled(page);
  page.off("request", record);
  assert.ok(praise > complaint, `${praise} for praise, ${complaint} for a complaint`);
  assert.match(await textOf(page.locator("#scorer .range")), /Likely range \d+–\d+/);
  assert.deepEqual(requests, []);
  await page.locator("#followers").fill("");
});

test("words that carry the tone are marked in the draft itself, and listed for who can't see them", async () => {
  await write(page, "The coffee is wonderful, but I hate the rude waiter.");
  const marked = (/** @type {string} */ name) =>
    page.evaluate((name) => [...(CSS.highlights.get(name) ?? [])].map(String), name);
  const [good, bad] = [await marked("bsmv-good"), await marked("bsmv-bad")];
  assert.ok(
    good.some((phrase) => phrase.includes("wonderful")),
    `good: ${good}`,
  );
  assert.ok(
    bad.some((phrase) => /hate|rude/.test(phrase)),
    `bad: ${bad}`,
  );
  assert.ok(!bad.some((phrase) => phrase.includes("wonderful")), `bad: ${bad}`);
  await page.locator("#scorer summary", { hasText: "What carries the tone" }).click();
  assert.match(await textOf(page.locator("#scorer .phrases")), /wonderful\s+lifts the tone/);
  await page.locator("#text").press("End");
  await page.keyboard.type("!");
  assert.deepEqual([await marked("bsmv-good"), await marked("bsmv-bad")], [[], []]);
  await settled(page);
});

test("marks and the cursor go together: typing in the middle and undo work as ever", async () => {
  await write(page, "Wonderful coffee.");
  await page.locator("#text").press("Home");
  await page.keyboard.type("So");
  assert.equal(await textOf(page.locator("#text")), "SoWonderful coffee.");
  await page.keyboard.press("Control+z");
  // A browser that is slow takes two letters for two steps.
  if ((await textOf(page.locator("#text"))).startsWith("S")) await page.keyboard.press("Control+z");
  assert.equal(await textOf(page.locator("#text")), "Wonderful coffee.");
});

test("while one types steadily the score moves all the time", async () => {
  await write(page, "Coffee.");
  await page.evaluate(() => {
    const counted = /** @type {any} */ (globalThis);
    counted.scores = [];
    document.addEventListener("bsmv-score", () => counted.scores.push(performance.now()));
  });
  await page.locator("#text").press("End");
  await page.keyboard.type(" I had it in the morning and it was lovely, warm and strong.", {
    delay: 60,
  });
  await settled(page);
  const gaps = await page.evaluate(() => {
    const { scores } = /** @type {any} */ (globalThis);
    return scores
      .slice(1)
      .map((/** @type {number} */ at, /** @type {number} */ i) => at - scores[i]);
  });
  assert.ok(gaps.length >= 8, `${gaps.length + 1} scores for 60 keys`);
});

test("a number that can't be read is told at its field, and the score stays", async () => {
  const before = await write(page, "I love this coffee.");
  await page.locator("#followers").fill("many");
  await page.locator("#followers-error").waitFor();
  assert.equal(await page.locator("#followers").getAttribute("aria-invalid"), "true");
  assert.equal(await shown(page), before);
  for (const written of ["1.2万", "12k", "12,000"]) {
    await page.locator("#followers").fill(written);
    await page.locator("#followers-error").waitFor({ state: "hidden" });
    await page.waitForFunction(
      () => document.querySelector("bsmv-scorer")?.state.request?.post.author?.followers === 12_000,
    );
  }
  await page.locator("#followers").fill("");
});

test("what can't be scored is said, the last score stays, and the page goes on", async () => {
  const before = await write(page, "I love this coffee.");
  await page.locator("#text").fill("a".repeat(20_001));
  await page.locator("#scorer .error").waitFor();
  assert.equal(await shown(page), before);
  await write(page, "Good again.");
  assert.equal(await page.locator("#scorer .error").count(), 0);
});

test("an example opens as a draft of its own, and the one before comes back from the drafts", async () => {
  await write(page, "Half an hour of work on this draft.");
  await page.locator("#examples summary").click();
  await page.locator("#examples [data-kind=complaint]").click();
  await page.waitForFunction(() =>
    document.querySelector("#text")?.textContent?.startsWith("Third"),
  );
  await page.locator("#open-drafts").click();
  await page.locator("#drafts .choice", { hasText: "Half an hour" }).click();
  await page.locator("#drafts").waitFor({ state: "hidden" });
  assert.equal(await textOf(page.locator("#text")), "Half an hour of work on this draft.");
  await settled(page);
});

test("draft, settings and own brands survive a reload, and so do versions", async () => {
  const page = await visit();
  await write(page, "栀夏家的皂太温柔了，洗完不拔干。");
  await page.locator("#platform").selectOption("xiaohongshu");
  await page.locator("#title").fill("洗完不拔干");
  await page.locator("#brand").click();
  await page.getByRole("button", { name: "Describe a brand" }).click();
  await page.locator("#brand-name").fill("栀夏手工皂");
  await page.locator("#brand-aliases").fill("栀夏，栀夏家");
  await page.getByRole("button", { name: "Save" }).click();
  await settled(page);
  await page.locator("#version").click();
  await page.locator("#said", { hasText: "Version kept" }).waitFor();
  await page.locator("#saved", { hasText: "Saved" }).waitFor();
  await page.reload();
  await page.locator("#brand", { hasText: "栀夏手工皂" }).waitFor();
  await settled(page);
  assert.equal(await textOf(page.locator("#text")), "栀夏家的皂太温柔了，洗完不拔干。");
  assert.equal(await page.locator("#title").inputValue(), "洗完不拔干");
  assert.equal(await page.locator("#platform").inputValue(), "xiaohongshu");
  assert.match(await textOf(page.locator("#scorer .range")), /against version “Version 1”/);
  const { brand } = await page.evaluate(
    () => /** @type {any} */ (document.querySelector("bsmv-scorer")).state.request,
  );
  assert.deepEqual(brand.aliases, ["栀夏", "栀夏家"]);

  await page.locator("#text").fill("换了一个写法。");
  await settled(page);
  await page.locator("#open-drafts").click();
  await page.getByRole("button", { name: "Restore" }).click();
  assert.equal(await textOf(page.locator("#text")), "栀夏家的皂太温柔了，洗完不拔干。");
  await page.locator("#text").focus();
  await page.keyboard.press("Control+z");
  assert.equal(await textOf(page.locator("#text")), "换了一个写法。", "restoring can be undone");
  await page.context().close();
});

test("two tabs write on drafts of their own", async () => {
  const first = await visit();
  await write(first, "Draft of the first tab.");
  await first.locator("#saved", { hasText: "Saved" }).waitFor();
  const second = await open(first.context());
  assert.equal(await textOf(second.locator("#text")), "");
  await write(second, "Draft of the second tab.");
  await second.locator("#open-drafts").click();
  await second.locator("#drafts .choice", { hasText: "first tab" }).click();
  await second.locator("#drafts .problem").waitFor();
  await first.reload();
  await settled(first);
  assert.equal(await textOf(first.locator("#text")), "Draft of the first tab.");
  await first.context().close();
});

test("two drafts stand side by side, with one model, and overlapping ranges are a tie", async () => {
  const page = await visit();
  await write(page, "The worst coffee I ever had.");
  await page.locator("#version").click();
  await write(page, "I love this coffee, it is wonderful!");
  await page.locator("#open-compare").click();
  await page.locator("#winner", { hasText: "As it is now is ahead by" }).waitFor();
  assert.equal(await page.locator("#compare bsmv-scorer").count(), 2);
  assert.equal(page.workers().length, 1);
  assert.match(await textOf(page.locator("#winner")), /tone \+\d/);
  await page.locator("#compare [data-close]").click();
  await write(page, "The worst coffee I have ever had.");
  await page.locator("#open-compare").click();
  await page.locator("#winner", { hasText: "No clear winner" }).waitFor();
  await page.locator("#compare [data-close]").click();
  await page.locator("#what-if summary").click();
  await page.locator("#what-if button").click();
  await page.waitForFunction(
    () =>
      document.querySelectorAll("#what-if tbody tr").length > 8 &&
      !document.querySelector("#what-if tbody")?.textContent?.includes("…"),
  );
  await page.context().close();
});

test("an audience that agrees raises praise, and one that contradicts it lowers it", async () => {
  const draft = await write(page, "I love this coffee, it is wonderful!");
  await page.locator("#published summary").click();
  await page.locator("#graph").selectOption("demo");
  await page.locator("#size").selectOption("900");
  const agreed = await settled(page);
  await page.locator("#scorer [part=carried] li").first().waitFor();
  await page.locator("#mood").selectOption("against");
  const against = await settled(page);
  assert.ok(agreed >= draft && against < agreed, `${draft}, ${agreed} agreed, ${against} against`);
  await page.locator("#graph").selectOption("");
  await settled(page);
});

test("a stored post is followed, and its score moves as events arrive", async () => {
  const post = new URL("v1/posts/followed", server.address);
  const created_at = new Date(Date.now() - 3_600_000).toISOString();
  const put = await fetch(post, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ created_at }),
  });
  assert.ok(put.ok, `${put.status}`);
  const send = async (/** @type {number} */ from, /** @type {number} */ to) => {
    const lines = Array.from({ length: to - from }, (_, i) => {
      const n = from + i;
      // Of those after the third one, every second comes from it.
      const parent = n > 3 && n % 2 === 1 ? "e3" : null;
      return JSON.stringify({ id: `e${n}`, t: n, kind: "repost", user: `u${n}`, parent });
    });
    const answer = await fetch(`${post}/events`, {
      method: "POST",
      headers: { "content-type": "application/x-ndjson" },
      body: lines.join("\n"),
    });
    assert.ok(answer.ok, `${answer.status}: ${await answer.text()}`);
  };
  await send(1, 21);
  const fold = page.locator("#published");
  if ((await fold.getAttribute("open")) === null) await fold.locator("summary").click();
  await page.locator("#graph").selectOption("stored");
  await page.locator("#stored").fill("nowhere");
  await page.locator("#stored").blur();
  await page.locator("#graph-error").waitFor();
  // The browser says that there is no such post, as the page does.
  complaints.splice(
    0,
    complaints.length,
    ...complaints.filter((words) => !words.includes("404 (Not Found)")),
  );
  await page.locator("#stored").fill("followed");
  await page.locator("#stored").blur();
  const events = (/** @type {number} */ n) =>
    page.waitForFunction(
      (n) => document.querySelector("bsmv-scorer")?.state.request?.graph?.total === n,
      n,
    );
  await events(20);
  await settled(page);
  await send(21, 921);
  await events(920);
  await settled(page);
  assert.match(
    await textOf(page.locator("#scorer [part=carried] li").first()),
    /^Repost 3, after 3 seconds: 50% of what followed$/,
  );
  await page.locator("#graph").selectOption("");
});

test("rules are there before the model, mend the text so that it can be undone, and can be silenced", async () => {
  const context = await browser.newContext({ locale: "zh-CN", serviceWorkers: "block" });
  await context.route("**/encoder_int8.safetensors", () => {});
  const page = await open(context);
  await page.locator("#text").fill("全网第一的拿铁，用我的口令下单立减9元。");
  const codes = () =>
    page
      .locator("#checks li")
      .evaluateAll((items) => items.map((item) => item.getAttribute("data-code")));
  await page.locator("#checks li[data-code=absolute]").waitFor();
  assert.deepEqual(await codes(), ["absolute", "disclosure_missing", "ai_label"]);
  assert.equal(await page.evaluate(() => document.querySelector("bsmv-scorer")?.score), undefined);
  await page.locator("#checks li[data-code=absolute] [data-act=mend]").click();
  await page.locator("#checks li[data-code=absolute]").waitFor({ state: "detached" });
  assert.match(await textOf(page.locator("#text")), /^很多人喜欢的拿铁/);
  await page.keyboard.press("Control+z");
  await page.locator("#checks li[data-code=absolute]").waitFor();
  await page.locator("#checks li[data-code=disclosure_missing] [data-act=mend]").click();
  await page.locator("#checks li[data-code=disclosure_missing]").waitFor({ state: "detached" });
  assert.match(await textOf(page.locator("#text")), /^【广告】全网第一/);
  await page.locator("#checks li[data-code=ai_label] button").click();
  await page.locator("#checks li[data-code=ai_label]").waitFor({ state: "detached" });
  assert.deepEqual(await codes(), ["absolute"]);
  await page.locator("#text").fill("好".repeat(1001));
  await page.locator("#checks li[data-code=length]").waitFor();
  assert.equal(await textOf(page.locator("#length")), "1,001/1,000");
  await context.close();
});

test("a visit without a network has page, model, draft and brands, and sends nothing", async () => {
  const page = await visit({ serviceWorkers: "allow" });
  await write(page, "I love this coffee.");
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  await page.waitForFunction(async () =>
    (await caches.keys()).some((name) => name.startsWith("page-")),
  );
  // Once more with the service worker, which then knows what else the page asks for.
  await page.reload();
  await settled(page);
  await page.context().setOffline(true);
  await page.reload();
  await page.locator("#text").waitFor();
  await settled(page);
  assert.equal(await textOf(page.locator("#text")), "I love this coffee.");
  await page.locator("#brand").click();
  await page.locator("#brands .choice", { hasText: "LEGO" }).waitFor();
  complaints.splice(
    0,
    complaints.length,
    ...complaints.filter((words) => !words.includes("ERR_INTERNET")),
  );
  await page.context().close();
});

test("a text without a score shows the reason in its place", async () => {
  const page = await visit();
  await page.evaluate(() => {
    const scorer = /** @type {any} */ (document.createElement("bsmv-scorer"));
    const refused = { code: "blank", values: {}, message: "There is nothing to read." };
    scorer.id = "refused";
    scorer.scorer = { score: async () => ({ bsmv: null, refused }) };
    scorer.request = { post: { text: "?" } };
    document.querySelector("main")?.append(scorer);
  });
  await page.locator("#refused", { hasText: "There is nothing to read." }).waitFor();
  assert.equal(await textOf(page.locator("#refused .verdict")), "No score");
  await page.context().close();
});

test("a full disk is said, and the text stays", async () => {
  const page = await visit();
  await page.evaluate(() => {
    IDBObjectStore.prototype.put = () => {
      throw new DOMException("no room", "QuotaExceededError");
    };
  });
  await page.locator("#text").fill("I love this coffee.");
  await page.locator("#saved.problem", { hasText: "this device is full" }).waitFor();
  assert.equal(await textOf(page.locator("#text")), "I love this coffee.");
  await page.context().close();
});

test("what leaves the page has its limits, and the link has no text", async () => {
  const page = await visit({ permissions: ["clipboard-read", "clipboard-write"] });
  await write(page, "=I love this coffee.");
  const out = async (/** @type {string} */ act) => {
    await page.locator("#out summary").click();
    await page.locator(`#out [data-act=${act}]`).click();
  };
  await out("copySummary");
  await page.locator("#said", { hasText: "Copied" }).waitFor();
  const summary = await page.evaluate(() => navigator.clipboard.readText());
  assert.match(summary, /^BSMV \d+ of 100: [\s\S]+Not measured/);
  await out("copyLink");
  await page.waitForFunction(async () => (await navigator.clipboard.readText()).startsWith("http"));
  const link = await page.evaluate(() => navigator.clipboard.readText());
  assert.match(link, /platform=x/);
  assert.doesNotMatch(link, /coffee/);
  const saved = async (/** @type {string} */ act) => {
    const [download] = await Promise.all([page.waitForEvent("download"), out(act)]);
    return readFileSync(await download.path());
  };
  const { score, request } = JSON.parse((await saved("saveJson")).toString());
  assert.ok(score.bsmv > 50 && request.post.text === "=I love this coffee.");
  // What spreadsheets would take for a formula is none.
  assert.match(
    (await saved("saveCsv")).toString(),
    /^\uFEFFtitle,text,[\s\S]+,'=I love this coffee\.,x,/m,
  );
  assert.equal((await saved("sharePicture")).subarray(1, 4).toString(), "PNG");
  await page.context().close();
});

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
  assert.equal(await page.locator("#scorer [role=alert]").count(), 0);
  await page.context().close();
});

test("the layout stands still while one types", async () => {
  const page = await visit({ viewport: { width: 1280, height: 900 } });
  await page.evaluate(() => {
    const counted = /** @type {any} */ (globalThis);
    counted.shift = 0;
    new PerformanceObserver((list) => {
      for (const entry of /** @type {any[]} */ (list.getEntries())) {
        if (!entry.hadRecentInput) counted.shift += entry.value;
      }
    }).observe({ type: "layout-shift", buffered: false });
  });
  await page.locator("#text").pressSequentially("The coffee is lovely. The waiter was rude.");
  await settled(page);
  const shift = await page.evaluate(() => /** @type {any} */ (globalThis).shift);
  assert.ok(shift < 0.05, `layout shift ${shift}`);
  await page.context().close();
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
  await page.locator("#language").click();
  await page.locator("html[lang=en]").waitFor();
  await page.reload();
  await page.locator("html[lang=en]").waitFor();
  await page.context().close();
});

test("on a phone a bar always shows score, loading and errors, and the page is as wide as the window", async () => {
  const context = await browser.newContext({
    locale: "en",
    viewport: { width: 390, height: 844 },
    serviceWorkers: "block",
  });
  await context.route("**/encoder_int8.safetensors", (route) => route.abort());
  const page = await open(context);
  const bar = page.locator("#scorer button.bar");
  await page.waitForFunction(() => {
    const bar = document.querySelector("#scorer")?.shadowRoot?.querySelector("button.bar");
    const inside = bar && bar.getBoundingClientRect().bottom <= innerHeight;
    return inside && bar.textContent?.includes("could not be loaded");
  });
  await context.unroute("**/encoder_int8.safetensors");
  await bar.click();
  await page.locator("#text").fill("I love this coffee.");
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
  complaints.splice(
    0,
    complaints.length,
    ...complaints.filter((words) => !words.includes("ERR_FAILED")),
  );
});

/** Rules of axe that the page keeps: those of WCAG 2.2 AA and good practice. @param {Page} page */
async function assertAccessible(page, /** @type {string} */ where) {
  // A script that isn't the page's own: run as the browser's, past its policy.
  const session = await page.context().newCDPSession(page);
  await session.send("Runtime.evaluate", { expression: AXE });
  const violations = await page.evaluate(async () => {
    const { violations } = await /** @type {any} */ (globalThis).axe.run(document, {
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    });
    return violations.map(
      (/** @type {any} */ { id, nodes }) =>
        `${id}: ${nodes.map((/** @type {any} */ { html }) => html).join(" ")}`,
    );
  });
  assert.deepEqual(violations, [], where);
}

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
      await page.locator("#brands [data-close]").click();
      await page.locator("#open-compare").click();
      await page.locator("#winner strong").waitFor();
      await assertAccessible(page, "comparing");
      await page.context().close();
    });
  }
}

test("targets are at least 24 pixels, borders of fields stand out 3 to 1, and bars are there in forced colours", async () => {
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
  const fill = await page
    .locator("#scorer circle.on")
    .first()
    .evaluate((dot) => getComputedStyle(dot).fill);
  const ground = await page
    .locator("#scorer .card")
    .evaluate((card) => getComputedStyle(card).backgroundColor);
  assert.notEqual(fill, ground);
  await page.context().close();
  for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
    const page = await visit({ colorScheme, wait: false });
    const contrast = await page.evaluate(() => {
      const light = (/** @type {string} */ colour) => {
        const parts = (colour.match(/[\d.]+/g) ?? []).slice(0, 3).map((part) => {
          const share = Number(part) / 255;
          return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
      };
      const field = /** @type {Element} */ (document.querySelector("#platform"));
      const [a, b] = [
        light(getComputedStyle(field).borderTopColor),
        light(getComputedStyle(document.body).backgroundColor),
      ].sort((a, b) => b - a);
      return (a + 0.05) / (b + 0.05);
    });
    assert.ok(contrast >= 3, `${colorScheme}: ${contrast}`);
    await page.context().close();
  }
});

// Last: it judges all that was done above.
test("the page had nothing to complain of, its security policy included", () => {
  assert.deepEqual(complaints, []);
});
