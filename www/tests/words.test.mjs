/** The page says what the scorer says, in either language, by the words that the build exported. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { init } from "../bsmv/scorer.js";
import { constants } from "../pkg/bsmv.js";
import { PLATFORMS, PRESETS, WORDS } from "../pkg/constants.js";
import { ROOT } from "./browser.mjs";
import { given, readModel } from "./fixtures.mjs";

// What a browser has, and Node only from version 21 on.
if (!("navigator" in globalThis)) Object.assign(globalThis, { navigator: { language: "en" } });
const { current, languages, switchLanguage } = await import("../page/strings.js");
const { featureName, platformName, sentence } = await import("../page/notes.js");

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

test("the page has words for each platform, preset and feature", async () => {
  for (const language of /** @type {const} */ (["en", "zh"])) {
    if (current() !== language) switchLanguage();
    for (const platform of PLATFORMS)
      assert.equal(typeof WORDS[language].platform[platform], "string");
    for (const preset of Object.keys(PRESETS)) assert.ok(preset in languages[language], preset);
    assert.equal(platformName("weibo"), WORDS[language].platform.weibo);
    const { contributions } = given(await scorer.explain({ post: { text: "Lovely coffee." } }));
    for (const { feature } of contributions) assert.notEqual(featureName(feature), feature);
  }
});

test("the page makes the sentences that the scorer makes in its language, whatever was asked for", async () => {
  let notes = 0;
  for (const { name, request } of requests) {
    const answers = await Promise.all(
      /** @type {const} */ (["en", "zh"]).map(async (locale) => ({
        score: given(await scorer.score({ ...request, locale })),
        explanation: given(await scorer.explain({ ...request, locale })),
      })),
    );
    for (const [language, own, other] of /** @type {const} */ ([
      ["en", answers[0], answers[1]],
      ["zh", answers[1], answers[0]],
    ])) {
      if (current() !== language) switchLanguage();
      for (const [group, said, answered] of /** @type {const} */ ([
        ["unseen", own.score.unseen, other.score.unseen],
        ["flags", own.score.flags, other.score.flags],
        ["hints", own.explanation.hints, other.explanation.hints],
        ["summary", [own.explanation.summary], [other.explanation.summary]],
      ])) {
        for (const [i, { message }] of said.entries()) {
          assert.equal(sentence(group, answered[i]), message, `${name}: ${group}`);
          notes += 1;
        }
      }
    }
  }
  assert.ok(notes > 100, `${notes} notes`);
});

test("a word that the tone hangs on is named in the page's language", async () => {
  const { hint } = await scorer.explainWords({
    post: { text: "I love this coffee." },
    locale: "zh",
  });
  assert.ok(hint);
  if (current() !== "zh") switchLanguage();
  assert.equal(sentence("hints", hint), hint.message);
  switchLanguage();
  assert.match(
    sentence("hints", hint),
    /^The reading of the tone hangs most on “.+”: [+−]\d\.\d\d with it/,
  );
});
