/** The module in Node, on the committed bundle. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { before, test } from "node:test";
import { init as initInNode } from "../bsmv/node.js";
import { init, ScorerError } from "../bsmv/scorer.js";
import { WasmScorer } from "../pkg/bsmv.js";
import { ROOT } from "./browser.mjs";
import { assertAsNative, badInputs, fixtures, given, oddInputs, readModel } from "./fixtures.mjs";

const GOOD = { post: { text: "The staff were lovely and the coffee was great." } };

/** @type {import("../bsmv/scorer.js").LocalScorer} */
let scorer;
/** @type {WasmScorer} */
let module;

before(async () => {
  const wasm = await readFile(join(ROOT, "www/pkg/bsmv_bg.wasm"));
  scorer = await init({ wasm, model: readModel });
  const manifest = await readModel("manifest.json");
  /** @type {string[]} */
  const names = JSON.parse(new TextDecoder().decode(manifest)).precisions.int8;
  const files = await Promise.all(names.map(async (name) => [name, await readModel(name)]));
  module = new WasmScorer(manifest, Object.fromEntries(files));
});

test("the fixtures score as they do natively", async () => {
  const answers = [];
  for (const { id, request, text } of fixtures()) {
    const { bsmv } = given(await scorer.score(request));
    const embedding = await scorer.embed(text);
    const bytes = new Uint8Array(embedding.buffer, embedding.byteOffset, embedding.byteLength);
    const embedding_sha256 = createHash("sha256").update(bytes).digest("hex");
    answers.push({ id, bsmv, embedding_sha256 });
  }
  assertAsNative(answers);
});

test("a text that can't be read has no score and a reason", async () => {
  const rows = JSON.parse(
    await readFile(new URL("../../tests/fixtures/unreadable.json", import.meta.url), "utf8"),
  );
  for (const { code, text, brand } of rows) {
    const request = { post: { text }, ...(brand && { brand: { name: brand } }) };
    for (const answer of [await scorer.score(request), await scorer.explain(request)]) {
      assert.equal(answer.bsmv, null, text);
      assert.equal("refused" in answer && answer.refused.code, code, text);
    }
    assert.equal((await scorer.setWeights(undefined))?.bsmv, null, text);
  }
});

test("a score is a plain object", async () => {
  const score = given(await scorer.score(GOOD));
  assert.equal(Object.getPrototypeOf(score), Object.prototype);
  assert.deepEqual(JSON.parse(JSON.stringify(score)), score);
  assert.ok(score.interval.low <= score.bsmv && score.bsmv <= score.interval.high);
});

test("a profiler sees loading, reading and forecasting, the last of each", async () => {
  await scorer.score(GOOD);
  const before = performance.getEntriesByName("bsmv read", "measure");
  await scorer.explain(GOOD);
  for (const name of ["bsmv load", "bsmv read", "bsmv forecast"]) {
    const [measure, ...others] = performance.getEntriesByName(name, "measure");
    assert.ok(measure.duration > 0, name);
    assert.equal(others.length, 0, name);
    assert.equal(performance.getEntriesByName(name, "mark").length, 1, name);
  }
  const [after] = performance.getEntriesByName("bsmv read", "measure");
  assert.ok(after.startTime > before[0].startTime);
});

test("where no timeline is, or none of that kind, posts are scored all the same", async () => {
  const { bsmv } = await scorer.score(GOOD);
  const timeline = Object.getOwnPropertyDescriptor(globalThis, "performance");
  assert.ok(timeline);
  const broken = { mark() {}, measure() {}, clearMarks() {}, clearMeasures() {} };
  broken.mark = broken.measure = () => assert.fail("not allowed here");
  for (const value of [undefined, null, { now: () => 0 }, broken]) {
    Object.defineProperty(globalThis, "performance", { value, configurable: true });
    try {
      assert.equal((await scorer.score(GOOD)).bsmv, bsmv);
    } finally {
      Object.defineProperty(globalThis, "performance", timeline);
    }
  }
});

