/** Writing on the page: the score, the rules, what is compared, published and sent. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import {
  browser,
  expected,
  fill,
  noComplaints,
  open,
  server,
  settled,
  shown,
  textOf,
  visit,
  write,
} from "./visits.mjs";

/** A page that most tests share. */
const page = await visit();

/** Says how far the shared page's post has gone. @param {"" | "demo" | "stored" | "file"} from */
async function spread(from) {
  const fold = page.locator("#published");
  if ((await fold.getAttribute("open")) === null) await fold.locator("summary").click();
  await page.locator("#graph").selectOption(from);
}

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
  assert.match(await textOf(page.locator("#scorer .measures")), /not how well it is written/);
  assert.deepEqual(await page.locator("#scorer dt").allTextContents(), [
    "Tone",
    "Fit with the brand",
    "Expected spread",
    "Reads like",
  ]);
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
  await fill(page, "#text", "a".repeat(20_001));
  await page.locator("#scorer .error").waitFor();
  assert.equal(await shown(page), before);
  assert.match(await textOf(page.locator("#scorer .error [open] [lang=en]")), /20,?000/);
  await write(page, "Good again.");
  assert.equal(await page.locator("#scorer .error").count(), 0);
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
  await write(page, "The worst coffee I ever had.");
  await page.locator("#scorer .range", { hasText: "as much as version “Version 1”" }).waitFor();
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

test("an audience that agrees raises praise and lowers a complaint, and one that contradicts does the other", async () => {
  const draft = await write(page, "I love this coffee, it is wonderful!");
  await spread("demo");
  await page.locator("#size").selectOption("900");
  const agreed = await settled(page);
  await page.locator("#scorer [part=carried] li").first().waitFor();
  await page.locator("#mood").selectOption("against");
  const against = await settled(page);
  assert.ok(agreed >= draft && against < agreed, `${draft}, ${agreed} agreed, ${against} against`);
  await spread("");
  const complaint = await write(page, "The worst coffee I ever had. Horrible service.");
  await spread("demo");
  /** @type {Record<string, number>} */
  const took = {};
  for (const mood of ["agree", "divided", "against"]) {
    await page.locator("#mood").selectOption(mood);
    took[mood] = await settled(page);
  }
  const { agree, divided, against: forgiven } = took;
  assert.ok(
    agree <= complaint && agree < divided && divided < forgiven && divided <= 50,
    `${complaint}: ${JSON.stringify(took)}`,
  );
  await spread("");
  await settled(page);
});

test("a file that is no spread is told at its field, and the score stays", async () => {
  const before = await write(page, "I love this coffee.");
  await spread("file");
  const file = (/** @type {string} */ content) =>
    page.locator("#file").setInputFiles({
      name: "graph.json",
      mimeType: "application/json",
      buffer: Buffer.from(content),
    });
  await file('{"a": 1}');
  await page.locator("#graph-error", { hasText: "This file has no spread" }).waitFor();
  assert.equal(await shown(page), before);
  assert.equal(await page.locator("#scorer .error").count(), 0);
  await file("{");
  await page.locator("#graph-error", { hasText: "not JSON" }).waitFor();
  await spread("");
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
  await spread("stored");
  const before = await write(page, "I love this coffee.");
  await page.locator("#stored").fill("nowhere");
  await page.locator("#stored").blur();
  await page.locator("#graph-error").waitFor();
  assert.equal(await shown(page), before);
  // The browser says that there is no such post, as the page does.
  expected("404 (Not Found)");
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
  await spread("");
});

