/** What element and page say of a score, as words and without a browser. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { carried } from "../bsmv/element/carried.js";
import { elementSpeech } from "../bsmv/element/speech.js";
import { contributions } from "../bsmv/element/tables.js";
import { threeWords } from "../bsmv/element/verdict.js";
import { difference, view } from "../bsmv/element/view.js";
import { brandsOf, listOf, profileOf } from "../page/brands.js";
import { winner } from "../page/compare.js";
import { findings } from "../page/findings.js";
import { demoGraph, isGraph } from "../page/graph.js";
import { summary } from "../page/out.js";
import { pageSpeech } from "../page/strings.js";
import { WORDS } from "../pkg/constants.js";

const LANGUAGES = /** @type {const} */ (["en", "zh"]);

/**
 * The words and the markup of a template, without the browser that would draw it.
 *
 * @param {any} template
 * @returns {string}
 */
function read(template) {
  if (Array.isArray(template)) return template.map(read).join("");
  if (template?._$litDirective$) {
    const [items, , draw] = template.values;
    return [...items].map((item, i) => read(draw(item, i))).join("");
  }
  if (template?.strings) {
    const { strings, values } = template;
    return strings
      .map((/** @type {string} */ part, /** @type {number} */ i) => part + read(values[i]))
      .join("");
  }
  return typeof template === "string" || typeof template === "number" ? String(template) : "";
}

/** A score of a post on Weibo whose words say another thing than its audience is expected to. */
const SCORE = /** @type {any} */ ({
  bsmv: 61,
  interval: { low: 55, high: 70 },
  parts: { sentiment: 1, topic: 5, diffusion: 5 },
  sentiment: { s: 0.64 },
  predicted: { s: 0, audience: -0.1, voices: 10, t: 0.9, d: 0.4, events: 5.3 },
  emotion: null,
  topics: [],
  indicators: [],
  engagement: [],
  flags: [],
  unseen: [],
  bundle: "bsmv-base@0",
  precision: "int8",
});

/** @param {"en" | "zh"} language @param {any} state @param {"badge" | "panel" | "full"} [size] */
const viewed = (language, state, size = "full") =>
  read(
    view({
      state,
      speech: elementSpeech(language),
      view: size,
      bar: false,
      explains: false,
      baseline: undefined,
      on: { retry: () => {}, findWords: () => {}, reveal: () => {} },
    }),
  );

test("the tone is that of the words, whatever mood is expected of the audience", () => {
  const [tone] = threeWords(SCORE, true, elementSpeech("en"));
  assert.deepEqual([tone.key, tone.words], ["tone", "clearly positive"]);
  assert.equal(threeWords(SCORE, true, elementSpeech("zh"))[0].words, "明显正面");
});

test("reposts and comments are whole", () => {
  const spread = threeWords(SCORE, true, elementSpeech("zh")).find(({ key }) => key === "spread");
  assert.equal(spread?.words, "有一些传播，约 5 次转发和评论");
});

test("two sums never have one name", () => {
  for (const language of LANGUAGES) {
    const speech = elementSpeech(language);
    const headings = Object.values(WORDS[language].feature);
    for (const part of /** @type {const} */ (["part_sentiment", "part_topic", "part_diffusion"])) {
      assert.ok(!headings.includes(speech.text(part)), `${language}: ${speech.text(part)}`);
    }
  }
});

test("what moves a score by less than a point has no row of its own", () => {
  const moved = { feature: "topic:Emergencies and safety", points: -0.5 };
  const explanation = /** @type {any} */ ({
    base: 50,
    contributions: [{ feature: "sentiment", points: 8 }, moved],
  });
  const said = read(contributions(explanation, elementSpeech("en")));
  assert.doesNotMatch(said, /Emergencies/);
  assert.match(said, /1 smaller one/);
});

test("what the number measures is said under its range, but for a badge", () => {
  const state = { phase: "settled", stale: false, score: SCORE };
  assert.match(viewed("en", state), /Likely range[\s\S]+not how well it is written/);
  assert.match(viewed("zh", state, "panel"), /不评价写得好不好/);
  assert.doesNotMatch(viewed("zh", state, "badge"), /不评价/);
});

test("what only English says of a mistake is folded, but on an English page", () => {
  const error = { code: "invalid_input", message: "graph.a: is not a known field" };
  const state = { phase: "failed", stale: false, error };
  for (const language of LANGUAGES) {
    const said = viewed(language, state);
    const [before, folded] = said.split("<details");
    assert.doesNotMatch(before, /known field/);
    assert.match(folded, /<p lang="en">graph\.a: is not a known field/);
  }
  const [before] = viewed("zh", state).split("<details");
  assert.doesNotMatch(before.replace(/<[^>]*>/g, ""), /[a-z]{3}/i);
  const long = { ...error, field: "post.text", message: "post.text: has 20001 characters" };
  assert.match(viewed("zh", { ...state, error: long }), /<p>文字太长，无法评分。<\/p>/);
});

