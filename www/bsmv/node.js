/**
 * The library in Node, where files of the package are read and not fetched.
 *
 * @import { InitOptions, ReadFile } from "./types.js"
 */
import { readFile } from "node:fs/promises";
import { ScorerError } from "./errors.js";
import { folderStore } from "./folder-store.js";
import { init as initAnywhere } from "./scorer.js";

export { LocalScorer, ScorerError } from "./scorer.js";

/**
 * As `init` elsewhere; `file:` addresses are read from disk, and `cache` names a folder. The module
 * comes from this package if none is named.
 *
 * @param {InitOptions} options
 */
export async function init({
  wasm = new URL("../pkg/bsmv_bg.wasm", import.meta.url),
  cache,
  ...options
}) {
  const file = isFile(options.model) ? new URL(options.model) : undefined;
  /** @type {ReadFile} */
  const read = (name, signal) => readBytes(new URL(name, file), signal);
  return initAnywhere({
    ...options,
    wasm: isFile(wasm) ? await readBytes(new URL(wasm)) : wasm,
    model: file ? read : options.model,
    cache: typeof cache === "string" ? folderStore(cache) : cache,
  });
}

/**
 * @param {URL} file
 * @param {AbortSignal} [signal]
 */
async function readBytes(file, signal) {
  try {
    return new Uint8Array(await readFile(file, { signal }));
  } catch (cause) {
    signal?.throwIfAborted();
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ScorerError("download", `${file.href} could not be read: ${why}`, { cause });
  }
}

/**
 * @param {unknown} at
 * @returns {at is string | URL}
 */
const isFile = (at) =>
  (typeof at === "string" || at instanceof URL) && String(at).startsWith("file:");
