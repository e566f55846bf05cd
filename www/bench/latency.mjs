/** Latency of a score in Node, one thread: median and 95th percentile over the fixtures. */
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
for (let round = 0; round < ROUNDS; round++) {
  for (const request of requests) {
    const start = performance.now();
    await scorer.score(request);
    times.push(performance.now() - start);
  }
}
times.sort((a, b) => a - b);
const at = (/** @type {number} */ share) =>
  times[Math.floor(share * (times.length - 1))].toFixed(1);
console.log(
  `node ${process.versions.node}: ${times.length} scores, median ${at(0.5)} ms, p95 ${at(0.95)} ms; ` +
    `first score ${first.toFixed(0)} ms after start`,
);
