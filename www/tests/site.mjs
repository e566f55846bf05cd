/** Sites on this machine: serving files, waiting for those of others, hearing pages complain. */
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createSocket } from "node:net";
import { extname, join } from "node:path";
import { PATIENCE } from "./browser.mjs";

/** As strict as the package documents. */
export const POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; worker-src 'self'";

const TYPES = new Map([
  [".html", "text/html"],
  [".js", "text/javascript"],
  [".mjs", "text/javascript"],
  [".json", "application/json"],
  [".wasm", "application/wasm"],
]);

/**
 * Serves files on a free port.
 *
 * @param {(path: string) => { body: Buffer, headers?: Record<string, string> }} find what a path is
 * answered with, which has the path's last part as its type; where it throws there is nothing
 * @returns {Promise<{ address: string, asked: string[], sent: () => number, stop: () => void }>}
 * `asked`: paths, in order; `sent` tells the bytes of bodies since it was last asked
 */
export async function serveFiles(find) {
  /** @type {string[]} */
  const asked = [];
  let sent = 0;
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://site");
    asked.push(pathname);
    const path = pathname.endsWith("/") ? `${pathname}index.html` : pathname;
    try {
      const { body, headers = {} } = find(path);
      const type = TYPES.get(extname(path)) ?? "application/octet-stream";
      response.writeHead(200, { "content-type": type, "content-length": body.length, ...headers });
      response.end(body);
      sent += body.length;
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return {
    address: `http://127.0.0.1:${port}/`,
    asked,
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

/**
 * A folder as a web site of its own, under the strict policy that the package documents.
 *
 * @param {string} folder
 */
export function site(folder) {
  return serveFiles((path) => ({
    body: readFileSync(join(folder, path)),
    headers: { "content-security-policy": POLICY },
  }));
}

/** A port that was free a moment ago: for programs that don't say which one they chose. */
export async function freePort() {
  const server = createSocket();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/**
 * Waits until somebody answers at an address.
 *
 * @param {string} address
 * @param {() => boolean} dead whether waiting is in vain
 * @returns {Promise<boolean>}
 */
export async function answers(address, dead) {
  for (const start = Date.now(); !dead() && Date.now() - start < PATIENCE; ) {
    const answer = await fetch(address).catch(() => undefined);
    await answer?.arrayBuffer();
    if (answer) return true;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return false;
}

/**
 * What a page complains of from now on; a missing icon aside.
 *
 * @param {import("playwright-core").Page} page
 * @returns {string[]}
 */
export function complaintsOf(page) {
  /** @type {string[]} */
  const complaints = [];
  page.on("console", (message) => {
    const icon = message.location().url.endsWith("/favicon.ico");
    if (message.type() === "error" && !icon) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  return complaints;
}
