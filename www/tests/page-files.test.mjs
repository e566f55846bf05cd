/** Files that are given to the page: past posts, and batches to score. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ROOT } from "./browser.mjs";
import {
  assertAccessible,
  fill,
  noComplaints,
  open,
  settled,
  textOf,
  visit,
  write,
} from "./visits.mjs";

/** @typedef {import("./visits.mjs").Page} Page */

/** @param {string} name */
const golden = (name) => join(ROOT, "tests/fixtures/imports", name);

/** @param {string} name @param {string} text */
const file = (name, text) => ({ name, mimeType: "text/csv", buffer: Buffer.from(text) });

/** Notes of a creator, whose likes are 10, 20, …; one row of it can't be read. */
const NOTES = file(
  "notes.csv",
  [
    "笔记标题,首次发布时间,观看量,点赞,评论,收藏,分享",
    ...Array.from({ length: 20 }, (_, i) => {
      const day = String(1 + i).padStart(2, "0");
      return `第${i + 1}条跑鞋测评,2026-10-${day} 10:00:00,1.2万,${10 * (i + 1)},${i},${i},1`;
    }),
    "坏的一行,2026-10-28 10:00:00,100,很多,1,1,1",
  ].join("\n"),
);

/** @param {Page} page @param {any} given */
async function takePast(page, given) {
  const imports = page.locator("#past .imports > li");
  const before = await imports.count();
  await page.locator("#past-file").setInputFiles(given);
  await imports.nth(before).waitFor();
}

/** @param {Page} page */
const requestOf = (page) =>
  page.evaluate(() => /** @type {any} */ (document.querySelector("bsmv-scorer")).state.request);

test("past posts go from an export into the forecast, and the draft is placed among them", async () => {
  const page = await visit();
  await page.locator("#platform").selectOption("xiaohongshu");
  await write(page, "平价跑鞋测评，轻便软弹，雨天也不滑。");
  await page.locator("#past > summary").click();
  await takePast(page, NOTES);
  await page.locator("#past .among [data-place=likes]").waitFor();
  assert.match(
    await textOf(page.locator("#past [data-place=likes]")),
    /^Likes: about \d+, above \d+ of your last 20$/,
  );
  const { author } = (await requestOf(page)).post;
  assert.equal(author.recent.length, 20);
  assert.deepEqual(author.recent[0], { likes: 200, saves: 19, comments: 19, shares: 1 });
  assert.equal(await page.locator("#past .strip path.post").count(), 20);
  // What wasn't taken is said, with its place and reason.
  await page.locator("#past .troubles summary", { hasText: "1 row was left out" }).click();
  assert.match(
    await textOf(page.locator("#past .troubles li")),
    /Row 22\s+点赞: is no whole number/,
  );

  // On another platform they don't count; what they are of can be put right.
  await page.locator("#platform").selectOption("weibo");
  await settled(page);
  assert.equal((await requestOf(page)).post.author, undefined);
  await page.locator("#past", { hasText: "None of your posts is of Weibo" }).waitFor();
  await page.locator("#past .imports select").selectOption("weibo");
  await page.locator("#past .among").waitFor();

  await page.reload();
  await page.locator("#past > summary", { hasText: "20 posts" }).waitFor();
  await settled(page);
  assert.equal((await requestOf(page)).post.author.recent.length, 20, "kept on the device");
  await page.locator("#past > summary").click();
  await page.getByRole("button", { name: "Delete: notes.csv" }).click();
  await page.locator("#past [data-undo]").waitFor();
  assert.equal(await page.locator("#past .imports > li").count(), 0);
  await page.keyboard.press("Enter");
  await page.locator("#past .imports > li").waitFor();
  await page.context().close();
});

