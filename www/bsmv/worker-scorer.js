/**
 * @import { Brand, CallOptions, Explanation, InitWorkerOptions, Refusal, Score, Scorer, ScoreRequest, Weights, WordShares, WordsOptions } from "./types.js"
 */
import { ofEntry, ScorerError } from "./errors.js";
import { addressOf } from "./files.js";
import { toJson } from "./json.js";
import { forbidden, notStarted } from "./worker-refused.js";

/**
 * What the worker is asked: `id` numbers the call.
 *
 * @typedef {{ id: number, method: Method, args: any[] }} Call
 * @typedef {"init" | "score" | "scoreBatch" | "explain" | "explainWords" | "setBrand" | "setWeights" | "embed" | "abort"} Method
 */
/**
 * What it tells: a note on the way, or how the call ended.
 *
 * @typedef {{ id: number, note?: any, value?: unknown, error?: { code: string, field?: string, message: string } }} Told
 */
/**
 * @typedef {object} Waiting
 * @property {(value: any) => void} resolve
 * @property {(reason: unknown) => void} reject
 * @property {(note: any) => void} [onNote]
 * @property {() => void} done
 */

/**
 * Loads the module and a bundle in a worker of their own, so that a page never waits for them.
 *
 * @param {InitWorkerOptions} options
 * @returns {Promise<WorkerScorer>}
 */
export async function initWorker(options) {
  const { worker, wasm, model, cache, memoryBudget, onProgress, signal } = options;
  signal?.throwIfAborted();
  const args = {
    model: addressOf("model", model).href,
    cache,
    memoryBudget,
    ...(wasm !== undefined && { wasm: addressOf("wasm", wasm).href }),
  };
  const scorer = new WorkerScorer(worker ?? start(), worker ? undefined : SCRIPT);
  try {
    await scorer.call("init", [args], { signal, onNote: onProgress });
    return scorer;
  } catch (error) {
    scorer.dispose();
    throw error;
  }
}

/** Where the worker's script is, unless a bundler finds another place for it. */
const SCRIPT = new URL("./worker.js", import.meta.url);

function start() {
  if (typeof Worker === "undefined") {
    const message = "there is no Worker here: use `init`, which scores in this thread";
    throw new ScorerError("unsupported", message);
  }
  try {
    // Written out, since bundlers look for these words.
    return new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  } catch (cause) {
    throw forbidden(SCRIPT, cause);
  }
}

/**
 * A scorer in a worker. Of drafts that come faster than they are scored the newest wins: `score`
 * keeps one waiting at most, and the one it takes the place of fails with code `superseded`.
 *
 * @implements {Scorer}
 */
export class WorkerScorer {
  /** @type {Worker | undefined} */
  #worker;
  /** @type {Map<number, Waiting>} */
  #waiting = new Map();
  #calls = 0;
  /** Whether a draft is being scored. */
  #busy = false;
  /** The draft that is next. @type {{ start: () => void, reject: (reason: unknown) => void } | undefined} */
  #next;
  /** Whether the worker has said anything yet: what breaks before is its script. */
  #started = false;

