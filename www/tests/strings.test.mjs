/** The texts of element and page, in both languages. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { elementSpeech, languageOfTag, tagOf } from "../bsmv/element/speech.js";
import { STRINGS } from "../bsmv/element/strings.js";
import { readCount } from "../page/counts.js";
import { toolsIn } from "../page/past.js";
import { PAGE_STRINGS, pageSpeech } from "../page/strings.js";
import { PLATFORMS, PRESETS } from "../pkg/constants.js";
import { ROOT } from "./browser.mjs";

for (const [name, { en, zh }] of /** @type {[string, any][]} */ (
  Object.entries({ element: STRINGS, page: PAGE_STRINGS })
)) {
  test(`both languages of the ${name} have the same texts, with the same places to fill in`, () => {
    assert.deepEqual(Object.keys(zh).sort(), Object.keys(en).sort());
    const places = (/** @type {import("../bsmv/element/strings.js").Text} */ text) => [
      ...new Set((typeof text === "string" ? text : text.other).match(/\{\w+\}/g) ?? []),
    ];
    for (const key of Object.keys(en)) {
      assert.deepEqual(places(zh[key]).sort(), places(en[key]).sort(), key);
    }
  });
}

test("no text stands there that nothing asks for", () => {
  const sources = [
    "bsmv/element.js",
    ...["carried", "tables", "verdict", "view"].map((name) => `bsmv/element/${name}.js`),
    ...[
      "app",
      "batch",
      "batch-run",
      "brands",
      "brands-run",
      "compare",
      "context",
      "dialog",
      "drafts",
      "editor",
      "files",
      "findings",
      "out",
      "page",
      "past",
      "published",
      "state",
      "what-if",
    ].map((name) => `page/${name}.js`),
  ].map((path) => readFileSync(join(ROOT, "www", path), "utf8"));
  const code = sources.join("\n");
  // Keys that are put together from data.
  const composed =
    /^(e|s|t|d|column|count|error|file|find|kind|indicator|keep|level|mood|part|step|tool|trouble)_/;
  for (const key of [...Object.keys(STRINGS.en), ...Object.keys(PAGE_STRINGS.en)]) {
    if (composed.test(key) || key in PRESETS || ["good", "bad"].includes(key.slice(0, -1)))
      continue;
    // Asked for by its name, alone or as one of two, or listed to be asked for.
    const asked = new RegExp(`(text(IfAny)?\\(\\s*(\\w+ \\? )?|[?:] |\\[)"${key}"`);
    assert.match(code, asked, key);
  }
});

test("index.html holds no result, and no text but for who has no JavaScript", () => {
  const page = readFileSync(join(ROOT, "www/index.html"), "utf8");
  const body = /<body>(.*)<\/body>/s.exec(page)?.[1] ?? "";
  assert.match(body, /<noscript>/);
  assert.equal(body.replace(/<noscript>.*<\/noscript>/s, "").trim(), "");
});

test("there are words for each platform and preset", () => {
  for (const language of /** @type {const} */ (["en", "zh"])) {
    const speech = pageSpeech(language);
    for (const platform of PLATFORMS) assert.ok(speech.platform(platform).length > 0);
    for (const preset of Object.keys(PRESETS)) assert.ok(speech.textIfAny(preset), preset);
  }
});

test("numbers are written as the language does, with one minus", () => {
  const [en, zh] = [elementSpeech("en"), elementSpeech("zh")];
  assert.equal(en.signed(-3.25, 1), "−3.3");
  assert.equal(en.signed(0.04, 1), "0.0");
  assert.equal(en.fixed(-0.001), "0.00");
  assert.equal(zh.count(12_000), "1.2万");
  assert.equal(en.count(12_000), "12K");
  assert.equal(en.percent(0.004), "0.4%");
  assert.equal(en.duration(7200), "2 hours");
  assert.equal(pageSpeech("en").text("characters", { n: 1 }), "1 character");
  assert.equal(pageSpeech("zh").text("characters", { n: 1 }), "1 字");
});

test("several things stand apart in both languages, and a name before what it names", () => {
  const three = ["语气 +4", "相关度 +2", "传播 −1"];
  assert.equal(elementSpeech("zh").list(three), "语气 +4、相关度 +2、传播 −1");
  assert.equal(elementSpeech("en").list(["tone +4", "fit +2"]), "tone +4, fit +2");
  assert.equal(elementSpeech("zh").labelled("情绪", "喜欢"), "情绪：喜欢");
  assert.equal(elementSpeech("en").labelled("Emotion", "like"), "Emotion: like");
});

test("programs that wrote a file have words of the language, or their name alone", () => {
  const tools = ["posts", "weibo-crawler, posts", "weibo-crawler, reposts"];
  assert.equal(toolsIn(tools, pageSpeech("zh")), "自己做的表格、weibo-crawler");
  assert.equal(toolsIn(tools, pageSpeech("en")), "a table of your own, weibo-crawler");
});

test("sentences end with the mark of their language, once", () => {
  assert.equal(
    elementSpeech("en").sentences(["Likely range 1–2", "Show it."]),
    "Likely range 1–2. Show it.",
  );
  assert.equal(
    elementSpeech("zh").sentences(["大概率在 1–2 分", "点开看原因。"]),
    "大概率在 1–2 分。点开看原因。",
  );
});

test("a tag asks for Chinese or English, and a text is told by its script", () => {
  for (const tag of ["zh", "zh-CN", "zh-Hans", "ZH"]) assert.equal(languageOfTag(tag), "zh");
  for (const tag of ["en", "", "zhx", "fr"]) assert.equal(languageOfTag(tag), "en");
  assert.deepEqual([tagOf("好 good"), tagOf("good"), tagOf("جيد")], ["zh-Hans", "en", ""]);
});

test("followers are read as people write them", () => {
  for (const [written, count] of /** @type {[string, number | undefined][]} */ ([
    ["12000", 12_000],
    [" 12,000 ", 12_000],
    ["12.000", 12_000],
    ["1.2万", 12_000],
    ["１．２万", 12_000],
    ["1.2w", 12_000],
    ["10万+", 100_000],
    ["12k", 12_000],
    ["3.4M", 3_400_000],
    ["1.5亿", 150_000_000],
    ["0", 0],
    ["many", undefined],
    ["-5", undefined],
    ["1.5", undefined],
    ["12x", undefined],
    ["万", undefined],
    ["1e99", undefined],
  ])) {
    assert.equal(readCount(written), count, written);
  }
});