test("exports of every kind are read in the page, without a request but for the module", async () => {
  const page = await visit();
  /** @type {string[]} */
  const asked = [];
  await page.locator("#past > summary").click();
  page.on("request", (request) => asked.push(request.url()));
  const names = [
    "x-analytics.csv",
    "xiaohongshu-notes.csv",
    "xiaohongshu-notes.xlsx",
    "douyin-works.csv",
    "wechat-channels.csv",
    "meta-business-suite.csv",
    "weibo-crawler-posts.csv",
    "weibo-crawler-posts.json",
    "mediacrawler-xhs.xlsx",
    "mediacrawler-dy-contents.jsonl",
  ];
  for (const name of names) await takePast(page, golden(name));
  const listed = await page.locator("#past .imports strong").allTextContents();
  assert.deepEqual(listed, names.toReversed());
  const platforms = await page
    .locator("#past .imports select")
    .evaluateAll((all) => all.map((one) => /** @type {HTMLSelectElement} */ (one).value));
  assert.deepEqual(platforms, [
    "douyin",
    "xiaohongshu",
    "weibo",
    "weibo",
    "other",
    "other",
    "douyin",
    "xiaohongshu",
    "xiaohongshu",
    "x",
  ]);
  for (const url of asked) assert.match(url, /importer[\w.-]*\.(js|wasm)$/);
  await page.context().close();
});

test("a file of which nothing is read says what to do, and the rest of the page stays", async () => {
  const page = await visit();
  await page.locator("#past > summary").click();
  const said = page.locator("#past-file-error");
  for (const [given, words] of /** @type {[any, RegExp][]} */ ([
    [golden("weibo-crawler.sql"), /can't be read|isn't|aren't|columns/],
    [file("a.db", "SQLite format 3\0"), /save it as xlsx or CSV/],
    [file("a.csv", "when,what\n1,2\n"), /needs the columns id, created_at and text/],
    [golden("deephawkes.txt"), /no posts/],
    [file("a.csv", "笔记标题,首次发布时间,观看量\n昨天的,昨天,1\n"), /no posts of your own/],
  ])) {
    await page.locator("#past-file").setInputFiles(given);
    await page.locator("#past-file-hint", { hasText: "It is read here" }).waitFor();
    await said.filter({ hasText: words }).waitFor();
  }
  await page.locator("#past .troubles summary").click();
  assert.match(await textOf(page.locator("#past .troubles li")), /is no time/);
  assert.equal(await page.locator("#past .imports > li").count(), 0);
  await page.context().close();
});

/** A batch of 130 rows, four of them wrong in ways of their own. */
const DRAFTS = file(
  "drafts.csv",
  [
    "text,platform,followers",
    ...Array.from({ length: 130 }, (_, i) => {
      const tone = ["I love it so much.", "The worst I ever had.", "It is a coffee."][i % 3];
      if (i === 1) return ",x,10";
      if (i === 2) return `${tone} ${i},x,many`;
      if (i === 3) return "asdfghjkl qwrtz,x,10";
      return `${tone} Number ${i}.,x,1.2万`;
    }),
  ].join("\n"),
);

/** @param {Page} page */
const ended = (page) =>
  page.locator("#batch [role=status]", { hasText: /Done/ }).waitFor({ timeout: 120_000 });

test("a batch is scored by rows: bad ones say why, it is sorted, saved, and a row opens as a draft", async () => {
  const page = await visit();
  await write(page, "My own draft.");
  await page.locator("#open-batch").click();
  await page.locator("#batch-file").setInputFiles(DRAFTS);
  await ended(page);
  assert.match(await textOf(page.locator("#batch [role=status]")), /127 of 130 scored, 3 not/);
  const rows = page.locator("#batch tbody tr");
  assert.equal(await rows.count(), 25, "the table is paged");
  const cells = (/** @type {number} */ row) =>
    rows
      .nth(row)
      .locator("td")
      .allTextContents()
      .then((all) => all.map((cell) => cell.trim()));
  assert.match((await cells(1))[6], /text: the text is missing/);
  assert.match((await cells(2))[6], /followers: is no whole number/);
  assert.match((await cells(3))[6], /asdfghjkl qwrtz/);
  assert.equal((await cells(3))[1], "–");

  await page.locator("#batch th[data-column=score] button").click();
  const scores = async () =>
    (await rows.locator("[data-column=score]").allTextContents()).map((cell) => Number(cell));
  const best = await scores();
  assert.deepEqual(
    best,
    best.toSorted((a, b) => b - a),
  );
  assert.ok(best[0] > 65, `${best[0]}`);
  assert.equal(
    await page.locator("#batch th[data-column=score]").getAttribute("aria-sort"),
    "descending",
  );
  for (let turn = 0; turn < 5; turn++) await page.locator("#batch-after").click();
  await page.locator("#batch nav", { hasText: "126–130 of 130" }).waitFor();
  assert.equal(await rows.count(), 5);
  assert.equal((await cells(4))[1], "–", "those without a score come last");
  assert.ok(await page.locator("#batch-after").isDisabled());

  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.locator("#batch-save").click(),
  ]);
  const saved = readFileSync(await download.path(), "utf8")
    .trim()
    .split("\r\n");
  assert.equal(saved.length, 131);
  assert.match(saved[1], /^,I love it so much\. Number 0\.,x,12000,/);
  assert.match(saved[2], /,3,"text: the text is missing/);

  await page.locator("#batch th[data-column=score] button").click();
  await rows.first().locator("button").click();
  await page.locator("#text", { hasText: "The worst I ever had." }).waitFor();
  await page.locator("#open-drafts").click();
  await page.locator("#drafts .choice", { hasText: "My own draft." }).waitFor();
  await page.context().close();
});

