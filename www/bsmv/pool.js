/**
 * Many requests, scored by several workers at once.
 *
 * @import { PoolOptions, Refusal, Score, Scorer, ScoreRequest } from "./types.js"
 */
import { fromModule, ofOnlyEntry, ScorerError } from "./errors.js";
import { initWorker } from "./worker-scorer.js";

/** Most workers: each holds the model once. */
const MOST = 4;
/** Requests that a worker is given at a time. */
const CHUNK = 4;
/** Codes after which a worker is gone. */
const GONE = ["panic", "disposed"];

/** @param {Score | Refusal | ScorerError} answer */
const isGone = (answer) => answer instanceof ScorerError && GONE.includes(answer.code);

/** Workers for this machine: one processor is left to the page. */
export const poolSize = () =>
  Math.max(1, Math.min(MOST, (globalThis.navigator?.hardwareConcurrency ?? 2) - 1));

/**
 * Scores requests by several workers, equal ones once. The model is loaded by the first worker; the
 * others take it from the cache. Each answer is handed on as it comes.
 *
 * @param {ScoreRequest[]} requests
 * @param {PoolOptions} options
 * @returns {Promise<void>} when all are answered; throws where no worker could be made, or what the
 *   signal's reason is
 */
export async function scoreMany(requests, options) {
  const { workers = poolSize(), signal, onAnswer, load = loader(options) } = options;
  signal?.throwIfAborted();
  /** Places that wait, the next one last. */
  const waiting = [...requests.keys()].reverse();
  /** @type {Map<string, Score | Refusal>} */
  const known = new Map();
  const keyOf = (/** @type {number} */ i) => JSON.stringify(requests[i]);
  /** @type {Set<Scorer>} */
  const scorers = new Set();
  let over = false;

  /** Up to a few places whose request is not known yet; those that are, are answered. */
  const take = () => {
    /** @type {number[]} */
    const taken = [];
    while (taken.length < CHUNK && waiting.length > 0) {
      const i = /** @type {number} */ (waiting.pop());
      const answer = known.get(keyOf(i));
      if (answer) onAnswer(i, answer);
      else taken.push(i);
    }
    return taken;
  };

  const work = async (/** @type {Scorer} */ first) => {
    let scorer = first;
    for (let chunk = take(); chunk.length > 0; chunk = take()) {
      const answers = await answersOf(scorer, chunk, requests, signal);
      signal?.throwIfAborted();
      // Another failed, and the scorer was disposed of under this one's hands.
      if (over) return;
      const gone = answers.findIndex(isGone);
      const looked = gone === -1 ? answers : answers.slice(0, gone + 1);
      for (const [at, answer] of looked.entries()) {
        onAnswer(chunk[at], answer);
        if (!(answer instanceof ScorerError)) known.set(keyOf(chunk[at]), answer);
      }
      // What came behind an error of the whole, or of the worker, was never looked at.
      waiting.push(...chunk.slice(looked.length).reverse());
      if (gone === -1) continue;
      scorer.dispose();
      scorers.delete(scorer);
      scorer = await load();
      if (over) return scorer.dispose();
      scorers.add(scorer);
    }
  };

  try {
    const first = await load();
    scorers.add(first);
    const others = Math.min(workers, Math.ceil(requests.length / CHUNK)) - 1;
    const more = Array.from({ length: Math.max(0, others) }, async () => {
      let scorer;
      try {
        scorer = await load();
      } catch {
        // Too little memory for another: there is one that works.
        return;
      }
      if (over) return scorer.dispose();
      scorers.add(scorer);
      await work(scorer);
    });
    await Promise.all([work(first), ...more]);
  } finally {
    over = true;
    for (const scorer of scorers) scorer.dispose();
  }
}

/** @param {PoolOptions} options @returns {() => Promise<Scorer>} */
function loader({ model, cache, signal, onProgress }) {
  let first = true;
  return () => {
    const told = first ? onProgress : undefined;
    first = false;
    return initWorker({ model, cache, signal, onProgress: told });
  };
}

/**
 * Answers of a chunk from its begin: the error alone where the whole failed.
 *
 * @param {Scorer} scorer
 * @param {number[]} chunk
 * @param {ScoreRequest[]} requests
 * @param {AbortSignal} [signal]
 * @returns {Promise<(Score | Refusal | ScorerError)[]>}
 */
async function answersOf(scorer, chunk, requests, signal) {
  try {
    const answers = await scorer.scoreBatch(
      chunk.map((i) => requests[i]),
      { signal },
    );
    return answers.map((answer, at) => (answer instanceof ScorerError ? own(answer, at) : answer));
  } catch (thrown) {
    signal?.throwIfAborted();
    return [fromModule(thrown)];
  }
}

/** An error of a request as of that request itself, not of its place among some. @param {ScorerError} error @param {number} at */
function own({ code, field, message }, at) {
  const first = (/** @type {string} */ text) => text.replace(`[${at}]`, "[0]");
  return ofOnlyEntry(new ScorerError(code, first(message), { field: field && first(field) }));
}
