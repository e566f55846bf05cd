/** Contestants on their hosts: each in a page of a browser, or in a process of Node 24. */
import { fork } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { launch, ROOT } from "../tests/browser.mjs";
import { serve } from "./site.mjs";

/**
 * @typedef {import("./contestants.js").Item} Item
 * @typedef {object} Seat one contestant, ready
 * @property {(items: Item[], runs: number) => Promise<number[]>} time milliseconds of each run
 * @property {(items: Item[]) => Promise<number[][]>} vectors
 * @property {() => Promise<{ linear: number, resident: number | null }>} memory bytes: linear
 * memory, and the most that its process had of the machine's; null where that can't be told
 * @property {() => Promise<void>} leave
 *
 * @typedef {object} Arena
 * @property {string} version
 * @property {(name: string, first: Item) => Promise<{ seat: Seat, first: number, sent: number | null }>} enter
 * cold, and embeds one item: milliseconds until its vector was there, bytes that were sent
 * @property {() => Promise<void>} close
 */

/** Node 24 from npm; Node 20's integer products in WebAssembly aren't those of browsers. */
const NODE = join(
  ROOT,
  `www/bench/peers/node_modules/node-${process.platform}-${process.arch}/bin/node`,
);

/** @returns {Promise<Arena>} */
async function node() {
  const execPath = existsSync(NODE) ? NODE : process.execPath;
  const child = fileURLToPath(new URL("child.mjs", import.meta.url));
  const version = existsSync(NODE)
    ? JSON.parse(readFileSync(join(NODE, "../../package.json"), "utf8")).version
    : process.versions.node;
  return {
    version: `Node ${version}`,
    async enter(name, first) {
      const begin = performance.now();
      const run = fork(child, [name], { execPath });
      /** @type {(why: Error) => void} */
      let fail = () => {};
      run.once("exit", (code) => fail(new Error(`${name} ended: ${code}`)));
      const ask = (/** @type {unknown} */ message) =>
        new Promise((resolve, reject) => {
          fail = reject;
          run.once("message", resolve);
          run.send(/** @type {any} */ (message));
        });
      await ask({ verb: "time", items: [first], runs: 1 });
      return {
        first: performance.now() - begin,
        sent: null,
        seat: {
          time: (items, runs) => ask({ verb: "time", items, runs }),
          vectors: (items) => ask({ verb: "vectors", items }),
          memory: () => ask({ verb: "memory" }),
          leave: async () => {
            run.removeAllListeners("exit").kill();
          },
        },
      };
    },
    close: async () => {},
  };
}

/** The most memory that any renderer of a browser had, where the system tells. @param {import("playwright-core").Browser} browser */
async function renderer(browser) {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  const peaks = processInfo
    .filter(({ type }) => type === "renderer")
    .map(({ id }) => `/proc/${id}/status`)
    .filter(existsSync)
    .map((file) => Number(/^VmHWM:\s*(\d+)/m.exec(readFileSync(file, "utf8"))?.[1]) * 1024);
  return peaks.length ? Math.max(...peaks) : null;
}

/** @returns {Promise<Arena>} */
async function chromium() {
  const site = await serve();
  const probe = await launch();
  const version = `Chromium ${probe.version()}`;
  await probe.close();
  return {
    version,
    async enter(name, first) {
      // A browser of its own: no cache, no code compiled before, a process for its memory.
      const browser = await launch();
      const page = await browser.newPage();
      site.sent();
      await page.goto(site.address);
      const ms = await page.evaluate(
        async ({ name, first }) => {
          const { bench, host } = /** @type {any} */ (globalThis);
          const { CONTESTANTS, time } = await bench;
          const contestant = await CONTESTANTS[name](host);
          Object.assign(globalThis, { contestant });
          await time(contestant, [first], 1);
          // Since the page was asked for.
          return performance.now();
        },
        { name, first },
      );
      const call = (/** @type {string} */ verb, /** @type {unknown[]} */ ...args) =>
        page.evaluate(
          async ({ verb, args }) => {
            const { bench, contestant } = /** @type {any} */ (globalThis);
            return (await bench)[verb](contestant, ...args);
          },
          { verb, args },
        );
      return {
        first: ms,
        sent: site.sent(),
        seat: {
          time: (items, runs) => call("time", items, runs),
          vectors: (items) => call("vectors", items),
          memory: async () => ({
            linear: await call("linearMemory"),
            resident: await renderer(browser),
          }),
          leave: () => browser.close(),
        },
      };
    },
    close: async () => site.stop(),
  };
}

/** By name. @type {Record<string, () => Promise<Arena>>} */
export const ARENAS = { chromium, node };
