/**
 * Files by their SHA-256: read from a store, else loaded, and never handed on unless they match.
 *
 * @import { FileStore } from "./types.js"
 */
import { ScorerError } from "./errors.js";

/**
 * @typedef {object} Wanted
 * @property {string} name as messages and stores call it
 * @property {string} sha256 in lower-case hex
 * @property {(fresh: boolean) => Promise<Uint8Array<ArrayBuffer>>} load `fresh`: past any cache
 * @property {FileStore} [store] where it is kept
 */

/**
 * @param {Wanted} wanted
 * @returns {Promise<Uint8Array<ArrayBuffer>>}
 */
export async function checkedFile({ name, sha256, load, store }) {
  const key = storeKey(name, sha256);
  const kept = await store?.get(key);
  if (kept && (await digest(kept)) === sha256) return kept;
  for (const fresh of [false, true]) {
    // A cache on the way may hold the file of another release: the second time past it.
    const bytes = await load(fresh);
    if ((await digest(bytes)) !== sha256) continue;
    await store?.put(key, bytes);
    return bytes;
  }
  const message = `${name} is not the file it should be (SHA-256): load it again`;
  throw new ScorerError("integrity", message);
}

/**
 * What a store calls a file: another version of it has another key.
 *
 * @param {string} name
 * @param {string} sha256
 */
export const storeKey = (name, sha256) => `${sha256}-${name}`;

/**
 * An address that a caller gave.
 *
 * @param {string} name of the option
 * @param {string | URL} at
 * @returns {URL}
 */
export function addressOf(name, at) {
  try {
    return new URL(at, globalThis.location?.href);
  } catch (cause) {
    const message = `${name}: "${at}" is no address: give a URL, such as one of import.meta.resolve`;
    throw new ScorerError("invalid_input", message, { field: name, cause });
  }
}

/**
 * @param {URL} url
 * @param {{ cache?: RequestCache, signal?: AbortSignal, grew?: (bytes: number) => void }} [options]
 *   `grew` is called with the bytes so far
 * @returns {Promise<Uint8Array<ArrayBuffer>>}
 */
export async function download(url, { cache = "default", signal, grew } = {}) {
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
      grew?.(length);
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
 * @param {BufferSource} bytes
 * @returns {Promise<string>} SHA-256 in lower-case hex
 */
export async function digest(bytes) {
  if (!globalThis.crypto?.subtle) {
    const message = "files can't be checked here: open the page over https, or from 127.0.0.1";
    throw new ScorerError("unsupported", message);
  }
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