  /**
   * @param {Worker} worker as `initWorker` makes it
   * @param {URL} [script] where its script is, if that is known
   */
  constructor(worker, script) {
    this.#worker = worker;
    worker.addEventListener("message", (event) => {
      this.#started = true;
      this.#told(event.data);
    });
    worker.addEventListener("error", async (event) => {
      event.preventDefault();
      if (!this.#started) return this.#end(await notStarted(script, event.message));
      const message = `the worker broke and must be made again: ${event.message}`;
      this.#end(new ScorerError("panic", message));
    });
  }

  /**
   * @param {ScoreRequest} request
   * @param {CallOptions} [options]
   * @returns {Promise<Score | Refusal>}
   */
  score(request, options = {}) {
    // A mistake that JSON would hide is told here, where the request still is what it was.
    toJson(request);
    return new Promise((resolve, reject) => {
      const start = () => {
        this.#busy = true;
        this.call("score", [request], options)
          .then(resolve, reject)
          .finally(() => {
            this.#busy = false;
            const next = this.#next;
            this.#next = undefined;
            next?.start();
          });
      };
      if (!this.#busy) return start();
      this.#next?.reject(new ScorerError("superseded", "a newer draft took this one's place"));
      this.#next = { start, reject };
    });
  }

  /**
   * @param {ScoreRequest[]} requests
   * @param {CallOptions} [options]
   * @returns {Promise<(Score | Refusal | ScorerError)[]>}
   */
  async scoreBatch(requests, options) {
    /** What can't be sent is told here. @type {Map<number, ScorerError>} */
    const refused = new Map();
    const sent = requests.map((request, i) => {
      try {
        return JSON.parse(toJson(request));
      } catch (error) {
        refused.set(i, ofEntry(error, i));
        return null;
      }
    });
    /** @type {{ score: Score | Refusal, error?: { code: string, field?: string, message: string } }[]} */
    const told = await this.call("scoreBatch", [sent], options);
    return told.map(
      ({ score, error }, i) =>
        refused.get(i) ?? (error ? new ScorerError(error.code, error.message, error) : score),
    );
  }

  /**
   * @param {ScoreRequest} request
   * @returns {Promise<Explanation | Refusal>}
   */
  explain(request) {
    return this.call("explain", [request]);
  }

  /**
   * @param {ScoreRequest} request
   * @param {WordsOptions} [options]
   * @returns {Promise<WordShares>}
   */
  explainWords(request, { signal, onWords } = {}) {
    return this.call("explainWords", [request], { signal, onNote: onWords });
  }

  /** @param {Brand} [brand] */
  setBrand(brand) {
    this.call("setBrand", [brand]).catch(() => {});
  }

  /**
   * @param {Weights} [weights]
   * @returns {Promise<Score | Refusal | undefined>}
   */
  setWeights(weights) {
    return this.call("setWeights", [weights]);
  }

  /**
   * @param {string} text
   * @returns {Promise<Float32Array>}
   */
  embed(text) {
    return this.call("embed", [text]);
  }

  /** Ends the worker; calls under way fail with code `disposed`. */
  dispose() {
    this.#end(new ScorerError("disposed", "this scorer was disposed of: make another"));
  }

  /**
   * Asks the worker; for `initWorker` and the methods above only.
   *
   * @param {Method} method
   * @param {unknown[]} args
   * @param {{ signal?: AbortSignal, onNote?: (note: any) => void }} [options]
   * @returns {Promise<any>}
   */
  call(method, args, { signal, onNote } = {}) {
    if (signal?.aborted) return Promise.reject(signal.reason);
    const worker = this.#worker;
    if (!worker) {
      const message = "this scorer was disposed of, or broke: make another";
      return Promise.reject(new ScorerError("disposed", message));
    }
    const id = ++this.#calls;
    return new Promise((resolve, reject) => {
      const abort = () => {
        worker.postMessage({ id, method: "abort", args: [] });
        this.#settle(id)?.reject(signal?.reason);
      };
      signal?.addEventListener("abort", abort);
      const done = () => signal?.removeEventListener("abort", abort);
      this.#waiting.set(id, { resolve, reject, onNote, done });
      try {
        worker.postMessage({ id, method, args });
      } catch (cause) {
        // What can't be copied to a worker is no JSON either.
        const message = `the request can't be sent to the worker: ${cause}`;
        this.#settle(id)?.reject(new ScorerError("invalid_input", message, { cause }));
      }
    });
  }

  /** @param {Told} told */
  #told({ id, note, value, error }) {
    if (note !== undefined) return this.#waiting.get(id)?.onNote?.(note);
    const waiting = this.#settle(id);
    if (error) waiting?.reject(new ScorerError(error.code, error.message, { field: error.field }));
    else waiting?.resolve(value);
  }

  /** @param {number} id */
  #settle(id) {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    waiting?.done();
    return waiting;
  }

  /** @param {ScorerError} reason */
  #end(reason) {
    this.#worker?.terminate();
    this.#worker = undefined;
    this.#next?.reject(reason);
    this.#next = undefined;
    for (const id of [...this.#waiting.keys()]) this.#settle(id)?.reject(reason);
  }
}
