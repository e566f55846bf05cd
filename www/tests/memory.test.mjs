/** The memory budget, against how far the module's memory really grows. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { before, test } from "node:test";
import { init } from "../bsmv/scorer.js";
import exportsOf from "../pkg/bsmv.js";
import { ROOT } from "./browser.mjs";
import { readModel } from "./fixtures.mjs";

const BUDGET = 64e6;
/** Bytes by which memory grows at least. */
const PAGE = 64 << 10;
const refused = { name: "ScorerError", code: "memory_budget" };

/** @type {import("../bsmv/scorer.js").LocalScorer} */
let scorer;
/** Bytes of the module's memory. @type {() => number} */
let memory;

/**
 * Reposts of reposts, one a second.
 *
 * @param {number} n
 */
function graph(n) {
  const events = Array.from({ length: n }, (_, i) => i);
  return {
    schema: /** @type {const} */ (1),
    post: "p",
    created_at: "2026-11-22T10:00:00Z",
    observed_until: n,
    total: n,
    start: 1,
    t: events.map((i) => i + 1),
    parent: events.map((i) => Math.floor(i / 3)),
    kind: events.map(() => /** @type {const} */ ("quote")),
    user: events.map((i) => i + 1),
    followers: events.map(() => null),
    verified: events.map(() => null),
    s: events.map(() => 0.5),
  };
}

/** @type {import("../bsmv/types.js").ScoreRequest} */
const GOOD = { post: { text: "这款咖啡很好喝，明天还来。", platform: "weibo" } };

before(async () => {
  const wasm = await readFile(join(ROOT, "www/pkg/bsmv_bg.wasm"));
  await assert.rejects(init({ wasm, model: readModel, memoryBudget: 20e6 }), refused);
  scorer = await init({ wasm, model: readModel, memoryBudget: BUDGET });
  // Loaded by now, so this only names it.
  const module = await exportsOf({ module_or_path: wasm });
  memory = () => module.memory.buffer.byteLength;
});

test("a model that does not fit is refused before anything of it but its manifest is in memory", async () => {
  const before = memory();
  await assert.rejects(init({ model: readModel, memoryBudget: 20e6 }), refused);
  const after = memory();
  assert.ok(after - before <= PAGE, `${after - before} bytes`);
  await assert.rejects(init({ model: readModel, memoryBudget: 20e6 }), refused);
  assert.equal(memory(), after);
});

test("what would pass the budget is refused, and the rest is scored", async () => {
  const before = memory();
  await assert.rejects(scorer.score({ ...GOOD, graph: graph(100_000) }), refused);
  await assert.rejects(scorer.embed("a".repeat(10_000_000)), refused);
  assert.equal(memory(), before, "nothing of it was copied");
  // This one may be read, but not forecast.
  await assert.rejects(scorer.explain({ ...GOOD, graph: graph(30_000) }), refused);

  await scorer.score(GOOD);
  await scorer.score({ ...GOOD, graph: graph(15_000) });
  await scorer.score({ post: { ...GOOD.post, text: "咖啡很好喝，good! ".repeat(1_200) } });
  await scorer.explainWords({ post: { text: "word ".repeat(400) } });
  for (let i = 0; i < 66; i++) {
    const keywords = Array.from({ length: 4 }, (_, k) => `keyword ${i} ${k}`);
    await scorer.score({ ...GOOD, brand: { name: `Brand ${i}`, keywords } });
  }
  assert.ok(memory() <= BUDGET, `${memory()} bytes`);
});
