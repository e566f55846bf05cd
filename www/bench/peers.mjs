/**
 * Our encoder beside other runtimes, in browsers and in Node: `node peers.mjs STAGE HOST`.
 *
 * `meaning`: cosine to the float model's vectors; fails where ours is too far from them.
 * `cold`: first vector from nothing, bytes sent, memory. `warm`: milliseconds by length.
 * Contestants take turns, so that a machine that slows down does so for all. What is found goes to
 * target/bench/STAGE-HOST.json.
 */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../tests/browser.mjs";
import { ARENAS } from "./arena.mjs";
import { CONTESTANTS } from "./contestants.js";
import { at, median } from "./numbers.mjs";

const OUT = join(ROOT, "target/bench");
const NAMES = Object.keys(CONTESTANTS);
const WIDTH = 384;
/** Mean cosine to the float model that counts as the same meaning. */
const SAME = 0.99;
const COLD_ROUNDS = 5;
const WARM_ROUNDS = 5;
const RUNS = 8;

const texts = JSON.parse(readFileSync(join(OUT, "texts.json"), "utf8"));
const lengths = Object.keys(texts.minilm);
/** @param {string} name @param {string} length */
const items = (name, length) => texts[name === "bsmv-own" ? "own" : "minilm"][length];

/** @typedef {import("./arena.mjs").Arena} Arena */

/** @param {Arena} arena */
async function meaning(arena) {
  const bytes = readFileSync(join(OUT, "meaning.f32"));
  const wanted = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  assert.equal(wanted.length, texts.meaning.length * WIDTH, "a vector for each text");
  /** @type {Record<string, { mean: number, least: number }>} */
  const found = {};
  for (const name of NAMES.filter((name) => name !== "bsmv-own")) {
    const { seat } = await arena.enter(name, texts.meaning[0]);
    const vectors = await seat.vectors(texts.meaning);
    await seat.leave();
    const cosines = vectors.map((vector, i) =>
      vector.reduce((sum, x, k) => sum + x * wanted[i * WIDTH + k], 0),
    );
    found[name] = {
      mean: cosines.reduce((a, b) => a + b) / cosines.length,
      least: Math.min(...cosines),
    };
    const { mean, least } = found[name];
    console.log(`${name.padEnd(22)} cosine mean ${mean.toFixed(4)}, least ${least.toFixed(4)}`);
  }
  assert.ok(
    found.bsmv.mean >= SAME,
    `bsmv's mean cosine is below ${SAME}: its speed is worth nothing`,
  );
  return { texts: texts.meaning.length, cosine: found };
}

/** @param {Arena} arena */
async function cold(arena) {
  /** @type {Record<string, { first: number[], sent: number | null, linear: number, resident: number | null }>} */
  const found = {};
  for (let round = 0; round < COLD_ROUNDS; round++) {
    for (const name of NAMES) {
      const [item] = items(name, "64");
      const { seat, first, sent } = await arena.enter(name, item);
      await seat.time(items(name, lengths.at(-1) ?? ""), 1);
      const { linear, resident } = await seat.memory();
      await seat.leave();
      found[name] ??= { first: [], sent, linear, resident };
      found[name].first.push(first);
    }
  }
  for (const name of NAMES) {
    const { first, sent, linear, resident } = found[name];
    const mb = (/** @type {number | null} */ n) => (n === null ? "-" : (n / 1e6).toFixed(1));
    console.log(
      `${name.padEnd(22)} first ${median(first).toFixed(0).padStart(5)} ms, ${mb(sent)} MB sent, ` +
        `${mb(linear)} MB linear, ${mb(resident)} MB resident`,
    );
  }
  return { cold: found };
}

/** @param {Arena} arena */
async function warm(arena) {
  /** @type {Record<string, import("./arena.mjs").Seat>} */
  const seats = {};
  /** @type {Record<string, Record<string, number[]>>} */
  const times = {};
  for (const name of NAMES) {
    seats[name] = (await arena.enter(name, items(name, "16")[0])).seat;
    times[name] = Object.fromEntries(lengths.map((length) => [length, []]));
  }
  // The first round is for the engine to compile what runs often.
  for (let round = 0; round <= WARM_ROUNDS; round++) {
    for (const length of lengths) {
      for (const name of NAMES) {
        const found = await seats[name].time(items(name, length), RUNS);
        if (round > 0) times[name][length].push(...found);
      }
    }
  }
  for (const name of NAMES) await seats[name].leave();
  console.log(
    `${"median ms (p95)".padEnd(22)} ${lengths.map((l) => l.padStart(14)).join("")} tokens`,
  );
  for (const name of NAMES) {
    const cells = lengths.map((length) => {
      const all = times[name][length];
      return `${median(all).toFixed(1)} (${at(all, 0.95).toFixed(1)})`.padStart(14);
    });
    console.log(`${name.padEnd(22)} ${cells.join("")}`);
  }
  return { warm: times };
}

/** @type {Record<string, (arena: Arena) => Promise<object>>} */
const STAGES = { meaning, cold, warm };

const [stage, host] = process.argv.slice(2);
if (!STAGES[stage] || !ARENAS[host]) {
  console.error("usage: node peers.mjs meaning|cold|warm chromium|node");
  process.exit(2);
}
const arena = await ARENAS[host]();
try {
  console.log(`${stage}, ${arena.version}`);
  const found = { host: arena.version, ...(await STAGES[stage](arena)) };
  writeFileSync(join(OUT, `${stage}-${host}.json`), JSON.stringify(found));
} finally {
  await arena.close();
}