test("words are blamed for what they say, at their place in the text", async () => {
  const text = "😀 The coffee is terrible.";
  const { words, skipped, hint } = await scorer.explainWords({ post: { text } });
  const worst = words.reduce((a, b) => (a.s <= b.s ? a : b));
  assert.equal(text.slice(worst.start, worst.end), "terrible");
  assert.equal(skipped, 0);
  assert.equal(hint?.code, "word");
  assert.match(hint.message, /“terrible”/);
});

test("words that nobody waits for any more aren't looked at", async () => {
  const stop = new AbortController();
  const request = { post: { text: "word ".repeat(200) } };
  let seen = 0;
  const onWords = (/** @type {unknown[]} */ words) => {
    seen += words.length;
    stop.abort();
  };
  await assert.rejects(scorer.explainWords(request, { signal: stop.signal, onWords }), {
    name: "AbortError",
  });
  assert.ok(seen > 0 && seen < 200, `${seen} words`);
});

test("explanations of a thousand posts add up", async () => {
  const folder = join(ROOT, "tests/fixtures/graphs");
  const graphs = await Promise.all(
    (await readdir(folder)).map(async (name) =>
      JSON.parse(await readFile(join(folder, name), "utf8")),
    ),
  );
  let posts = 0;
  for (const { id, request } of fixtures()) {
    for (let i = 0; i < 5; i++) {
      const graph = graphs[posts++ % graphs.length];
      const seen = i === 0 ? request : { ...request, graph };
      const { bsmv, base, contributions } = given(await scorer.explain(seen));
      const sum = contributions.reduce((sum, { points }) => sum + points, base);
      assert.ok(Math.abs(sum - bsmv) < 1e-4, `${id}: ${sum} for ${bsmv}`);
    }
  }
  assert.equal(posts, 1000);
});

test("an explanation shares the diffusion out", async () => {
  const graph = JSON.parse(
    await readFile(join(ROOT, "tests/fixtures/graphs/star_200.json"), "utf8"),
  );
  const { bsmv, contributions, sentence, hints, events } = given(
    await scorer.explain({ ...GOOD, graph }),
  );
  assert.ok(contributions.length > 0);
  assert.equal(events.length, graph.t.length);
  assert.match(sentence, new RegExp(`^${bsmv.toFixed(0)} points`));
  assert.ok(hints.some(({ code }) => code === "reach"));
});

test("what is set is used where a request says nothing", async () => {
  const other = await init({ model: readModel });
  const brand = { name: "Luna Coffee", positioning: "Coffee roasted by moonlight." };
  const weights = { sentiment: 0.2, topic: 0.5, diffusion: 0.3 };
  other.setBrand(brand);
  const balanced = given(await other.score(GOOD));
  const moved = given(await other.setWeights(weights));
  const direct = given(await scorer.score({ ...GOOD, brand, weights }));
  assert.ok(Math.abs(moved.bsmv - direct.bsmv) < 1e-3);
  assert.notEqual(moved.bsmv, balanced.bsmv);
  const [again] = await other.scoreBatch([GOOD]);
  assert.ok(!(again instanceof ScorerError));
  assert.equal(again.bsmv, direct.bsmv);
  await assert.rejects(
    other.setWeights({ ...weights, topic: 3 }),
    refusal("invalid_input", "weights.topic"),
  );
  other.dispose();
});

/**
 * @param {string} code
 * @param {string | undefined} field
 */
const refusal = (code, field) => (/** @type {unknown} */ error) => {
  assert.ok(error instanceof Error);
  const { code: has, field: names, message } = /** @type {ScorerError} */ (error);
  assert.deepEqual({ code: has, field: names }, { code, field }, message);
  return true;
};

for (const { name, request, raw, code, field } of badInputs()) {
  test(`bad input: ${name}`, async () => {
    if (raw === undefined) {
      // @ts-expect-error: wrong on purpose
      await assert.rejects(scorer.score(request), refusal(code, field));
    } else {
      assert.throws(() => module.score(raw), refusal(code, field));
    }
    assert.ok(given(await scorer.score(GOOD)).bsmv > 0, "a good request still works");
  });
}

for (const { name, raw } of oddInputs()) {
  test(`odd input: ${name}`, () => {
    assert.ok(module.score(raw).bsmv > 0);
  });
}

