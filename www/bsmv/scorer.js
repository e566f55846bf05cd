/**
 * @import { Brand, CallOptions, Explanation, FileStore, InitOptions, Refusal, Score, Scorer, ScoreRequest, Weights, WordShares, WordsOptions } from "./types.js"
 */
import { __wbg_reset_state, WasmScorer } from "../pkg/bsmv.js";
import { loadBundle } from "./bundle.js";
import { fromModule, ofEntry, ScorerError } from "./errors.js";
import { toJson } from "./json.js";
import { loadModule, MODULE_KEY } from "./module.js";
import { pageStore } from "./page-store.js";

export { ScorerError };

/** Counts panics. A panic leaves the memory of the one module unsound, for all its scorers. */
let panics = 0;
/** Panics that the module was reset after. */
let resets = 0;

/**
 * Loads the module and a bundle, and makes a scorer that computes in this thread.
 *
 * @param {InitOptions} options
 * @returns {Promise<LocalScorer>} when all is kept that is to be
 */
export async function init(options) {
  const { scorer, keep } = await load(options);
  await keep();
  return scorer;
}

/**
 * As `init`, but the scorer comes before its files are kept: writing them takes longer than its first score.
 *
 * @param {InitOptions} options
 * @returns {Promise<{ scorer: LocalScorer, keep: () => Promise<void> }>} `keep` writes them to the cache
 */
export async function load({ wasm, model, cache, memoryBudget, onProgress, signal }) {
  const store = typeof cache === "string" ? pageStore(cache) : cache;
  /** @type {Parameters<FileStore["put"]>[]} */
  const fresh = [];
  /** @type {FileStore | undefined} */
  const later = store && {
    get: (key) => store.get(key),
    put: async (...file) => {
      fresh.push(file);
    },
    keepOnly: (keys) => store.keepOnly(keys),
  };
  const [bundle] = await Promise.all([
    loadBundle(model, { onProgress, signal, store: later }),
    loadModule(wasm, later),
  ]);
  signal?.throwIfAborted();
  if (resets < panics) {
    __wbg_reset_state();
    resets = panics;
  }
  const scorer = new LocalScorer(
    guarded(() => new WasmScorer(bundle.manifest, bundle.files, memoryBudget)),
  );
  const keep = async () => {
    for (const file of fresh) await store?.put(...file);
    await store?.keepOnly([...bundle.keys, MODULE_KEY]);
  };
  return { scorer, keep };
}

/**
 * Runs a call into the module; what it throws becomes a ScorerError.
 *
 * @template T
 * @param {() => T} call
 * @returns {T}
 */
function guarded(call) {
  try {
    return call();
  } catch (thrown) {
    const error = fromModule(thrown);
    if (error.code === "panic") panics += 1;
    throw error;
  }
}

/** @param {unknown} value */
const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * Lets the page breathe, and stops if that was asked for.
 *
 * @param {AbortSignal} [signal]
 */
async function turn(signal) {
  signal?.throwIfAborted();
  await nextTask();
  signal?.throwIfAborted();
}

/** A message to itself: browsers hold every timer after the fifth back for four milliseconds. */
function nextTask() {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = () => {
      port1.close();
      resolve(undefined);
    };
    port2.postMessage(undefined);
  });
}

/**
 * A scorer in this thread. Its methods are asynchronous only so that all scorers are alike.
 *
 * @implements {Scorer}
 */
export class LocalScorer {
  /** @type {WasmScorer | undefined} */
  #inner;
  #panics = panics;
  /** @type {Brand | undefined} */
  #brand;
  /** @type {Weights | undefined} */
  #weights;

  /** @param {WasmScorer} inner as `init` makes it */
  constructor(inner) {
    this.#inner = inner;
  }

  /**
   * @param {ScoreRequest} request
   * @returns {Promise<Score | Refusal>}
   */
  async score(request) {
    return this.scoreJson(this.#json(request));
  }

  /**
   * As `score`, for who has the request as JSON already; what was set isn't added to it.
   *
   * @param {string} json
   * @returns {Promise<Score | Refusal>}
   */
  async scoreJson(json) {
    return guarded(() => this.#alive().score(json));
  }

  /**
   * @param {ScoreRequest[]} requests
   * @param {CallOptions} [options]
   * @returns {Promise<(Score | Refusal | ScorerError)[]>}
   */
  async scoreBatch(requests, { signal } = {}) {
    const answers = [];
    for (const [i, request] of requests.entries()) {
      await turn(signal);
      answers.push(await this.score(request).catch((error) => ofEntry(error, i)));
    }
    return answers;
  }

  /**
   * @param {ScoreRequest} request
   * @returns {Promise<Explanation | Refusal>}
   */
  async explain(request) {
    const json = this.#json(request);
    return guarded(() => this.#alive().explain(json));
  }

  /**
   * @param {ScoreRequest} request
   * @param {WordsOptions} [options]
   * @returns {Promise<WordShares>}
   */
  async explainWords(request, { signal, onWords } = {}) {
    const json = this.#json(request);
    const found = guarded(() => this.#alive().words(json));
    /** @type {WordShares} */
    const shares = { words: [], skipped: found.skipped };
    try {
      while (true) {
        await turn(signal);
        this.#alive();
        /** @type {WordShares["words"] | undefined} */
        const next = guarded(() => found.step());
        if (!next) {
          shares.hint = guarded(() => found.hint());
          return shares;
        }
        if (next.length === 0) continue;
        shares.words.push(...next);
        onWords?.(next);
      }
    } finally {
      // After a panic the memory is gone with the module.
      if (this.#panics === panics) found.free();
    }
  }

  /** @param {Brand} [brand] */
  setBrand(brand) {
    this.#brand = brand;
  }

  /**
   * @param {Weights} [weights]
   * @returns {Promise<Score | Refusal | undefined>}
   */
  async setWeights(weights) {
    const json = weights && toJson(weights);
    const last = guarded(() => this.#alive().reweigh(json));
    this.#weights = weights;
    return last;
  }

  /**
   * @param {string} text
   * @returns {Promise<Float32Array>}
   */
  async embed(text) {
    return guarded(() => this.#alive().embed(text));
  }

  /** Frees the model's memory. */
  dispose() {
    // After a panic the memory is gone with the module, and freeing in it would be unsound.
    if (this.#panics === panics) this.#inner?.free();
    this.#inner = undefined;
  }

  /**
   * A request as JSON, completed by what was set.
   *
   * @param {ScoreRequest} request
   */
  #json(request) {
    if (!isObject(request) || !(this.#brand || this.#weights)) return toJson(request);
    return toJson({
      ...(this.#brand && { brand: this.#brand }),
      ...(this.#weights && { weights: this.#weights }),
      ...request,
    });
  }

  #alive() {
    if (!this.#inner)
      throw new ScorerError("disposed", "this scorer was disposed of: make another");
    if (this.#panics !== panics) {
      throw new ScorerError("panic", "the scorer broke before and must be made again");
    }
    return this.#inner;
  }
}
