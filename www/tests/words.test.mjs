/** What the build exports is what the module says, and its answers come in the language asked for. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
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