test("an id comes back, and a text that was cut in an emoji is scored", async () => {
  const { id } = await scorer.score({ ...GOOD, id: "a 1" });
  assert.equal(id, "a 1");
  const cut = await scorer.score({ post: { text: "好用😍".slice(0, 3) } });
  assert.equal(cut.bsmv, (await scorer.score({ post: { text: "好用\ufffd" } })).bsmv);
});

test("a batch answers each request by itself", async () => {
  const bad = { post: { text: "" } };
  const answers = await scorer.scoreBatch([
    GOOD,
    bad,
    GOOD,
    // @ts-expect-error: wrong on purpose
    3,
    { post: { text: "a", likes: 0.5 } },
  ]);
  const [first, second, third, fourth, fifth] = answers;
  assert.ok(!(first instanceof ScorerError) && given(first).bsmv > 50);
  assert.deepEqual(third, first);
  refusal("invalid_input", "[1].post.text")(second);
  assert.match(/** @type {Error} */ (second).message, /^\[1\]\.post\.text: is empty/);
  refusal("invalid_input", "[3]")(fourth);
  refusal("invalid_input", "[4].post.likes")(fifth);
});

test("a file of the model that isn't there is told by its address", async () => {
  await assert.rejects(initInNode({ model: "file:///nowhere/manifest.json" }), {
    name: "ScorerError",
    code: "download",
    message: /file:\/\/\/nowhere\/manifest\.json could not be read/,
  });
});

/** What only JavaScript can hold. @type {[string, object, string][]} */
const notJson = [
  ["NaN", { post: { text: "a", author: { followers: Number.NaN } } }, "post.author.followers"],
  ["infinity", { post: { text: "a", likes: Number.POSITIVE_INFINITY } }, "post.likes"],
  ["a BigInt", { post: { text: "a", saves: 3n } }, "post.saves"],
  ["no date", { post: { text: "a", created_at: new Date(Number.NaN) } }, "post.created_at"],
  ["a function", { post: { text: () => "a" } }, "post.text"],
  ["NaN in a column", { post: { text: "a" }, graph: { s: [0.1, Number.NaN] } }, "graph.s[1]"],
];
for (const [name, request, field] of notJson) {
  test(`${name} is refused by name, not read as unknown`, async () => {
    // @ts-expect-error: wrong on purpose
    await assert.rejects(scorer.score(request), refusal("invalid_input", field));
    await assert.doesNotReject(scorer.score(GOOD));
  });
}

test("a circle is refused", async () => {
  /** @type {any} */
  const request = { post: { text: "a" } };
  request.post.author = request;
  await assert.rejects(scorer.score(request), refusal("invalid_input", "post.author"));
});

test("a damaged file of the bundle is refused before it is used", async () => {
  /** @type {import("../bsmv/types.js").ReadFile} */
  const model = async (name) => {
    const bytes = await readModel(name);
    if (name === "heads.safetensors") bytes[bytes.length - 1] ^= 1;
    return bytes;
  };
  await assert.rejects(init({ model }), refusal("integrity", undefined));
});

test("a bundle of another schema is refused", async () => {
  /** @type {import("../bsmv/types.js").ReadFile} */
  const model = async () => new Uint8Array(new TextEncoder().encode('{"schema": 999}'));
  await assert.rejects(init({ model }), refusal("bundle_schema", undefined));
});

test("a scorer that was disposed of says so", async () => {
  const other = await init({ model: readModel });
  other.dispose();
  await assert.rejects(other.score(GOOD), refusal("disposed", undefined));
  await assert.doesNotReject(scorer.score(GOOD));
});

// Last: it breaks the module, and with it the scorers above.
test("after a panic the scorer says so, and another can be made", async () => {
  const score = WasmScorer.prototype.score;
  WasmScorer.prototype.score = () => {
    throw new WebAssembly.RuntimeError("unreachable");
  };
  try {
    await assert.rejects(scorer.score(GOOD), refusal("panic", undefined));
  } finally {
    WasmScorer.prototype.score = score;
  }
  await assert.rejects(scorer.score(GOOD), refusal("panic", undefined));
  const again = await init({ model: readModel });
  await assert.doesNotReject(again.score(GOOD));
  again.dispose();
});
