/**
 * The whole scorer with our own bundle: how soon it is ready, what it takes beyond the encoder, what
 * explanations take, how much memory it has. Runs alike in a page and in Node.
 *
 * @import { Host, Item } from "./contestants.js"
 * @import { Brand, ScoreRequest } from "../bsmv/types.js"
 */
import { linearMemory } from "./contestants.js";

const WASM = "pkg/bsmv_bg.wasm";

/** Every file of the bundle that 8 bits need, and the manifest. @param {Host} host */
async function bundle(host) {
  const bytes = await host.bytes("bundle/manifest.json");
  /** @type {import("../bsmv/types.js").Manifest & { encoder: { config: object } }} */
  const manifest = JSON.parse(new TextDecoder().decode(bytes));
  /** @type {Record<string, Uint8Array>} */
  const files = {};
  for (const name of manifest.precisions.int8) files[name] = await host.bytes(`bundle/${name}`);
  const read = async (/** @type {string} */ name) => files[name] ?? bytes;
  return { bytes, manifest, files, read };
}

/**
 * The encoder alone, and the glue of the module that it is in.
 *
 * @param {Host} host @param {Awaited<ReturnType<typeof bundle>>} bundle
 */
async function encoderOf(host, { manifest, files }) {
  const glue = await host.module("module/bsmv.js");
  await glue.default({ module_or_path: await host.bytes("module/bsmv_bg.wasm") });
  const config = new TextEncoder().encode(JSON.stringify(manifest.encoder.config));
  return { glue, encoder: new glue.Encoder(config, files["encoder_int8.safetensors"]) };
}

/**
 * A scorer as pages make it, from bytes that are there: milliseconds until it could score, and
 * until it had scored `item`; linear memory after that and after a post of about 512 pieces.
 *
 * @param {Host} host @param {Item} item @param {Item} long half of the long post
 */
export async function ready(host, item, long) {
  const { read } = await bundle(host);
  const wasm = await host.bytes(WASM);
  const { init } = await host.module("bsmv/scorer.js");
  const begin = performance.now();
  const scorer = await init({ wasm, model: read });
  const made = performance.now();
  await scorer.score({ post: { text: item.text } });
  const scored = performance.now();
  const short = linearMemory();
  await scorer.score({ post: { text: long.text + long.text } });
  return {
    ready: made - begin,
    first: scored - begin,
    memory: { first: short, long: linearMemory() },
  };
}

/**
 * Milliseconds since the page was asked for, until a post was scored; nothing was there before.
 *
 * @param {Host} host @param {Item} item
 */
export async function cold(host, item) {
  const { init } = await host.module("bsmv/scorer.js");
  const scorer = await init({ model: host.at("bundle/manifest.json") });
  await scorer.score({ post: { text: item.text } });
  return performance.now();
}

/**
 * Milliseconds of whole scores of drafts, and of the encoder alone on their pieces, in turn and by
 * the same machine code. `others`, as many as there are windows that a scorer remembers, are read
 * before each score: else it would be of a text that was read before.
 *
 * @param {Host} host @param {Item[]} items @param {Item[]} others @param {number} rounds
 */
export async function share(host, items, others, rounds) {
  const own = await bundle(host);
  const { glue, encoder } = await encoderOf(host, own);
  const scorer = new glue.WasmScorer(own.bytes, own.files);
  /** @type {{ encoder: number[], score: number[] }} */
  const times = { encoder: [], score: [] };
  // The first round is for the engine to compile what runs often.
  for (let round = 0; round <= rounds; round++) {
    for (const { text, ids } of items) {
      const pieces = Uint32Array.from(ids);
      const request = JSON.stringify({ post: { text, platform: "weibo" } });
      for (const other of others) scorer.embed(other.text);
      const begin = performance.now();
      encoder.embed(pieces);
      const between = performance.now();
      scorer.score(request);
      const end = performance.now();
      if (round === 0) continue;
      times.encoder.push(between - begin);
      times.score.push(end - between);
    }
  }
  return times;
}

/**
 * Milliseconds of scores and of what explains each just after, which reads nothing anew.
 *
 * @param {Host} host @param {ScoreRequest[]} requests @param {number} rounds
 */
export async function explained(host, requests, rounds) {
  const { read } = await bundle(host);
  const { init } = await host.module("bsmv/scorer.js");
  const scorer = await init({ wasm: await host.bytes(WASM), model: read });
  /** @type {{ score: number[], explain: number[] }} */
  const times = { score: [], explain: [] };
  for (let round = 0; round < rounds; round++) {
    for (const request of requests) {
      const begin = performance.now();
      await scorer.score(request);
      const between = performance.now();
      await scorer.explain(request);
      times.score.push(between - begin);
      times.explain.push(performance.now() - between);
    }
  }
  return times;
}

/**
 * Milliseconds until all phrases of a draft that was scored had their shares, how many those were,
 * and milliseconds of the encoder alone on its pieces, in turn.
 *
 * @param {Host} host @param {Item[]} items @param {Brand} brand @param {number} rounds
 */
export async function words(host, items, brand, rounds) {
  const own = await bundle(host);
  const { encoder } = await encoderOf(host, own);
  const { init } = await host.module("bsmv/scorer.js");
  const scorer = await init({ wasm: await host.bytes(WASM), model: own.read });
  /** @type {{ encoder: number[], words: number[], count: number[] }} */
  const times = { encoder: [], words: [], count: [] };
  // The first round is for the engine, and for what is remembered of the brand.
  for (let round = 0; round <= rounds; round++) {
    for (const { text, ids } of items) {
      const pieces = Uint32Array.from(ids);
      const request = { post: { text }, brand };
      await scorer.score(request);
      const begin = performance.now();
      encoder.embed(pieces);
      const between = performance.now();
      const found = await scorer.explainWords(request);
      const end = performance.now();
      if (round === 0) continue;
      times.encoder.push(between - begin);
      times.words.push(end - between);
      times.count.push(found.words.length);
    }
  }
  return times;
}

/**
 * Milliseconds until all that moves the scores of texts was told, each text new to the scorer.
 *
 * @param {Host} host @param {string[]} texts @param {Brand} brand
 */
export async function longDrafts(host, texts, brand) {
  const { read } = await bundle(host);
  const { init } = await host.module("bsmv/scorer.js");
  const scorer = await init({ wasm: await host.bytes(WASM), model: read });
  const times = [];
  for (const text of texts) {
    const request = { post: { text }, brand };
    await scorer.score(request);
    const begin = performance.now();
    await scorer.explain(request);
    await scorer.explainWords(request);
    times.push(performance.now() - begin);
  }
  return times;
}

/**
 * Linear memory after the requests were scored once, and after `scores` scores in a row.
 *
 * @param {Host} host @param {ScoreRequest[]} requests @param {number} scores
 */
export async function endurance(host, requests, scores) {
  const { init } = await host.module("bsmv/scorer.js");
  const scorer = await init({ model: host.at("bundle/manifest.json") });
  for (const request of requests) await scorer.score(request);
  const before = linearMemory();
  for (let i = 0; i < scores; i++) await scorer.score(requests[i % requests.length]);
  return { before, after: linearMemory() };
}
