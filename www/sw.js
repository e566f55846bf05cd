/**
 * Keeps the page, so that it opens without a network, and takes what other apps share with it. The
 * model is kept by the scorer itself. The build writes `PAGE` in front: its files, those that are kept
 * when they were first asked for, and a name for all.
 */
const { name, files, later } = /** @type {any} */ (globalThis).PAGE;
const worker = /** @type {any} */ (globalThis);
const SCOPE = new URL("./", globalThis.location.href);
/** Where what was shared waits for the page. */
const SHARED = new URL("shared.json", SCOPE).href;
/** Files that may change without the page: asked for, else as they were last. */
const CHANGING = [new URL("models/brands.json", SCOPE).href];

worker.addEventListener("install", (/** @type {any} */ event) => {
  const addresses = files.map((/** @type {string} */ path) => new URL(path, SCOPE).href);
  const keep = async () => {
    const cache = await caches.open(name);
    await cache.addAll(
      addresses.map((/** @type {string} */ url) => new Request(url, { cache: "no-cache" })),
    );
    await worker.skipWaiting();
  };
  event.waitUntil(keep());
});

worker.addEventListener("activate", (/** @type {any} */ event) => {
  const drop = async () => {
    // The newest of the others stays: a page of it may be open, and load its parts only now.
    for (const other of (await older()).slice(1)) await caches.delete(other);
    await worker.clients.claim();
  };
  event.waitUntil(drop());
});

/** Caches of other versions of the page, the newest first. */
async function older() {
  const names = await caches.keys();
  return names.filter((other) => other.startsWith("page-") && other !== name).reverse();
}

worker.addEventListener("fetch", (/** @type {any} */ event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== SCOPE.origin) return;
  if (request.method === "POST" && url.href === new URL("share", SCOPE).href) {
    return event.respondWith(share(request));
  }
  if (request.method !== "GET") return;
  if (url.href === SHARED) return event.respondWith(shared());
  url.search = url.hash = "";
  if (CHANGING.includes(url.href)) return event.respondWith(newest(request));
  const path = url.href.slice(SCOPE.href.length);
  if (later.includes(path)) return event.respondWith(first(url.href, request));
  if (files.includes(path === "" ? "index.html" : path)) {
    return event.respondWith(kept(new URL(path === "" ? "index.html" : path, SCOPE).href, request));
  }
  // Named by its content: a part of another version of the page.
  if (path.startsWith("assets/")) event.respondWith(ofOlder(url.href, request));
});

/** @param {string} url @param {Request} request */
async function kept(url, request) {
  const cache = await caches.open(name);
  return (await cache.match(url)) ?? fetch(request);
}

/** As it was kept, else as it comes, which is kept then. @param {string} url @param {Request} request */
async function first(url, request) {
  const cache = await caches.open(name);
  const last = await cache.match(url);
  if (last) return last;
  const answer = await fetch(request);
  if (answer.ok) await put(cache, url, answer);
  return answer;
}

/** @param {string} url @param {Request} request */
async function ofOlder(url, request) {
  for (const other of await older()) {
    const last = await caches.match(url, { cacheName: other });
    if (last) return last;
  }
  return fetch(request);
}

/** Keeps an answer where there is room: on a full disk it is still an answer. @param {Cache} cache @param {string | Request} key @param {Response} answer */
const put = (cache, key, answer) => cache.put(key, answer.clone()).catch(() => {});

/** @param {Request} request */
async function newest(request) {
  const cache = await caches.open(name);
  try {
    const answer = await fetch(request);
    if (answer.ok) await put(cache, request, answer);
    return answer;
  } catch (error) {
    const last = await cache.match(request);
    if (last) return last;
    throw error;
  }
}

/** What another app shares never leaves the device: it waits here until the page takes it. @param {Request} request */
async function share(request) {
  const form = await request.formData();
  const [title, text, url] = ["title", "text", "url"].map((name) => String(form.get(name) ?? ""));
  const cache = await caches.open(name);
  await cache.put(SHARED, Response.json({ title, text: [text, url].filter(Boolean).join("\n") }));
  return Response.redirect(new URL("?shared", SCOPE).href, 303);
}

/** Gives what was shared away, once. */
async function shared() {
  const cache = await caches.open(name);
  const waiting = await cache.match(SHARED);
  await cache.delete(SHARED);
  return waiting ?? new Response(null, { status: 204 });
}
