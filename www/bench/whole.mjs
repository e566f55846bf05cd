/**
 * The whole scorer in Chromium: `node whole.mjs` says how soon it is ready, what a score takes beyond
 * the encoder, what explanations take (in Node too), and how much memory it has; `node whole.mjs
 * endurance`, that 10,000 scores in a row leave its memory as it was, and fails if they don't. What is
 * found goes to target/bench.
 *
 * @import { ScoreRequest } from "../bsmv/types.js"
 */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { launch, ROOT } from "../tests/browser.mjs";
import { fixtures } from "../tests/fixtures.mjs";
import { at, median } from "./numbers.mjs";
import { disk, serve } from "./site.mjs";
import * as whole from "./whole.js";

const OUT = join(ROOT, "target/bench");
const ROUNDS = 7;
const SCORES = 10_000;
/** Posts that are scored again and again: what is cached has room for their brands. */
const POSTS = 50;
/** Characters of drafts whose explanations are timed, and how many there are of each length. */
const LENGTHS = [320, 1000];
const DRAFTS = 12;

const texts = JSON.parse(readFileSync(join(OUT, "texts.json"), "utf8"));
const site = await serve();

/**
 * Calls a function of whole.js in a page of a browser of its own.
 *
 * @param {string} verb @param {unknown[]} args
 * @returns {Promise<any>}
 */
async function fresh(verb, ...args) {
  const browser = await launch();
  try {
    const page = await browser.newPage();
    const session = await page.context().newCDPSession(page);
    await page.goto(site.address);
    site.sent();
    const found = await page.evaluate(
      async ({ verb, args }) => {
        const { host } = /** @type {any} */ (globalThis);
        return (await host.module("bench/whole.js"))[verb](host, ...args);
      },
      { verb, args },
    );
    const sent = site.sent();
    await session.send("HeapProfiler.collectGarbage");
    const { usedSize } = await session.send("Runtime.getHeapUsage");
    return { found, sent, heap: usedSize, version: browser.version() };
  } finally {
    await browser.close();
  }
}

/** @param {string} host @param {{ score: number[], explain: number[] }} times */
function tell(host, { score, explain }) {
  const ms = (/** @type {number[]} */ times) =>
    `${median(times).toFixed(1)} ms, p95 ${at(times, 0.95).toFixed(1)} ms`;
  console.log(`${host}: ${score.length} scores ${ms(score)}; explaining them ${ms(explain)}`);
}

const mb = (/** @type {number} */ bytes) => `${(bytes / 1e6).toFixed(1)} MB`;

/** Chinese drafts of a length, each of other sentences. @param {number} length */
function drafts(length) {
  const chinese = fixtures().map(({ request }) => request.post.text ?? "");
  const all = chinese.filter((text) => /\p{Script=Han}{8}/u.test(text)).join("\n");
  return Array.from({ length: DRAFTS }, (_, i) => {
    const from = Math.floor((i * (all.length - length)) / DRAFTS);
    return all.slice(from, from + length).toWellFormed();
  });
}

async function figures() {
  const [item] = texts.own["64"];
  const [long] = texts.own["256"];
  const ready = [];
  const cold = [];
  let sent = 0;
  let memory = { first: 0, long: 0 };
  for (let round = 0; round < ROUNDS; round++) {
    const { found } = await fresh("ready", item, long);
    ready.push(found.ready);
    memory = found.memory;
    const first = await fresh("cold", item);
    cold.push(first.found);
    sent = first.sent;
  }
  const { found: times, version } = await fresh("share", texts.own["64"], texts.own["16"], 12);
  const share = median(times.score) / median(times.encoder);
  console.log(
    `Chromium ${version}: ready ${median(ready).toFixed(0)} ms after the bytes are there; first score from cold ` +
      `${median(cold).toFixed(0)} ms, ${mb(sent)} sent; linear memory ${mb(memory.first)}, at 512 pieces ` +
      `${mb(memory.long)}; 64 pieces: encoder ${median(times.encoder).toFixed(1)} ms, score ` +
      `${median(times.score).toFixed(1)} ms, ${share.toFixed(2)} x`,
  );
  const requests = fixtures().map(({ request }) => request);
  const { found: explained } = await fresh("explained", requests, 3);
  tell(`Chromium ${version}`, explained);
  tell(`Node ${process.versions.node}`, await whole.explained(disk, requests, 3));
  const { brand } = /** @type {ScoreRequest} */ (requests.find(({ brand }) => brand));
  const { found: words } = await fresh("words", texts.own["64"], brand, 3);
  const alone = median(words.encoder);
  console.log(
    `${median(words.count)} phrases of 64 pieces: ${median(words.words).toFixed(0)} ms, ` +
      `${(median(words.words) / alone).toFixed(1)} x the encoder's for the post`,
  );
  /** @type {Record<number, number[]>} */
  const longs = {};
  for (const length of LENGTHS) {
    const { found } = await fresh("longDrafts", drafts(length), brand);
    longs[length] = found;
    const [middle, worst] = [median(found), Math.max(...found)];
    console.log(`${length} characters explained: ${middle.toFixed(0)} ms, at most ${worst.toFixed(0)}`);
  }
  const own = { ready, cold, sent, memory, times, explained, words, longs };
  const found = { host: `Chromium ${version}`, ...own };
  writeFileSync(join(OUT, "whole.json"), JSON.stringify(found));
}

async function endurance() {
  const requests = fixtures().map(({ request }) => request);
  const { found, heap } = await fresh("endurance", requests.slice(0, POSTS), SCORES);
  const few = await fresh("endurance", requests.slice(0, POSTS), 0);
  const grown = heap - few.heap;
  console.log(
    `${SCORES} scores: linear memory ${mb(found.before)} before, ${mb(found.after)} after; ` +
      `JavaScript's heap ${mb(few.heap)} after ${POSTS}, ${mb(heap)} after all`,
  );
  writeFileSync(join(OUT, "endurance.json"), JSON.stringify({ scores: SCORES, ...found, grown }));
  assert.equal(found.after, found.before, "linear memory grew");
  assert.ok(grown < 1e6, "JavaScript's heap grew by more than a megabyte");
}

try {
  await (process.argv[2] === "endurance" ? endurance() : figures());
} finally {
  site.stop();
}