test("a score beside an equal one is as much as that, and no plus or minus nothing", () => {
  const other = { ...SCORE, name: "“第 1 版”" };
  assert.equal(difference(SCORE, other, elementSpeech("zh")), "与“第 1 版”持平");
  const better = { ...SCORE, bsmv: 80, interval: { low: 78, high: 85 } };
  assert.equal(difference(better, other, elementSpeech("zh")), "较“第 1 版” +19 分");
});

test("the parts that two drafts differ in stand apart in Chinese, and the winner has quotes", () => {
  const other = { ...SCORE, bsmv: 80, interval: { low: 78, high: 85 } };
  other.parts = { sentiment: 5, topic: 12, diffusion: 13 };
  const said = read(winner({ now: SCORE, other }, "早上赶地铁…", pageSpeech("zh")));
  assert.match(said, /“早上赶地铁…”高 19 分。/);
  assert.match(said, /语气 −4、相关度 −7、传播 −8/);
});

test("who carried a post is told by its place, or by its kind alone where places are unknown", () => {
  const page = /** @type {any} */ ({
    total: 2,
    t: [3, 60],
    kind: ["repost", "comment"],
    followers: [12_000, null],
    observed_until: 3600,
  });
  const said = (/** @type {number} */ total) =>
    read(carried({ ...page, total }, [0.5, 0], elementSpeech("zh"))).replace(/<[^>]*>/g, "");
  assert.match(said(2), /第 1 条（转发），3 秒钟后，12,000 粉丝：带动了后续传播的 50%/);
  assert.doesNotMatch(said(9), /第/);
  assert.match(said(9), /转发，3 秒钟后/);
});

/** @param {Partial<import("../page/findings.js").Finding>[] | undefined} list */
const found = (list) =>
  read(
    findings({
      speech: pageSpeech("en"),
      checks: list && /** @type {any} */ ({ lengths: [], findings: list }),
      silenced: [],
      on: { find: () => {}, mend: () => {}, silence: () => {}, unsilence: () => {} },
    }),
  );

test("nothing to mend is said when the rules have looked, and not before", () => {
  assert.doesNotMatch(found(undefined), /Nothing to mend/);
  assert.match(found([]), /Nothing to mend/);
});

test("a finding says whether it is in the title or in the text", () => {
  const finding = { code: "absolute", rule: "a", level: "must", message: "m", start: 0, end: 3 };
  const said = (/** @type {"title" | "text"} */ field) =>
    found([/** @type {any} */ ({ ...finding, field, replacement: null, add: null, source: null })]);
  assert.match(said("title"), /Find in the title/);
  assert.match(said("text"), /Find in the text/);
});

test("the summary has Chinese marks in Chinese, and its limits", () => {
  const request = { post: { text: "好", platform: /** @type {const} */ ("weibo") } };
  const said = summary(SCORE, request, elementSpeech("zh"));
  assert.match(said, /语气：明显正面/);
  assert.match(said, /没有衡量/);
});

test("brands go out and come in whole, each as one of one's own", () => {
  const [brand, ...others] =
    brandsOf(
      JSON.stringify([
        {
          name: " 栀夏 ",
          aliases: ["栀夏家", 7],
          avoid: ["便宜"],
          keywords: ["皂"],
          positioning: "皂",
          language: "zh",
          examples: ["洗完不拔干。"],
        },
        { name: "" },
        7,
      ]),
    ) ?? [];
  assert.equal(others.length, 0);
  assert.deepEqual([brand.name, brand.aliases, brand.avoid], ["栀夏", ["栀夏家"], ["便宜"]]);
  const [again] = brandsOf(JSON.stringify([{ ...profileOf(brand), avoid: brand.avoid }])) ?? [];
  assert.notEqual(again.id, brand.id);
  assert.deepEqual({ ...again, id: "", at: 0 }, { ...brand, id: "", at: 0 });
  for (const none of ["", "{}", "[]", "null", '"a"']) assert.equal(brandsOf(none), undefined, none);
  assert.deepEqual(listOf("a, b，c、 ;d\n"), ["a", "b", "c", "d"]);
});

test("a page of the diffusion API is told from other files", () => {
  assert.ok(isGraph(demoGraph(20, "agree", 0.5)));
  for (const other of [null, 7, [], {}, { a: 1 }, { schema: 1, t: [] }]) {
    assert.ok(!isGraph(other), JSON.stringify(other));
  }
});

test("a stored post isn't asked for while nobody looks at the page", async () => {
  const page = Object.assign(new EventTarget(), {
    baseURI: "http://page/",
    visibilityState: "hidden",
  });
  let asked = 0;
  Object.assign(globalThis, {
    document: page,
    fetch: async () => {
      asked += 1;
      return new Response("{}", { status: 500 });
    },
  });
  const { follow } = await import("../page/follow.js");
  const stop = follow(
    "a",
    () => {},
    () => {},
  );
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(asked, 0);
  page.visibilityState = "visible";
  page.dispatchEvent(new Event("visibilitychange"));
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(asked, 1);
  stop();
});
