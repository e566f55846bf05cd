/** @import { FileStore, Manifest, Progress, ReadFile } from "./types.js" */
import { ScorerError } from "./errors.js";
import { addressOf, checkedFile, download, storeKey } from "./files.js";

/** Version of the manifest that this library reads. */
const SCHEMA = 3;

/** What stores call the manifest, the one file that isn't known by its SHA-256. */
const MANIFEST_KEY = "manifest.json";

/**
 * Loads what int8 needs of a bundle, each file checked against the SHA-256 in the manifest.
 *
 * @param {string | URL | ReadFile} model
 * @param {{ onProgress?: (progress: Progress) => void, signal?: AbortSignal, store?: FileStore }} options
 * @returns {Promise<{ manifest: Uint8Array, files: Record<string, Uint8Array>, keys: string[] }>}
 *   `keys` are what the store calls them
 */
export async function loadBundle(model, { onProgress, signal, store }) {
  const at = typeof model === "function" ? undefined : addressOf("model", model);
  const bytes = at
    ? await loadManifest(at, signal, store)
    : await /** @type {ReadFile} */ (model)(MANIFEST_KEY, signal);
  const manifest = readManifest(bytes);
  const names = manifest.precisions.int8;
  const total = names.reduce((sum, name) => sum + manifest.files[name].bytes, 0);
  /** @type {Map<string, number>} */
  const loaded = new Map();
  const files = await Promise.all(
    names.map(async (name) => {
      const grew = (/** @type {number} */ bytes) => {
        loaded.set(name, bytes);
        onProgress?.({ loaded: [...loaded.values()].reduce((a, b) => a + b, 0), total });
      };
      const file = await checkedFile({
        name,
        sha256: manifest.files[name].sha256,
        load: (fresh) =>
          typeof model === "function"
            ? model(name, signal)
            : download(new URL(name, at), { cache: fresh ? "reload" : "default", signal, grew }),
        store: at && store,
      });
      grew(file.length);
      return /** @type {const} */ ([name, file]);
    }),
  );
  // Last: offline, the manifest must name files that are all there.
  if (at) await store?.put(MANIFEST_KEY, bytes);
  const keys = names.map((name) => storeKey(name, manifest.files[name].sha256));
  return { manifest: bytes, files: Object.fromEntries(files), keys: [MANIFEST_KEY, ...keys] };
}

/**
 * The manifest as its host has it now, or, where the host can't be reached, as it was last.
 *
 * @param {URL} at
 * @param {AbortSignal} [signal]
 * @param {FileStore} [store]
 */
async function loadManifest(at, signal, store) {
  try {
    return await download(at, { signal });
  } catch (error) {
    signal?.throwIfAborted();
    const kept = await store?.get(MANIFEST_KEY);
    if (kept) return kept;
    throw error;
  }
}

/**
 * @param {Uint8Array} bytes
 * @returns {Manifest}
 */
function readManifest(bytes) {
  /** @type {Manifest} */
  let manifest;
  try {
    manifest = JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new ScorerError("bundle", "manifest.json is not JSON", { cause });
  }
  if (manifest?.schema !== SCHEMA) {
    const message = `the bundle has schema ${manifest?.schema}, this library reads ${SCHEMA}: use a bundle of the same release`;
    throw new ScorerError("bundle_schema", message);
  }
  const missing = manifest.precisions?.int8?.find((name) => !manifest.files?.[name]);
  if (!manifest.precisions?.int8?.length || missing !== undefined) {
    const problem = missing === undefined ? "names no files for int8" : `lacks ${missing}`;
    throw new ScorerError("bundle", `manifest.json ${problem}`);
  }
  return manifest;
}
