/** The files that contestants read: over HTTP from localhost for pages, from disk in Node. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { brotliCompressSync, constants } from "node:zlib";
import { ROOT } from "../tests/browser.mjs";
import { serveFiles } from "../tests/site.mjs";

/** Where the first part of a path lies. @type {Record<string, string>} */
const PLACES = {
  bench: "www/bench",
  bsmv: "www/bsmv",
  bundle: "models/bsmv-base",
  models: "target/bench",
  module: "target/bench/module",
  peers: "www/bench/peers/node_modules",
  pkg: "www/pkg",
};

/** @param {string} path */
function place(path) {
  const [first, ...rest] = path.split("/");
  const folder = PLACES[first];
  if (!folder || rest.includes("..")) throw new Error(`no such place: ${path}`);
  return join(ROOT, folder, ...rest);
}

/** Reads the site from disk. @type {import("./contestants.js").Host} */
export const disk = {
  bytes: async (path) => new Uint8Array(await readFile(place(path))),
  module: (path) => import(pathToFileURL(place(path)).href),
  at: (path) => place(path),
  page: false,
};

/**
 * A file as brotli makes it, kept for the next time. At quality 9: the best, 11, takes a minute for
 * the larger modules and saves a tenth of them.
 *
 * @param {string} file
 */
function brotli(file) {
  const bytes = readFileSync(file);
  const sum = createHash("sha256").update(bytes).digest("hex");
  const kept = join(ROOT, "target/bench/br", sum);
  if (existsSync(kept)) return readFileSync(kept);
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: 9,
    [constants.BROTLI_PARAM_LGWIN]: 24,
  };
  const small = brotliCompressSync(bytes, { params });
  mkdirSync(join(ROOT, "target/bench/br"), { recursive: true });
  writeFileSync(kept, small);
  return small;
}

/** The page that everything runs in: it names what to load, and how a page reads the site. */
const PAGE = `<!doctype html>
<title>bench</title>
<link rel="icon" href="data:,">
<script type="module">
  const host = {
    at: (path) => new URL(path, location.origin).href,
    bytes: async (path) => new Uint8Array(await (await fetch("/" + path)).arrayBuffer()),
    module: (path) => import("/" + path),
    page: true,
  };
  globalThis.host = host;
  globalThis.bench = import("/bench/contestants.js");
</script>`;

/** Serves the page and what it loads, as brotli: every browser of today takes that. */
export function serve() {
  /** Bodies by path: the disk isn't what is measured. @type {Map<string, Buffer>} */
  const bodies = new Map();
  return serveFiles((path) => {
    if (path === "/index.html") return { body: Buffer.from(PAGE) };
    const body = bodies.get(path) ?? brotli(place(path.slice(1)));
    bodies.set(path, body);
    return { body, headers: { "content-encoding": "br" } };
  });
}
