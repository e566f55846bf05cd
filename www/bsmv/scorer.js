/** @import { InitOptions, Score, Scorer, ScoreRequest } from "./types.js" */
import initModule, { __wbg_reset_state, WasmScorer } from "../pkg/bsmv.js";
import { loadBundle } from "./bundle.js";
import { fromModule, ScorerError } from "./errors.js";
import { toJson } from "./json.js";

export { ScorerError };

/** Counts panics. A panic leaves the memory of the one module unsound, for all its scorers. */
let panics = 0;
/** Panics that the module was reset after. */
let resets = 0;

/**
 * Loads the module and a bundle, and makes a scorer that computes in this thread.
 *
 * @param {InitOptions} options
 * @returns {Promise<LocalScorer>}
 */
export async function init({ wasm, model, onProgress, signal }) {
  const [bundle] = await Promise.all([loadBundle(model, { onProgress, signal }), loadModule(wasm)]);
  signal?.throwIfAborted();
  if (resets < panics) {
    __wbg_reset_state();
    resets = panics;
  }
  return new LocalScorer(guarded(() => new WasmScorer(bundle.manifest, bundle.files)));
}

/** The one module, being loaded or loaded. @type {Promise<unknown> | undefined} */
let loading;

/** @param {InitOptions["wasm"]} wasm */
async function loadModule(wasm = new URL("../pkg/bsmv_bg.wasm", import.meta.url)) {
  try {
    // Once: a second instance would take the place of the first, scorers and all.
    loading ??= initModule({ module_or_path: wasm });
    await loading;
  } catch (cause) {
    loading = undefined;
    if (cause instanceof WebAssembly.CompileError) {
      const message =
        "this browser is too old: the scorer needs WebAssembly SIMD, which all have since 2023";
      throw new ScorerError("unsupported", message, { cause });
    }
    throw new ScorerError("download", `the scorer could not be loaded: ${cause}`, { cause });
  }
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

/**
 * A scorer in this thread. Its methods are asynchronous only so that all scorers are alike.
 *
 * @implements {Scorer}
 */
export class LocalScorer {
  /** @type {WasmScorer | undefined} */
  #inner;
  #panics = panics;

  /** @param {WasmScorer} inner as `init` makes it */
  constructor(inner) {
    this.#inner = inner;
  }

  /**
   * @param {ScoreRequest} request
   * @returns {Promise<Score>}
   */
  async score(request) {
    const json = toJson(request);
    return guarded(() => this.#alive().score(json));
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

  #alive() {
    if (!this.#inner)
      throw new ScorerError("disposed", "this scorer was disposed of: make another");
    if (this.#panics !== panics) {
      throw new ScorerError("panic", "the scorer broke before and must be made again");
    }
    return this.#inner;
  }
}
