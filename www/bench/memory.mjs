/**
 * The module's linear memory in Chromium: ready, after the longest post, and over 10,000 scores in
 * a row, of which the second half must not take a page more than the first. Also how long a start
 * takes once the bytes are there, in Node and in Chromium: medians.
 */
import { readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { launch, ROOT } from "../tests/browser.mjs";
import { fixtures } from "../tests/fixtures.mjs";

const SCORES = 10_000;
const STARTS = 7;
/** Characters of each post: drafts as they are typed. */
const DRAFT = 24;
/** Bytes of linear memory that the longest post may take. */
const CEILING = 80e6;
const MODEL = [
  "manifest.json",
  "tokenizer.json",
  "heads.safetensors",
  "diffusion.safetensors",
  "encoder_int8.safetensors",
];

/**
 * Runs where the module runs, so it may use nothing from around it.
 *
 * @param {{ library: any, glue: any, wasm: Uint8Array, files: Record<string, Uint8Array>, requests: any[], scores: number, starts: number }} run
 */
async function measure({ library, glue, wasm, files, requests, scores, starts }) {
  const model = async (/** @type {string} */ name) => files[name];
  const times = [];
  let scorer;
  for (let i = 0; i < starts; i++) {
    scorer?.dispose();
    const begin = performance.now();
    scorer = await library.init({ wasm, model });
    times.push(performance.now() - begin);
  }
  const module = await glue.default();
  const memory = () => module.memory.buffer.byteLength;
  const ready = memory();
  await scorer.score({ post: { text: "咖啡很好喝，it is good! ".repeat(900), platform: "weibo" } });
  const longest = memory();
  for (let i = 0; i < scores / 2; i++) await scorer.score(requests[i % requests.length]);
  const half = memory();
  for (let i = scores / 2; i < scores; i++) await scorer.score(requests[i % requests.length]);
  const [first] = times;
  times.sort((a, b) => a - b);
  return { first, median: times[starts >> 1], ready, longest, half, end: memory() };
}

/** @param {string} where @param {Awaited<ReturnType<typeof measure>>} found */
function report(where, { first, median, ready, longest, half, end }) {
  const mb = (/** @type {number} */ bytes) => `${(bytes / 1e6).toFixed(1)} MB`;
  console.log(
    `${where}: ready in ${first.toFixed(0)} ms, again in ${median.toFixed(0)} ms; ` +
      `memory ${mb(ready)} ready, ${mb(longest)} after the longest post, ` +
      `${mb(half)} after ${SCORES / 2} scores, ${mb(end)} after ${SCORES}`,
  );
  if (end > half || longest > CEILING) {
    console.error(`${where}: memory grows, or passes ${mb(CEILING)}`);
    process.exitCode = 1;
  }
}

const requests = fixtures().map(({ request: { post, brand } }) => ({
  post: { ...post, title: undefined, text: post.text.slice(0, DRAFT) },
  brand,
}));
const at = (/** @type {string} */ name) => join(ROOT, "models/bsmv-base", name);
const wasm = await readFile(join(ROOT, "www/pkg/bsmv_bg.wasm"));
const work = { requests, scores: SCORES, starts: STARTS };

if (process.argv[2] !== "chromium") {
  /** @type {Record<string, Uint8Array>} */
  const files = {};
  for (const name of MODEL) files[name] = new Uint8Array(await readFile(at(name)));
  const library = await import("../bsmv/scorer.js");
  const glue = await import("../pkg/bsmv.js");
  report(`node ${process.versions.node}`, await measure({ ...work, library, glue, wasm, files }));
}

const TYPES = /** @type {Record<string, string>} */ ({
  ".js": "text/javascript",
  ".wasm": "application/wasm",
});
const browser = await launch();
try {
  const page = await browser.newPage();
  await page.route("**/*", async (route) => {
    const path = new URL(route.request().url()).pathname;
    if (path === "/") return route.fulfill({ contentType: "text/html", body: "<!doctype html>" });
    const file = path.startsWith("/models/") ? join(ROOT, path) : join(ROOT, "www", path);
    try {
      const contentType = TYPES[extname(path)] ?? "application/octet-stream";
      await route.fulfill({ contentType, body: await readFile(file) });
    } catch {
      await route.abort();
    }
  });
  await page.goto("http://127.0.0.1/");
  page.setDefaultTimeout(600_000);
  const found = await page.evaluate(
    async ({ measure, names, work }) => {
      const bytes = async (/** @type {string} */ path) =>
        new Uint8Array(await (await fetch(path)).arrayBuffer());
      const at = (/** @type {string} */ path) => import(new URL(path, document.baseURI).href);
      /** @type {Record<string, Uint8Array>} */
      const files = {};
      for (const name of names) files[name] = await bytes(`/models/bsmv-base/${name}`);
      const [library, glue] = [await at("/bsmv/scorer.js"), await at("/pkg/bsmv.js")];
      const run = new Function(`return ${measure}`)();
      return run({ ...work, library, glue, wasm: await bytes("/pkg/bsmv_bg.wasm"), files });
    },
    { measure: measure.toString(), names: MODEL, work },
  );
  report(`chromium ${browser.version()}`, found);
} finally {
  await browser.close();
}
