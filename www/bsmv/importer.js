/**
 * Posts from the files that people have: platforms' exports, crawlers' files, tables of one's own. They
 * are read on this device, in a worker that loads its module when there is a file.
 *
 * @import { DraftRows, Past, ReadFileOptions } from "./types.js"
 */
import { ScorerError } from "./errors.js";
import { forbidden, notStarted } from "./worker-refused.js";

/** Largest file that is read, in bytes: a worker holds it a few times over. */
const LARGEST = 100e6;

/** What the worker is asked. @typedef {{ what: "past" | "drafts", bytes: ArrayBuffer, offset: number }} Asked */
/**
 * What it answers: parts of a list, then the rest, which says what the list is called in it; or an error.
 *
 * @typedef {{ part?: unknown[], value?: any, list?: string, error?: { code: string, message: string } }} Answered
 */

/**
 * A creator's own posts in a file, with what became of them.
 *
 * @param {Blob} file
 * @param {ReadFileOptions} [options]
 * @returns {Promise<Past>} throws a `ScorerError` where nothing of the file can be read: its code says why
 */
export const readPast = (file, options) => read("past", file, options);

/**
 * The rows of a file as requests to score.
 *
 * @param {Blob} file
 * @param {ReadFileOptions} [options]
 * @returns {Promise<DraftRows>} throws as `readPast` does
 */
export const readDrafts = (file, options) => read("drafts", file, options);

/** Where the worker's script is, unless a bundler finds another place for it. */
const SCRIPT = new URL("./importer-worker.js", import.meta.url);

function start() {
  try {
    // Written out, since bundlers look for these words.
    return new Worker(new URL("./importer-worker.js", import.meta.url), { type: "module" });
  } catch (cause) {
    throw forbidden(SCRIPT, cause, "");
  }
}

/**
 * @param {Asked["what"]} what
 * @param {Blob} file
 * @param {ReadFileOptions} [options]
 */
async function read(what, file, { signal, worker } = {}) {
  signal?.throwIfAborted();
  if (file.size > LARGEST) {
    const message = `the file has ${file.size} bytes, at most ${LARGEST} are read: give a part of it`;
    throw new ScorerError("too_large", message);
  }
  const bytes = await file.arrayBuffer();
  signal?.throwIfAborted();
  const offset = -new Date().getTimezoneOffset();
  const reader = worker ?? start();
  const script = worker ? undefined : SCRIPT;
  try {
    return await new Promise((resolve, reject) => {
      signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
      /** @type {unknown[]} */
      const parts = [];
      reader.addEventListener("message", ({ data }) => {
        const { part, value, list, error } = /** @type {Answered} */ (data);
        if (error) reject(new ScorerError(error.code, error.message));
        else if (part) parts.push(...part);
        else resolve(list ? { ...value, [list]: parts } : value);
      });
      reader.addEventListener("error", async (event) => {
        event.preventDefault();
        reject(await notStarted(script, event.message));
      });
      reader.postMessage({ what, bytes, offset }, [bytes]);
    });
  } finally {
    // Its memory held the file.
    reader.terminate();
  }
}
