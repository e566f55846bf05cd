/**
 * The worker's side of `WorkerScorer`: makes one `LocalScorer` and does what it is told.
 *
 * @import { Progress } from "./types.js"
 * @import { Call, Told } from "./worker-scorer.js"
 */
import { fromModule, ScorerError } from "./errors.js";
import { load } from "./scorer.js";

/** @type {import("./scorer.js").LocalScorer | undefined} */
let scorer;
/** Milliseconds that the files of a new scorer wait for its first answer, before they are kept. */
const KEEP_AFTER = 2000;
/** Keeps the files that were loaded. @type {(() => Promise<void>) | undefined} */
let keep;

/** Keeps them, once: while they are written a score takes several times as long. */
function keepNow() {
  keep?.();
  keep = undefined;
}

/** Stops of calls under way, by their numbers. @type {Map<number, AbortController>} */
const stops = new Map();

/** @param {Told} told @param {Transferable[]} [moved] */
const tell = (told, moved = []) => globalThis.postMessage(told, { transfer: moved });

/** An error as messages carry it. @param {ScorerError} error */
const plain = ({ code, field, message }) => ({ code, field, message });

globalThis.addEventListener("message", async (event) => {
  const { id, method, args } = /** @type {Call} */ (event.data);
  if (method === "abort") return stops.get(id)?.abort();
  const stop = new AbortController();
  stops.set(id, stop);
  const { signal } = stop;
  try {
    /** @type {unknown} */
    let value;
    switch (method) {
      case "init": {
        const onProgress = (/** @type {Progress} */ progress) => tell({ id, note: progress });
        const loaded = await load({ ...args[0], signal, onProgress });
        scorer = loaded.scorer;
        keep = loaded.keep;
        setTimeout(keepNow, KEEP_AFTER);
        break;
      }
      case "explainWords":
        value = await scorer?.explainWords(args[0], {
          signal,
          onWords: (words) => tell({ id, note: words }),
        });
        break;
      case "scoreBatch":
        value = (await scorer?.scoreBatch(args[0], { signal }))?.map((answer) =>
          answer instanceof ScorerError ? { error: plain(answer) } : { score: answer },
        );
        break;
      default:
        // @ts-expect-error: the methods of Call that are left take what args hold
        value = await scorer?.[method](...args);
    }
    tell({ id, value }, value instanceof Float32Array ? [value.buffer] : []);
  } catch (thrown) {
    // What was aborted is told by the signal on the other side.
    tell({ id, error: plain(fromModule(thrown)) });
  } finally {
    stops.delete(id);
    if (method !== "init") keepNow();
  }
});
