/** What the build exports is what the module says, and its answers come in the language asked for. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { loadChecks } from "../bsmv/checks.js";
import { elementSpeech } from "../bsmv/element/speech.js";
import { init } from "../bsmv/scorer.js";
import { constants } from "../pkg/bsmv.js";
import { PLATFORMS, PRESETS, WORDS } from "../pkg/constants.js";
import { ROOT } from "./browser.mjs";
import { fixtures, given, readModel } from "./fixtures.mjs";

/** @typedef {import("../bsmv/types.js").ScoreRequest} ScoreRequest */

/** Requests whose answers have every note. @type {{ name: string, request: ScoreRequest }[]} */
const requests = JSON.parse(readFileSync(join(ROOT, "tests/fixtures/notes.json"), "utf8"));

/** @type {import("../bsmv/scorer.js").LocalScorer} */
let scorer;

before(async () => {
  const wasm = readFileSync(join(ROOT, "www/pkg/bsmv_bg.wasm"));
  scorer = await init({ wasm, model: readModel });
});

test("constants.js is what the module says", () => {
  const exported = { platforms: PLATFORMS, presets: PRESETS, words: WORDS };
  const all = JSON.parse(JSON.stringify(constants()), (_, value) =>
    typeof value === "number" ? Number(value.toFixed(6)) : value,
  );
  assert.deepEqual(exported, all);
});

test("every feature of an answer has a name", async () => {
  for (const language of /** @type {const} */ (["en", "zh"])) {
    const request = { post: { text: "Lovely coffee." }, locale: language };
    const { contributions } = given(await scorer.explain(request));
    for (const { feature } of contributions) {
      assert.notEqual(elementSpeech(language).feature(feature), feature);
    }
  }
});

test("the number of the sentence is that of the headline", async () => {
  const requests = fixtures().filter((_, i) => i % 10 === 0);
  for (const { id, request } of requests) {
    const { bsmv } = given(await scorer.score({ ...request, locale: "en" }));
    const { sentence } = given(await scorer.explain({ ...request, locale: "en" }));
    assert.equal(/^\d+/.exec(sentence)?.[0], elementSpeech("en").whole(bsmv), `${id}: ${sentence}`);
  }
});

test("whatever is said of a post is said in the language that was asked for", async () => {
  let notes = 0;
  for (const { name, request } of requests) {
    for (const locale of /** @type {const} */ (["en", "zh"])) {
      const { unseen, flags, topics } = given(await scorer.score({ ...request, locale }));
      const { summary, hints } = given(await scorer.explain({ ...request, locale }));
      const said = [...unseen, ...flags, ...hints, summary].map(({ message }) => message);
      for (const words of [...said, ...topics.map(({ label }) => label)]) {
        // The post's own words stand in quotation marks, the brand's name may be in any language.
        const own = words.replaceAll(/“.*?”/g, "").replaceAll(request.brand?.name ?? "“", "");
        assert.equal(/\p{Script=Han}/u.test(own), locale === "zh", `${name}: ${words}`);
        notes += 1;
      }
    }
  }
  assert.ok(notes > 100, `${notes} notes`);
});

/** Words that begin what somebody can do. */
const ADVICE = {
  en: /\b(say|state|write|leave|keep|shorten|begin|ask|type|declare|name|is enough|are enough)\b/i,
  zh: /写|说|换|删|留下|留一|标|移到|声明|输入|够了|点出|问/,
};

test("each thing that is to be mended says what to do", async () => {
  const check = await loadChecks({ wasm: readFileSync(join(ROOT, "www/pkg/bsmv_bg.wasm")) });
  const lines = readFileSync(join(ROOT, "tests/fixtures/checks.ndjson"), "utf8").trim().split("\n");
  const texts = lines.map((line) => JSON.parse(line).text);
  const codes = new Set();
  for (const locale of /** @type {const} */ (["en", "zh"])) {
    const said = [];
    for (const { request } of requests) {
      said.push(...given(await scorer.score({ ...request, locale })).flags);
    }
    for (const text of texts) {
      for (const platform of /** @type {const} */ (["x", "xiaohongshu"])) {
        const avoid = [text.slice(0, 2)];
        said.push(...check({ post: { text, platform }, locale, avoid }).findings);
      }
    }
    const long = "好".repeat(1001);
    said.push(...check({ post: { text: long, platform: "xiaohongshu" }, locale }).findings);
    for (const { code, message } of said) {
      codes.add(code);
      // The post's own words are no advice.
      const own = message.replaceAll(/“.*?”/g, "");
      assert.match(own, ADVICE[locale], `${code}: ${message}`);
    }
  }
  assert.ok(codes.size > 15, [...codes].join(" "));
});