test("a file of 5,000 rows that is dropped on the page is scored until it is stopped, and goes on", async () => {
  const page = await visit();
  await write(page, "My own draft.");
  /** @type {string[]} */
  const weights = [];
  page.on("request", (request) => {
    if (request.url().includes("encoder_int8")) weights.push(request.url());
  });
  await page.evaluate(() => {
    const rows = Array.from({ length: 5000 }, (_, i) => `Coffee of the day ${i} is lovely.`);
    const data = new DataTransfer();
    data.items.add(new File([`text\n${rows.join("\n")}`], "many.csv"));
    const options = { dataTransfer: data, bubbles: true, cancelable: true };
    document.querySelector("main")?.dispatchEvent(new DragEvent("drop", options));
  });
  await page.locator("#batch-progress").waitFor();
  const told = page.locator("#batch .batch-progress");
  await told.filter({ hasText: /of 5,000 scored, about .+ left/ }).waitFor();
  assert.ok((await page.locator("#batch tbody tr").count()) <= 25);
  // The page is at hand meanwhile.
  await page.locator("#batch-after").click();
  await page.locator("#batch nav", { hasText: "26–50 of 5,000" }).waitFor();
  await page.locator("#batch [data-close]").click();
  await page.locator("#open-batch", { hasText: /Score a file \d/ }).click();
  // By keyboard: the focus stays on the button that takes the place of the other.
  await page.locator("#batch-cancel").focus();
  await page.keyboard.press("Enter");
  const status = page.locator("#batch [role=status]");
  await status.filter({ hasText: "Stopped" }).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement?.id), "batch-resume");
  const scored = Number(/: ([\d,]+) of/.exec(await textOf(status))?.[1]?.replace(",", ""));
  assert.ok(scored > 0 && scored < 5000, `${scored}`);
  await page.keyboard.press("Enter");
  await told.filter({ hasText: /of 5,000 scored/ }).waitFor();
  const max = await page.locator("#batch-progress").getAttribute("max");
  assert.equal(max, "5000");
  await page.locator("#batch [data-close]").click();
  await write(page, "My own draft goes on.");
  assert.deepEqual(weights, [], "the model that the page has is not fetched again");
  await page.context().close();
});

