/** Past posts and batches as data: no browser. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { phrasesOf } from "../bsmv/element/marks.js";
import { ScorerError } from "../bsmv/errors.js";
import { readDrafts } from "../bsmv/importer.js";
import { followersIn, importsOf, placeOf, postsOf, recentOf } from "../page/own-posts.js";
import { csvOf, ordered, placeTexts } from "../page/rows.js";
import { completed, requestOf, stateOf } from "../page/state.js";
import { pageSpeech } from "../page/strings.js";
import { casesOf } from "../page/what-if.js";

const NOW = Date.parse("2026-11-30T12:00:00Z");

/** @param {string} id @param {string} day @param {any} [more] @returns {any} */
const post = (id, day, more = {}) => ({
  id,
  created_at: `${day}T10:00:00Z`,
  platform: "xiaohongshu",
  text: `post ${id}`,
  counts: { likes: 10 },
  ...more,
});

/** @param {any[]} posts @param {any} [more] @returns {any} */
const past = (posts, more = {}) => ({
  tools: ["Xiaohongshu, a creator's notes"],
  rows: posts.length,
  posts,
  skipped: [],
  left_out: [],
  ...more,
});

test("what the last posts came to goes into requests: the newest, settled, with counts, each once", () => {
  const first = importsOf(
    past([
      post("a", "2026-11-01"),
      post("b", "2026-11-20", { counts: { likes: 5, shares: 2 } }),
      post("today", "2026-11-30"),
      post("uncounted", "2026-11-02", { counts: { views: 9 } }),
    ]),
    "first.csv",
    "x",
    NOW,
  );
  const later = importsOf(
    past([post("a", "2026-11-01", { counts: { likes: 99 } })]),
    "later.csv",
    "x",
    NOW + 1000,
  );
  const imports = [...later, ...first];
  assert.deepEqual(
    postsOf(imports, "xiaohongshu").map(({ post }) => post.id),
    ["today", "b", "uncounted", "a"],
  );
  const none = { saves: undefined, comments: undefined };
  assert.deepEqual(recentOf(imports, "xiaohongshu"), [
    { likes: 5, shares: 2, ...none },
    { likes: 99, shares: undefined, ...none },
  ]);
  assert.deepEqual(recentOf(imports, "x"), []);
  const many = Array.from({ length: 300 }, (_, i) => post(`${i}`, "2026-11-01"));
  assert.equal(recentOf(importsOf(past(many), "many", "x", NOW), "xiaohongshu").length, 200);
});

test("a file of several platforms is several imports, and only a table of one's own takes the page's platform", () => {
  const mixed = past([
    post("a", "2026-11-01"),
    post("b", "2026-11-02", { platform: "weibo" }),
    post("c", "2026-11-02", { platform: "other" }),
  ]);
  const platforms = (/** @type {any} */ tools, /** @type {any} */ chosen) =>
    importsOf({ ...mixed, tools }, "f", chosen, NOW).map(({ platform }) => platform);
  assert.deepEqual(platforms(["posts"], "x"), ["xiaohongshu", "weibo", "x"]);
  const told = importsOf({ ...mixed, tools: ["posts"] }, "f", "x", NOW);
  assert.deepEqual(
    told.map(({ assumed }) => assumed),
    [false, false, true],
    "which of them the page had to name is known",
  );
  assert.deepEqual(platforms(["WeChat Channels, a creator's videos"], "x")[2], "other");
  assert.deepEqual(platforms(["Meta Business Suite, posts"], "x")[2], "other");
  assert.deepEqual(platforms(["Meta Business Suite, posts"], "instagram")[2], "instagram");
});

test("a file of 200,000 posts is taken, and says when the first and the last came out", () => {
  const days = ["2026-11-02", "2026-11-01", "2026-11-03"];
  const posts = Array.from({ length: 200_000 }, (_, i) => post(`${i}`, days[i % 3]));
  const [{ first, last }] = importsOf(past(posts), "f", "x", NOW);
  assert.equal(first, Date.parse("2026-11-01T10:00:00Z"));
  assert.equal(last, Date.parse("2026-11-03T10:00:00Z"));
});

