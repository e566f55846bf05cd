/** Latency of a score in Node, one thread, and of what explains it: median and 95th percentile over the fixtures. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { init } from "../bsmv/scorer.js";
import { ROOT } from "../tests/browser.mjs";
import { fixtures, readModel } from "../tests/fixtures.mjs";

const ROUNDS = 3;

const begin = performance.now();
const wasm = await readFile(join(ROOT, "www/pkg/bsmv_bg.wasm"));
const scorer = await init({ wasm, model: readModel });
const requests = fixtures().map(({ request }) => request);
await scorer.score(requests[0]);
const first = performance.now() - begin;

/** @type {number[]} */
const times = [];
/** How much longer the explanation of what was just scored takes: nothing is read anew for it. @type {number[]} */
const explained = [];
for (let round = 0; round < ROUNDS; round++) {
  for (const request of requests) {
    const start = performance.now();
    await scorer.score(request);
    const scored = performance.now();
    await scorer.explain(request);
    times.push(scored - start);
    explained.push(performance.now() - scored);
  }
}
/** @param {number[]} found @param {number} share */
const at = (found, share) =>
  found.toSorted((a, b) => a - b)[Math.floor(share * (found.length - 1))].toFixed(1);
console.log(
  `node ${process.versions.node}: ${times.length} scores, median ${at(times, 0.5)} ms, ` +
    `p95 ${at(times, 0.95)} ms; explaining them ${at(explained, 0.5)} ms, p95 ${at(explained, 0.95)} ms; ` +
    `first score ${first.toFixed(0)} ms after start`,
);
