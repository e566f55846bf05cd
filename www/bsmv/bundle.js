/** @import { Manifest, Progress, ReadFile } from "./types.js" */
import { ScorerError } from "./errors.js";

/** Version of the manifest that this library reads. */
const SCHEMA = 2;

/**
 * Loads what int8 needs of a bundle, each file checked against the SHA-256 in the manifest.
 *
 * @param {string | URL | ReadFile} model
 * @param {{ onProgress?: (progress: Progress) => void, signal?: AbortSignal }} options
 * @returns {Promise<{ manifest: Uint8Array, files: Record<string, Uint8Array> }>}
 */
export async function loadBundle(model, { onProgress, signal }) {
  const at = typeof model === "function" ? undefined : new URL(model, globalThis.location?.href);
  /** @type {(name: string, grew: (bytes: number) => void, fresh?: boolean) => Promise<Uint8Array<ArrayBuffer>>} */
  const read = (name, grew, fresh) =>
    typeof model === "function"
      ? model(name, signal)
      : download(new URL(name, at), grew, fresh ? "reload" : "default", signal);

  const name = at?.pathname.split("/").at(-1) ?? "manifest.json";
  const bytes = await read(name, () => {});
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
      const { sha256 } = manifest.files[name];
      let file = await read(name, grew);
      // A cache may hold the file of another release: ask once more, past it.
      if (at && (await digest(file)) !== sha256) file = await read(name, grew, true);
      if ((await digest(file)) !== sha256) {
        const message = `${name} is not the file that manifest.json names (SHA-256): load it again`;
        throw new ScorerError("integrity", message);
      }
      grew(file.length);
      return /** @type {const} */ ([name, file]);
    }),
  );
  return { manifest: bytes, files: Object.fromEntries(files) };
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

/**
 * @param {URL} url
 * @param {(bytes: number) => void} grew called with the bytes so far
 * @param {RequestCache} cache
 * @param {AbortSignal} [signal]
 * @returns {Promise<Uint8Array<ArrayBuffer>>}
 */
async function download(url, grew, cache, signal) {
  try {
    const response = await fetch(url, { cache, signal });
    if (!response.ok || !response.body) throw new Error(`status ${response.status}`);
    /** @type {Uint8Array[]} */
    const chunks = [];
    let length = 0;
    const reader = response.body.getReader();
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      chunks.push(next.value);
      length += next.value.length;
      grew(length);
    }
    const bytes = new Uint8Array(length);
    let end = 0;
    for (const chunk of chunks) {
      bytes.set(chunk, end);
      end += chunk.length;
    }
    return bytes;
  } catch (cause) {
    signal?.throwIfAborted();
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ScorerError("download", `${url.pathname} could not be loaded: ${why}`, { cause });
  }
}

/**
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @returns {Promise<string>} SHA-256 in lower-case hex
 */
async function digest(bytes) {
  if (!globalThis.crypto?.subtle) {
    const message = "files can't be checked here: open the page over https, or from 127.0.0.1";
    throw new ScorerError("unsupported", message);
  }
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