test("followers are those of the newest post that tells them", () => {
  const imports = importsOf(
    past([
      post("a", "2026-11-01", { author: { followers: 100 } }),
      post("b", "2026-11-20", { author: { followers: 300 } }),
      post("c", "2026-11-25"),
    ]),
    "f",
    "x",
    NOW,
  );
  assert.equal(followersIn(imports, "xiaohongshu"), 300);
  assert.equal(followersIn(imports, "x"), undefined);
});

/** A page on Xiaohongshu, with past posts of it. @param {any[]} posts */
const pageWith = (posts) => {
  /** @type {any} */
  const settings = { language: "en", platform: "xiaohongshu", followers: "", goal: "balanced" };
  const draft = { id: "a", at: NOW, title: "", text: "A draft." };
  const imports = importsOf(past(posts), "f", "x", NOW);
  return { ...stateOf({ brand: "", silenced: [], ...settings }, draft), past: imports };
};

test("rows of a batch have the followers that are known, and not what each past post came to", () => {
  const state = pageWith([post("a", "2026-11-01", { author: { followers: 100 } })]);
  assert.equal(requestOf(state, 0).post.author?.recent?.length, 1);
  const row = (/** @type {any} */ more) =>
    completed(state, { post: { text: "A row.", ...more } }).post;
  assert.deepEqual(row({}).author, { followers: 100 });
  assert.equal(row({ platform: "x" }).author, undefined);
  assert.deepEqual(row({ author: { followers: 5 } }).author, { followers: 5 });
  assert.equal(
    completed(pageWith([post("a", "2026-11-01")]), { post: { text: "b" } }).post.author,
    undefined,
  );
});

test("a row without a platform is of the page's, but for files of programs that say theirs", () => {
  const state = pageWith([]);
  const platform = (/** @type {string} */ tool, /** @type {any} */ named = "other") =>
    completed(state, { post: { text: "A row.", platform: named } }, tool).post.platform;
  assert.equal(platform("texts"), "xiaohongshu");
  assert.equal(platform("posts"), "xiaohongshu");
  assert.equal(platform("posts", "x"), "x");
  assert.equal(platform("MediaCrawler, posts of Kuaishou"), "other");
});

test("a draft's score lies among those of the last twenty posts that were scored alike", () => {
  const posts = Array.from({ length: 30 }, (_, i) => post(`${i}`, "2026-11-01"));
  const [one] = importsOf(past(posts), "f", "x", NOW);
  const scores = Object.fromEntries(posts.map(({ id }, i) => [id, 40 + i]));
  const imports = [{ ...one, worth: { of: "no brand", scores } }];
  assert.deepEqual(placeOf(imports, "xiaohongshu", "no brand", 50.2), { above: 10, of: 20 });
  // 49.6 is shown as 50.
  assert.deepEqual(placeOf(imports, "xiaohongshu", "no brand", 49.6), { above: 10, of: 20 });
  assert.equal(placeOf(imports, "xiaohongshu", "a brand", 50), undefined);
  assert.equal(placeOf(imports, "x", "no brand", 50), undefined);
});

/** @param {number} line @param {number} [bsmv] @param {string} [text] @returns {any} */
const row = (line, bsmv, text = `text ${line}`) => ({
  line,
  request: { post: { text } },
  ...(bsmv !== undefined && {
    answer: {
      bsmv,
      interval: { low: bsmv - line, high: bsmv + line },
      sentiment: { s: 0 },
      predicted: { audience: 0, s: 0, t: 1, d: 0 },
      flags: [],
    },
  }),
});