test("a file that is dropped on a field for files, or on its label, is that field's", async () => {
  const page = await visit();
  const drop = (/** @type {string} */ onto, /** @type {string} */ text) =>
    page.evaluate(
      ([onto, text]) => {
        const data = new DataTransfer();
        data.items.add(new File([text], "dropped.json"));
        const options = { dataTransfer: data, bubbles: true, cancelable: true };
        document.querySelector(onto)?.dispatchEvent(new DragEvent("drop", options));
      },
      [onto, text],
    );
  await page.locator("#brand").click();
  await drop("#brands label.button", JSON.stringify([{ name: "Dropped on a label" }]));
  await page.locator("#brands .choice", { hasText: "Dropped on a label" }).waitFor();
  await drop("#brands label.button input", JSON.stringify([{ name: "Dropped on a field" }]));
  await page.locator("#brands .choice", { hasText: "Dropped on a field" }).waitFor();
  assert.equal(await page.locator("#batch").isVisible(), false, "it is no batch");
  await page.context().close();
});

test("texts of a batch are ordered as the page's language has them, also when that is turned", async () => {
  const page = await visit();
  const rows = page.locator("#batch tbody tr .text-link");
  await page.locator("#open-batch").click();
  const buffer = Buffer.from("text\n北京的咖啡很好喝\nApple pie is lovely\n阿姨做的菜真好吃\n");
  const file = { name: "two.csv", mimeType: "text/csv", buffer };
  await page.locator("#batch-file").setInputFiles(file);
  await ended(page);
  await page.locator("#batch th[data-column=text] button").click();
  await page.locator("#batch th[data-column=text][aria-sort=ascending]").waitFor();
  const order = async () => (await rows.allTextContents()).map((words) => words.trim()[0]).join("");
  const inOrder = (/** @type {string} */ language) =>
    ["北京的咖啡很好喝", "Apple pie is lovely", "阿姨做的菜真好吃"]
      .sort(new Intl.Collator(language).compare)
      .map((words) => words[0])
      .join("");
  assert.notEqual(inOrder("en"), inOrder("zh"));
  assert.equal(await order(), inOrder("en"));
  await page.locator("#batch [data-close]").click();
  await page.locator("#language").click();
  await page.locator("#open-batch", { hasText: "批量" }).click();
  await page.waitForFunction(
    (wanted) =>
      [...document.querySelectorAll("#batch tbody tr .text-link")]
        .map((row) => row.textContent?.trim()[0])
        .join("") === wanted,
    inOrder("zh"),
  );
  // The button for files speaks the page's language, whatever the browser's is.
  assert.equal(await textOf(page.locator("#batch .drop .button")), "选择文件");
  await page.context().close();
});

test("past posts are scored in a batch, and then the draft's score has its place among them", async () => {
  const page = await visit();
  await page.locator("#platform").selectOption("xiaohongshu");
  await write(page, "平价跑鞋测评，轻便软弹，太喜欢了！");
  await page.locator("#past > summary").click();
  await takePast(page, NOTES);
  await page.locator("#score-past").click();
  await ended(page);
  await page.locator("#batch [data-close]").click();
  const place = page.locator("#past [data-place=score]");
  await place.filter({ hasText: /Score: above \d+ of your last 20/ }).waitFor();
  // Scores for a brand are others.
  await page.locator("#brand").click();
  await page.locator("#brands .choice", { hasText: "LEGO" }).first().click();
  await place.waitFor({ state: "detached" });
  await page.locator("#brand").click();
  await page.locator("#brands .choice", { hasText: "No brand yet" }).click();
  await place.waitFor();
  // What has no score has no place, not that of the draft before.
  await fill(page, "#text", "asdfghjkl qwrtz");
  await place.waitFor({ state: "detached" });
  await page.context().close();
});

