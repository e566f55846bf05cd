/**
 * One worker for each model, however many ask for it: two drafts beside each other need the model
 * in memory once.
 *
 * @import { InitWorkerOptions, Progress, Scorer } from "./types.js"
 */
import { ofOnlyEntry, ScorerError } from "./errors.js";
import { initWorker } from "./worker-scorer.js";

/** Milliseconds that a worker is kept when nobody has it: moved elements come back at once. */
const GRACE = 500;

/**
 * @typedef {object} Shared
 * @property {Promise<Scorer>} scorer
 * @property {number} users
 * @property {{ progress?: Progress, listeners: Set<(progress: Progress) => void> }} told while it
 *   is loaded
 * @property {AbortController} stop ends loading
 */

/** @type {Map<string, Shared>} */
const all = new Map();

/**
 * A scorer that shares its worker with all others of the same model. `dispose` gives it back; the
 * last one ends the worker. Loading is ended by the signal only if nobody else waits for it.
 *
 * @param {InitWorkerOptions} options `wasm`, `cache` and `worker` are those of the first who asks
 * @param {(options: InitWorkerOptions) => Promise<Scorer>} [make] for tests
 * @returns {Promise<Scorer>}
 */
export async function shareWorker({ signal, onProgress, ...options }, make = initWorker) {
  signal?.throwIfAborted();
  const key = new URL(options.model, globalThis.location?.href).href;
  const shared = all.get(key) ?? begin(key, options, make);
  shared.users += 1;
  let given = false;
  const giveBack = () => {
    if (given) return;
    given = true;
    shared.users -= 1;
    if (shared.users === 0) setTimeout(() => shared.users === 0 && end(key, shared), GRACE);
  };
  signal?.addEventListener("abort", giveBack);
  if (onProgress) {
    shared.told.listeners.add(onProgress);
    if (shared.told.progress) onProgress(shared.told.progress);
  }
  try {
    return lane(await shared.scorer, giveBack, () => forget(key, shared));
  } catch (error) {
    giveBack();
    throw error;
  } finally {
    signal?.removeEventListener("abort", giveBack);
    if (onProgress) shared.told.listeners.delete(onProgress);
  }
}

/**
 * @param {string} key
 * @param {InitWorkerOptions} options
 * @param {(options: InitWorkerOptions) => Promise<Scorer>} make
 */
function begin(key, options, make) {
  const stop = new AbortController();
  /** @type {Shared["told"]} */
  const told = { listeners: new Set() };
  const onProgress = (/** @type {Progress} */ progress) => {
    told.progress = progress;
    for (const listener of told.listeners) listener(progress);
  };
  const scorer = make({ ...options, signal: stop.signal, onProgress });
  /** @type {Shared} */
  const shared = { scorer, users: 0, told, stop };
  all.set(key, shared);
  // What couldn't be loaded is loaded anew for the next who asks.
  scorer.catch(() => forget(key, shared));
  return shared;
}

/** @param {string} key @param {Shared} shared */
function forget(key, shared) {
  if (all.get(key) === shared) all.delete(key);
}

/** @param {string} key @param {Shared} shared */
function end(key, shared) {
  forget(key, shared);
  shared.stop.abort();
  shared.scorer.then((scorer) => scorer.dispose()).catch(() => {});
}

/**
 * A user's view of a shared scorer.
 *
 * @param {Scorer} scorer
 * @param {() => void} giveBack
 * @param {() => void} broke
 * @returns {Scorer}
 */
function lane(scorer, giveBack, broke) {
  const unshared = () => {
    throw new ScorerError("invalid_input", "a shared scorer keeps no settings: put it in requests");
  };
  /** @param {unknown} answer */
  const watch = (answer) => {
    if (answer instanceof ScorerError && ["panic", "disposed"].includes(answer.code)) broke();
  };
  /** @type {<T>(call: Promise<T>) => Promise<T>} */
  const watched = async (call) => {
    try {
      return await call;
    } catch (error) {
      watch(error);
      throw error;
    }
  };
  /** @type {Scorer["scoreBatch"]} */
  const scoreBatch = async (requests, options) => {
    const answers = await watched(scorer.scoreBatch(requests, options));
    answers.forEach(watch);
    return answers;
  };
  return {
    // `score` would let the newest of all users win; a batch waits for its turn.
    score: async (request) => {
      const [answer] = await scoreBatch([request]);
      if (answer instanceof ScorerError) throw ofOnlyEntry(answer);
      return answer;
    },
    scoreBatch,
    explain: (request) => watched(scorer.explain(request)),
    explainWords: (request, options) => watched(scorer.explainWords(request, options)),
    embed: (text) => watched(scorer.embed(text)),
    setBrand: unshared,
    setWeights: unshared,
    dispose: giveBack,
  };
}