test("rows are sorted by any column, and those without a score come last both ways", () => {
  const rows = [row(2, 60), row(3), row(4, 80), row(5, 70)];
  const lines = (/** @type {any} */ sort) => ordered(rows, sort).map(({ line }) => line);
  assert.deepEqual(lines({ by: "line", down: true }), [5, 4, 3, 2]);
  assert.deepEqual(lines({ by: "score", down: true }), [4, 5, 2, 3]);
  assert.deepEqual(lines({ by: "score", down: false }), [2, 5, 4, 3]);
  assert.deepEqual(lines({ by: "range", down: false }), [2, 4, 5, 3]);
});

test("thousands of rows are sorted by their words as a language has them, and equal ones stay as they are", async () => {
  const words = ["张", "阿", "李", "阿"];
  const rows = Array.from({ length: 2000 }, (_, i) => row(i + 2, undefined, words[i % 4]));
  await placeTexts(rows, "zh");
  const sorted = ordered(rows, { by: "text", down: false });
  const { compare } = new Intl.Collator("zh");
  const wanted = rows.toSorted(
    (a, b) => compare(a.request.post.text, b.request.post.text) || a.line - b.line,
  );
  assert.deepEqual(sorted, wanted);
  assert.equal(sorted[0].request?.post.text, "阿");
});

test("a batch as CSV has every row, those without a score with the reason, and no formula", async () => {
  const table = await csvOf([row(2, 60), row(3, undefined, "=1+1")], () => "no text");
  const lines = table.join("").trim().split("\r\n");
  const header = lines[0].split(",");
  assert.equal(header.at(-2), "line");
  assert.equal(header.at(-1), "reason");
  assert.match(lines[1], /^\uFEFF?,text 2,.*,60,58,62,.*,2,$/);
  assert.match(lines[2], /^,'=1\+1,.*,3,no text$/);
});

test("marks end where words do, in Chinese too, and not in punctuation", () => {
  const text = "内容是复制粘贴的，看了浪费时间。";
  const at = (/** @type {string} */ words) => ({
    field: /** @type {const} */ ("text"),
    start: text.indexOf(words),
    end: text.indexOf(words) + words.length,
    t: 0,
  });
  // As pieces of an encoder lie.
  const shares = [
    { ...at("内容"), s: 0.01 },
    { ...at("是复"), s: -0.1 },
    { ...at("制粘"), s: -0.2 },
    { ...at("贴的"), s: 0.02 },
    { ...at("看了浪费时间。"), s: -0.3 },
  ];
  const marked = phrasesOf(shares, { text }).map(({ start, end }) => text.slice(start, end));
  const words = new Intl.Segmenter("zh", { granularity: "word" }).segment(text);
  const ends = [...words].map(({ index }) => index);
  for (const phrase of phrasesOf(shares, { text })) {
    assert.ok(ends.includes(phrase.start) && ends.includes(phrase.end), marked.join("|"));
  }
  assert.ok(
    marked.some((words) => words.includes("复制粘贴")),
    marked.join("|"),
  );
  assert.equal(marked.at(-1), "看了浪费时间");
});

test("what the last posts came to is not taken for another platform's", () => {
  const author = { followers: 5, recent: [{ likes: 3 }] };
  const request = /** @type {any} */ ({ post: { text: "a", platform: "x", author } });
  const cases = casesOf(request, pageSpeech("en"));
  const weibo = cases.find(({ request }) => request.post.platform === "weibo");
  assert.deepEqual(weibo?.request.post.author, { followers: 5, recent: undefined });
  const famous = cases.find(({ request }) => request.post.author?.followers === 1_000_000);
  assert.deepEqual(famous?.request.post.author?.recent, author.recent);
});

test("where the browser refuses a worker, reading a file says so with a code", async () => {
  const { Worker } = globalThis;
  globalThis.Worker = /** @type {any} */ (
    class {
      constructor() {
        throw new DOMException("not allowed", "SecurityError");
      }
    }
  );
  try {
    await assert.rejects(readDrafts(new Blob(["text"])), (error) => {
      assert.ok(error instanceof ScorerError);
      return error.code === "unsupported";
    });
  } finally {
    globalThis.Worker = Worker;
  }
});
