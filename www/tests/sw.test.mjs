/** The service worker alone, with caches of its own: no browser. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import vm from "node:vm";
import { ROOT } from "./browser.mjs";

const SCOPE = "https://bsmv.test/page/";
const SOURCE = readFileSync(join(ROOT, "www/sw.js"), "utf8");

/**
 * A service worker of version `name`, as the build makes it.
 *
 * @param {string} name
 * @param {Map<string, Map<string, string>>} kept caches by name, with texts by address
 * @param {{ host?: Record<string, string>, full?: boolean }} [options] files that the host has; whether the disk is full
 */
function serviceWorker(name, kept, { host = {}, full = false } = {}) {
  const cacheOf = (/** @type {string} */ name) => {
    const cache = kept.get(name) ?? new Map();
    kept.set(name, cache);
    const addressOf = (/** @type {any} */ key) => key.url ?? key;
    return {
      match: async (/** @type {any} */ key) => {
        const text = cache.get(addressOf(key));
        return text === undefined ? undefined : new Response(text);
      },
      put: async (/** @type {any} */ key, /** @type {Response} */ answer) => {
        if (full) throw new DOMException("the disk is full", "QuotaExceededError");
        cache.set(addressOf(key), await answer.text());
      },
    };
  };
  /** @type {Record<string, (event: any) => void>} */
  const listeners = {};
  const scope = {
    PAGE: { name, files: ["index.html"], later: [`assets/importer-${name}.js`] },
    location: { href: `${SCOPE}sw.js` },
    addEventListener: (/** @type {string} */ type, /** @type {any} */ does) => {
      listeners[type] = does;
    },
    clients: { claim: async () => {} },
    caches: {
      keys: async () => [...kept.keys()],
      open: async (/** @type {string} */ name) => cacheOf(name),
      delete: async (/** @type {string} */ name) => kept.delete(name),
      match: (/** @type {string} */ key, /** @type {{ cacheName: string }} */ { cacheName }) =>
        cacheOf(cacheName).match(key),
    },
    fetch: async (/** @type {Request} */ { url }) =>
      url in host ? new Response(host[url]) : new Response(null, { status: 404 }),
    URL,
    Request,
    Response,
  };
  vm.runInNewContext(SOURCE, scope);
  return {
    activate: async () => {
      /** @type {Promise<void> | undefined} */
      let done;
      listeners.activate({
        waitUntil: (/** @type {Promise<void>} */ promise) => {
          done = promise;
        },
      });
      await done;
    },
    /** @param {string} path @returns {Promise<Response> | undefined} nothing where the browser does it itself */
    get: (path) => {
      /** @type {Promise<Response> | undefined} */
      let answer;
      listeners.fetch({
        request: new Request(SCOPE + path),
        respondWith: (/** @type {Promise<Response>} */ promise) => {
          answer = promise;
        },
      });
      return answer;
    },
  };
}

test("a tab of the version before still gets its parts, and older versions go", async () => {
  const part = `${SCOPE}assets/importer-page-2.js`;
  const kept = new Map(
    ["page-1", "page-2", "bsmv", "page-3"].map((name) => [name, new Map([["of", name]])]),
  );
  kept.get("page-2")?.set(part, "the part of version 2");
  const worker = serviceWorker("page-3", kept);
  await worker.activate();
  assert.deepEqual([...kept.keys()], ["page-2", "bsmv", "page-3"]);
  const answer = await worker.get("assets/importer-page-2.js");
  assert.equal(await answer?.text(), "the part of version 2");
  // One that was never kept is the host's, which says that it is gone.
  assert.equal((await worker.get("assets/importer-page-1.js"))?.status, 404);
  assert.equal(worker.get("models/manifest.json"), undefined);
});

test("a part that was loaded is kept, and on a full disk it is still an answer", async () => {
  const part = `${SCOPE}assets/importer-page-3.js`;
  const host = { [part]: "a part", [`${SCOPE}models/brands.json`]: "[]" };
  for (const full of [false, true]) {
    /** @type {Map<string, Map<string, string>>} */
    const kept = new Map();
    const worker = serviceWorker("page-3", kept, { host, full });
    assert.equal(await (await worker.get("assets/importer-page-3.js"))?.text(), "a part");
    assert.equal(await (await worker.get("models/brands.json"))?.text(), "[]");
    assert.equal(kept.get("page-3")?.has(part), !full);
  }
});
