/** @import { FileStore } from "./types.js" */

/** Marks the entries that are this library's, and says which file each one is. */
const MARK = "bsmv-file";

/**
 * Keeps files in Cache Storage, under a name of the caller's. It may hold other entries too.
 *
 * A store never makes loading fail: where there is none, or it is full, files are loaded anew.
 *
 * @param {string} name of the cache
 * @returns {FileStore}
 */
export function pageStore(name) {
  /** @param {string} key */
  const address = (key) => {
    const url = new URL(globalThis.location.origin);
    url.searchParams.set(MARK, key);
    return url.href;
  };
  /** @type {<T>(work: (cache: Cache) => Promise<T>) => Promise<T | undefined>} */
  const attempt = async (work) => {
    try {
      return await work(await caches.open(name));
    } catch {
      return undefined;
    }
  };
  return {
    get: (key) =>
      attempt(async (cache) => {
        const kept = await cache.match(address(key));
        return kept && new Uint8Array(await kept.arrayBuffer());
      }),
    put: (key, bytes) => attempt((cache) => cache.put(address(key), new Response(bytes))),
    keepOnly: (keys) =>
      attempt(async (cache) => {
        for (const { url } of await cache.keys()) {
          const key = new URL(url).searchParams.get(MARK);
          if (key !== null && !keys.includes(key)) await cache.delete(url);
        }
      }),
  };
}