test("rules are there before the model, mend the text so that it can be undone, and can be silenced", async () => {
  const context = await browser.newContext({ locale: "zh-CN", serviceWorkers: "block" });
  await context.route("**/encoder_int8.safetensors", () => {});
  const page = await open(context);
  await fill(page, "#text", "最高级的拿铁，用我的口令下单立减9元。");
  const codes = () =>
    page
      .locator("#checks li")
      .evaluateAll((items) => items.map((item) => item.getAttribute("data-code")));
  await page.locator("#checks li[data-code=absolute]").waitFor();
  assert.deepEqual(await codes(), ["absolute", "disclosure_missing", "ai_label"]);
  assert.equal(await page.evaluate(() => document.querySelector("bsmv-scorer")?.score), undefined);
  await page.locator("#checks li[data-code=absolute] [data-act=mend]").click();
  await page.locator("#checks li[data-code=absolute]").waitFor({ state: "detached" });
  assert.match(await textOf(page.locator("#text")), /^高级的拿铁/);
  await page.keyboard.press("Control+z");
  await page.locator("#checks li[data-code=absolute]").waitFor();
  await page.locator("#checks li[data-code=disclosure_missing] [data-act=mend]").click();
  await page.locator("#checks li[data-code=disclosure_missing]").waitFor({ state: "detached" });
  assert.match(await textOf(page.locator("#text")), /^【广告】最高级/);
  await page.locator("#checks li[data-code=ai_label] button").click();
  await page.locator("#checks li[data-code=ai_label]").waitFor({ state: "detached" });
  assert.deepEqual(await codes(), ["absolute"]);
  await fill(page, "#text", "好".repeat(1001));
  await page.locator("#checks li[data-code=length]").waitFor();
  assert.equal(await textOf(page.locator("#length")), "1,001/1,000");
  await fill(page, "#title", "最高级的拿铁");
  const button = page.locator("#checks li[data-code=absolute]").getByText("在标题中定位");
  await button.click();
  assert.equal(await page.evaluate(() => document.activeElement?.id), "title");
  await page.locator("#platform").selectOption("weibo");
  assert.equal(await textOf(page.locator("#length span").first()), "140 字后折叠");
  assert.equal(await textOf(page.locator("#length .length")), "1,001/2,000");
  await page.locator("#platform").selectOption("x");
  await fill(page, "#text", "好");
  assert.equal(await textOf(page.locator("#length span").first()), "汉字和表情算 2");
  await fill(page, "#text", "good");
  assert.equal(await textOf(page.locator("#length")), "4/280");
  await context.close();
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

test("the element tells of mistakes and states by events, styles and slots", async () => {
  const page = await visit();
  await page.evaluate(() => {
    const scorer = /** @type {any} */ (document.createElement("bsmv-scorer"));
    let answers = 0;
    scorer.id = "bare";
    scorer.scorer = {
      score: async () => {
        answers += 1;
        if (answers > 1) throw new Error("broken");
        const interval = { low: 60, high: 80 };
        const sentiment = { s: 0.5 };
        const predicted = { s: 0.5, audience: 0.5, voices: 1, t: 1, d: 0.1, events: 2 };
        const lists = { indicators: [], flags: [], unseen: [], engagement: [], topics: [] };
        return { bsmv: 70, interval, sentiment, predicted, ...lists };
      },
    };
    scorer.explain = "none";
    scorer.innerHTML = '<p slot="empty">Write here.</p>';
    scorer.addEventListener("bsmv-error", (/** @type {CustomEvent} */ { detail }) => {
      scorer.dataset.told = detail.code;
    });
    document.querySelector("main")?.append(scorer);
  });
  await page.locator("#bare > [slot=empty]").waitFor();
  const request = (/** @type {string} */ text) =>
    page.evaluate((text) => {
      const scorer = /** @type {any} */ (document.querySelector("#bare"));
      scorer.request = { post: { text } };
    }, text);
  await request("first");
  await page.locator("#bare .points", { hasText: "70" }).waitFor();
  assert.equal(await page.locator("#bare > [slot=empty]").isVisible(), false);
  await request("second");
  await page.locator("#bare:state(error):state(stale)").waitFor();
  assert.equal(await page.locator("#bare").getAttribute("data-told"), "internal");
  assert.equal(await textOf(page.locator("#bare .points")), "70");
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

test("that an audience is made up is said wherever the score is, and nothing is told of it that is not so", async () => {
  const page = await visit({ permissions: ["clipboard-read", "clipboard-write"] });
  await page.locator("#platform").selectOption("xiaohongshu");
  await write(page, "I love this coffee, it is wonderful!");
  const forecast = page.locator("#scorer [part=engagement]");
  await forecast.waitFor();
  await page.locator("#published summary").click();
  await page.locator("#graph").selectOption("demo");
  await page.locator("#made-up", { hasText: "made-up audience: passed on 200 times" }).waitFor();
  await forecast.waitFor({ state: "detached" });
  await settled(page);
  await page.locator("#out summary").click();
  await page.locator("#out [data-act=copySummary]").click();
  await page.locator("#said", { hasText: "Copied" }).waitFor();
  assert.match(await page.evaluate(() => navigator.clipboard.readText()), /made-up audience/);
  await page.locator("#what-if summary").click();
  await page.locator("#what-if button").click();
  const cells = page.locator("#what-if tbody tr td:nth-child(2)");
  await page.waitForFunction(() => {
    const found = [...document.querySelectorAll("#what-if tbody tr td:nth-child(2)")];
    return found.length > 0 && found.every((cell) => /^\d+$/.test(cell.textContent?.trim() ?? ""));
  });
  const scores = (await cells.allTextContents()).map((cell) => cell.trim());
  assert.ok(new Set(scores).size > 1, `${scores}: what others and elsewhere would come to`);
  await page.context().close();
});

noComplaints();
