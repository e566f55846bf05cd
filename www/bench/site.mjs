/** The files that contestants read: over HTTP from localhost for pages, from disk in Node. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { brotliCompressSync, constants } from "node:zlib";
import { ROOT } from "../tests/browser.mjs";

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

const TYPES = new Map([
  [".js", "text/javascript"],
  [".mjs", "text/javascript"],
  [".json", "application/json"],
  [".wasm", "application/wasm"],
]);

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

/**
 * Serves the site on a free port, brotli where the browser takes it.
 *
 * @returns {Promise<{ address: string, sent: () => number, stop: () => void }>} `sent` tells the
 * bytes of bodies since it was last asked
 */
export async function serve() {
  let sent = 0;
  /** Bodies by path: the disk isn't what is measured. @type {Map<string, Buffer>} */
  const bodies = new Map();
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://site").pathname.slice(1);
    try {
      let body = path === "" ? Buffer.from(PAGE) : bodies.get(path);
      if (path !== "") {
        body ??= brotli(place(path));
        bodies.set(path, body);
        response.setHeader("content-encoding", "br");
      }
      response.setHeader("content-type", TYPES.get(extname(path)) ?? "application/octet-stream");
      if (path === "") response.setHeader("content-type", "text/html");
      response.setHeader("content-length", /** @type {Buffer} */ (body).length);
      sent += /** @type {Buffer} */ (body).length;
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return {
    address: `http://127.0.0.1:${port}/`,
    sent: () => {
      const bytes = sent;
      sent = 0;
      return bytes;
    },
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