test("scores of a batch that was stopped are those of the brand that it was made for", async () => {
  const page = await visit();
  await page.locator("#platform").selectOption("xiaohongshu");
  await write(page, "平价跑鞋测评，轻便软弹，太喜欢了！");
  await page.locator("#past > summary").click();
  await takePast(page, NOTES);
  // Before the first answer.
  await page.evaluate(async () => {
    const press = (/** @type {string} */ id) => document.getElementById(id)?.click();
    press("score-past");
    while (!document.getElementById("batch-cancel")) {
      await new Promise((resolve) => setTimeout(resolve));
    }
    press("batch-cancel");
  });
  await page.locator("#batch-resume").waitFor();
  await page.locator("#batch [data-close]").click();
  const choose = async (/** @type {string} */ name) => {
    await page.locator("#brand").click();
    await page.locator("#brands .choice", { hasText: name }).first().click();
  };
  await choose("LEGO");
  await page.locator("#open-batch").click();
  await page.locator("#batch-resume").click();
  await ended(page);
  await page.locator("#batch [data-close]").click();
  await settled(page);
  const place = page.locator("#past [data-place=score]");
  assert.equal(await place.count(), 0, "they are no scores for LEGO");
  await choose("No brand yet");
  await place.filter({ hasText: /of your last 20/ }).waitFor();
  await page.context().close();
});

for (const [locale, colorScheme, width] of /** @type {const} */ ([
  ["en", "light", 1280],
  ["zh-CN", "dark", 390],
])) {
  test(`files and batches are accessible, fit the window and speak one language: ${locale}, ${colorScheme}, ${width}`, async () => {
    const page = await visit({ locale, colorScheme, viewport: { width, height: 844 } });
    await page.locator("#platform").selectOption("xiaohongshu");
    await write(page, "平价跑鞋测评，轻便软弹，太喜欢了！");
    await page.locator("#past > summary").click();
    await takePast(page, NOTES);
    await page.locator("#past .among").waitFor();
    await settled(page);
    await page.locator("#past .troubles summary").click();
    await assertAccessible(page, "past posts");
    await page.locator("#past-file").setInputFiles(file("a.csv", "when,what\n1,2\n"));
    await page.locator("#past-file-error").waitFor();
    await assertAccessible(page, "a file that can't be read");
    if (locale === "zh-CN") {
      // Names and kinds of files have no Chinese.
      const own =
        /notes\.csv|weibo-crawler|MediaCrawler|xlsx|(ND)?JSON|Meta|Instagram|TikTok|YouTube/g;
      const words = (await textOf(page.locator("#past"))).replace(own, "");
      assert.doesNotMatch(words, /[a-z]{4,}/i);
    }
    await page.locator("#open-batch").click();
    await page.locator("#batch-file").setInputFiles(DRAFTS);
    await page.locator("#batch-progress").waitFor();
    await assertAccessible(page, "a batch under way");
    await page
      .locator("#batch [role=status]", { hasText: /Done|评完了/ })
      .waitFor({ timeout: 120_000 });
    await assertAccessible(page, "a batch");
    const sideways = await page.evaluate(() => {
      const dialog = /** @type {HTMLElement} */ (document.getElementById("batch"));
      return [document.documentElement, dialog].map((it) => it.scrollWidth - it.clientWidth);
    });
    assert.deepEqual(sideways, [0, 0], "nothing scrolls sideways");
    // By keyboard alone.
    await page.locator("#batch-save").focus();
    await page.keyboard.press("Escape");
    await page.locator("#batch").waitFor({ state: "hidden" });
    await page.context().close();
  });
}

test("a second tab hears of posts that the first has taken", async () => {
  const first = await visit();
  const second = await open(first.context());
  await first.locator("#past > summary").click();
  await takePast(first, golden("x-analytics.csv"));
  await second.locator("#past > summary").click();
  await second.locator("#past .imports > li", { hasText: "x-analytics.csv" }).waitFor();
  await first.context().close();
});

noComplaints();
