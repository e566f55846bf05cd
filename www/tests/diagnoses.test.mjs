/** Pages that forbid or lack what a scorer needs: errors that say what to change. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { after, before, test } from "node:test";
import { initWorker } from "../bsmv/worker-scorer.js";
import { launch, ROOT } from "./browser.mjs";

const TYPES = new Map([
  [".js", "text/javascript"],
  [".wasm", "application/wasm"],
  [".json", "application/json"],
  [".html", "text/html"],
]);

/**
 * Serves the library at `/bsmv/` and the model at `/models/`, and an empty page at every other
 * path, whose query may name a policy.
 *
 * @param {{ missing?: string, asHtml?: string }} [faults] paths that aren't there, or aren't scripts
 */
async function host({ missing, asHtml } = {}) {
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? "/", "http://host");
    const policy = url.searchParams.get("policy");
    if (policy) response.setHeader("content-security-policy", policy);
    response.setHeader("access-control-allow-origin", "*");
    if (url.pathname === missing) return response.writeHead(404).end();
    if (!/^\/(bsmv|pkg|models)\//.test(url.pathname)) {
      response.setHeader("content-type", "text/html");
      return response.end("<!doctype html><title>page</title>");
    }
    const folder = url.pathname.startsWith("/models/") ? ROOT : join(ROOT, "www");
    const path = normalize(join(folder, url.pathname));
    const type = url.pathname === asHtml ? "text/html" : TYPES.get(extname(path));
    response.setHeader("content-type", type ?? "application/octet-stream");
    response.end(await readFile(path).catch(() => ""));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return { address: `http://127.0.0.1:${port}`, server };
}

/** @type {Awaited<ReturnType<typeof host>>[]} */
let hosts;
/** @type {import("playwright-core").Browser} */
let browser;

before(async () => {
  const worker = "/bsmv/worker.js";
  hosts = await Promise.all([host(), host({ missing: worker }), host({ asHtml: worker })]);
  browser = await launch();
});

after(async () => {
  await browser?.close();
  for (const { server } of hosts ?? []) {
    server.closeAllConnections();
    server.close();
  }
});

/**
 * What a scorer's maker throws in a frame.
 *
 * @param {import("playwright-core").Frame} frame
 * @param {string} library where the library is
 * @param {"init" | "initWorker"} make
 * @returns {Promise<{ name: string, code: string, message: string }>}
 */
const thrown = (frame, library, make) =>
  frame.evaluate(
    async ([library, make]) => {
      const file = make === "init" ? "scorer.js" : "worker-scorer.js";
      const { [make]: begin } = await import(`${library}/bsmv/${file}`);
      try {
        await begin({ model: `${library}/models/bsmv-base/manifest.json` });
        return { name: "none", code: "none", message: "it worked" };
      } catch (error) {
        const { name, code, message } = /** @type {any} */ (error);
        return { name, code, message };
      }
    },
    /** @type {const} */ ([library, make]),
  );

/**
 * @typedef {object} Case
 * @property {string} name
 * @property {"init" | "initWorker"} make
 * @property {string} [policy] of the page
 * @property {number} [page] host of the page
 * @property {number} [library] host of the library
 * @property {string} code
 * @property {RegExp} says
 */

/** @type {Case[]} */
const CASES = [
  {
    name: "a policy without wasm-unsafe-eval",
    make: "init",
    policy: "script-src 'self'",
    code: "unsupported",
    says: /Content-Security-Policy.*add 'wasm-unsafe-eval' to its script-src/,
  },
  {
    name: "a worker's script that isn't there",
    make: "initWorker",
    page: 1,
    library: 1,
    code: "download",
    says: /\/bsmv\/worker\.js could not be loaded \(status 404\).*pass `worker`/,
  },
  {
    name: "a worker's script that a host answers with its page",
    make: "initWorker",
    page: 2,
    library: 2,
    code: "download",
    says: /\/bsmv\/worker\.js could not be loaded.*served as text\/html/,
  },
  {
    name: "a library of another origin",
    make: "initWorker",
    library: 1,
    code: "unsupported",
    says: /another origin.*pass `worker`/,
  },
  {
    name: "a policy that requires Trusted Types",
    make: "initWorker",
    policy: "require-trusted-types-for 'script'",
    code: "unsupported",
    says: /Trusted Types.*pass `worker`/,
  },
  {
    name: "a policy without workers",
    make: "initWorker",
    policy: "worker-src 'none'",
    code: "unsupported",
    says: /worker-src 'self'/,
  },
];

for (const { name, make, policy, page: at = 0, library = at, code, says } of CASES) {
  test(`${name} is told with what to change`, async () => {
    const page = await browser.newPage();
    const query = policy ? `?policy=${encodeURIComponent(policy)}` : "";
    await page.goto(`${hosts[at].address}/page${query}`);
    const error = await thrown(page.mainFrame(), hosts[library].address, make);
    assert.deepEqual([error.name, error.code], ["ScorerError", code], error.message);
    assert.match(error.message, says);
    await page.close();
  });
}

test("a frame that is sandboxed is told with what to change", async () => {
  const page = await browser.newPage();
  await page.goto(`${hosts[0].address}/page`);
  await page.evaluate(() => {
    const frame = document.createElement("iframe");
    frame.sandbox.add("allow-scripts");
    frame.src = "/inside";
    document.body.append(frame);
    return new Promise((resolve) => frame.addEventListener("load", () => resolve(undefined)));
  });
  const inside = page.frames().find((frame) => frame.url().endsWith("/inside"));
  assert.ok(inside);
  const error = await thrown(inside, hosts[0].address, "initWorker");
  assert.deepEqual([error.name, error.code], ["ScorerError", "unsupported"], error.message);
  assert.match(error.message, /sandbox.*allow-same-origin/);
  await page.close();
});

test("where there are no workers `init` is named", async () => {
  await assert.rejects(initWorker({ model: "https://models.example/manifest.json" }), {
    name: "ScorerError",
    code: "unsupported",
    message: /no Worker here: use `init`/,
  });
});

test("what is no address is refused by name", async () => {
  await assert.rejects(initWorker({ model: "models/manifest.json" }), {
    code: "invalid_input",
    field: "model",
  });
});
