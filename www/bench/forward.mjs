/**
 * A forward pass of the graph network, columns and all, in Node and in Chromium: median
 * milliseconds by number of events, and the slope of their logarithms (1 is linear).
 * `./build.sh bench` builds the module; the first argument names its folder.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { launch, ROOT } from "../tests/browser.mjs";

const SIZES = [1_000, 3_000, 10_000, 30_000, 100_000];
const ROUNDS = 15;
/** Milliseconds that a pass over 10,000 events may take in Chromium. */
const TARGET = 20;

const folder = process.argv[2] ?? "target/forward";
const wasm = await readFile(join(ROOT, folder, "bsmv_bg.wasm"));
const weights = await readFile(
  join(ROOT, process.argv[3] ?? "models/bsmv-base/diffusion.safetensors"),
);

/**
 * Runs where the module runs, so it may use nothing from around it.
 *
 * @param {{ glue: any, wasm: Uint8Array, weights: Uint8Array, sizes: number[], rounds: number }} run
 */
async function measure({ glue, wasm, weights, sizes, rounds }) {
  await glue.default({ module_or_path: wasm });
  const medians = [];
  for (const events of sizes) {
    const forward = new glue.Forward(weights, events);
    // Until the engine has compiled what runs often.
    for (const begin = performance.now(); performance.now() - begin < 1_000; ) forward.run();
    const times = [];
    for (let round = 0; round < rounds; round++) {
      const start = performance.now();
      forward.run();
      times.push(performance.now() - start);
    }
    const sorted = times.sort((a, b) => a - b);
    medians.push(sorted[Math.floor(rounds / 2)]);
    forward.free();
  }
  return medians;
}

/** @param {string} where @param {number[]} medians */
function report(where, medians) {
  SIZES.forEach((events, i) => {
    console.log(`${where} ${String(events).padStart(7)} events: ${medians[i].toFixed(2)} ms`);
  });
  const slope = (/** @type {number} */ from, /** @type {number} */ to) =>
    Math.log(medians[to] / medians[from]) / Math.log(SIZES[to] / SIZES[from]);
  const last = SIZES.length - 1;
  const ten = SIZES.indexOf(10_000);
  console.log(
    `${where} slope ${slope(0, last).toFixed(2)} over all, ` +
      `${slope(ten, last).toFixed(2)} from 10,000; ` +
      `10,000 events take ${(medians[ten] / TARGET).toFixed(2)} of ${TARGET} ms`,
  );
}

const glue = await import(pathToFileURL(join(ROOT, folder, "bsmv.js")).href);
const work = { sizes: SIZES, rounds: ROUNDS };
report(`node ${process.versions.node}`, await measure({ ...work, glue, wasm, weights }));

const browser = await launch();
try {
  const page = await browser.newPage();
  await page.route("**/*", async (route) => {
    const path = new URL(route.request().url()).pathname;
    const found = {
      "/": { contentType: "text/html", body: "<!doctype html><title>forward</title>" },
      "/forward.js": {
        contentType: "text/javascript",
        body: await readFile(join(ROOT, folder, "bsmv.js")),
      },
      "/forward.wasm": { contentType: "application/wasm", body: wasm },
      "/weights": { contentType: "application/octet-stream", body: weights },
    }[path];
    await (found ? route.fulfill(found) : route.abort());
  });
  await page.goto("http://127.0.0.1/");
  const medians = await page.evaluate(
    async ({ measure, sizes, rounds }) => {
      const bytes = async (/** @type {string} */ path) =>
        new Uint8Array(await (await fetch(path)).arrayBuffer());
      const glue = await import(new URL("/forward.js", document.baseURI).href);
      const [wasm, weights] = [await bytes("/forward.wasm"), await bytes("/weights")];
      const run = new Function(`return ${measure}`)();
      return run({ glue, wasm, weights, sizes, rounds });
    },
    { measure: measure.toString(), ...work },
  );
  report(`chromium ${browser.version()}`, medians);
} finally {
  await browser.close();
}
