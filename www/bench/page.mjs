/**
 * The page as its users have it, in Chromium from the real server: `node page.mjs` says how soon a score
 * follows the last key, also on a main thread that is four times as slow, what typing costs, whether a batch
 * holds the page up, and how soon the first score is there, cold and without a network. What is found goes
 * to target/bench.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { launch, PATIENCE, ROOT, serve } from "../tests/browser.mjs";
import { at, median } from "./numbers.mjs";

/** Visits, and pauses in one. */
const ROUNDS = 5;
const PAUSES = 20;
/** Milliseconds between keys. */
const KEY = 100;
/** Rows of a batch, and milliseconds that it is looked at in each of its states. */
const ROWS = 5000;
const LOOK = 3000;

/** About 64 pieces, without its last words: those are typed. */
const TEXTS = {
  en: "Six months with this vacuum: carpets look new, the cord is gone for good, and the cat has stopped hiding. The bin is small and the price still stings, but I would buy it again tomorrow without thinking about it.",
  "zh-CN":
    "早上赶地铁顺手买了一杯生椰拿铁，冰块给得刚好，喝完一上午都精神。就是排队的人多，等了快十分钟，店员一直在道歉，态度挺好的，下次还会来。",
};

mkdirSync(join(ROOT, "target/bench"), { recursive: true });
const server = await serve();
const browser = await launch();

/** @param {import("playwright-core").BrowserContextOptions} [options] */
async function visit(options) {
  const context = await browser.newContext({ reducedMotion: "reduce", ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  return page;
}

/** Waits for the score of what is written. @param {import("playwright-core").Page} page */
const scored = (page) =>
  page.waitForFunction(() => {
    const { score, stale } = document.querySelector("bsmv-scorer")?.state ?? {};
    return score?.bsmv != null && !stale;
  });

/**
 * Types on in bursts, and measures each one's last key to the frame that shows its score.
 *
 * @param {"en" | "zh-CN"} locale
 * @param {number} slower times that the main thread is slower
 */
async function typing(locale, slower) {
  const page = await visit({ locale });
  await page.goto(server.address);
  await page.locator("#text").fill(TEXTS[locale]);
  await scored(page);
  const session = await page.context().newCDPSession(page);
  await session.send("Emulation.setCPUThrottlingRate", { rate: slower });
  await page.evaluate(() => {
    const seen = /** @type {any} */ (globalThis);
    Object.assign(seen, { pressed: 0, delays: [], scores: [], tasks: [], shift: 0 });
    const text = /** @type {HTMLElement} */ (document.querySelector("#text"));
    text.addEventListener("input", () => {
      seen.pressed = performance.now();
    });
    document.addEventListener("bsmv-score", () => {
      seen.scores.push(performance.now());
      const { stale } = /** @type {any} */ (document.querySelector("bsmv-scorer")).state;
      const { pressed } = seen;
      if (stale) return;
      requestAnimationFrame(() => {
        if (pressed === seen.pressed) seen.delays.push(performance.now() - pressed);
      });
    });
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) seen.tasks.push(duration);
    }).observe({ type: "longtask" });
    new PerformanceObserver((list) => {
      for (const entry of /** @type {any[]} */ (list.getEntries())) {
        if (!entry.hadRecentInput) seen.shift += entry.value;
      }
    }).observe({ type: "layout-shift" });
  });
  let requests = 0;
  page.on("request", () => {
    requests += 1;
  });
  await page.locator("#text").press("End");
  for (let pause = 0; pause < PAUSES; pause++) {
    await page.keyboard.type(locale === "en" ? " more" : "真的好", { delay: KEY });
    await scored(page);
    await page.waitForTimeout(300);
  }
  await page.evaluate(() => {
    /** @type {any} */ (globalThis).scores = [];
  });
  await page.keyboard.type(locale === "en" ? " and on and on".repeat(5) : "一直一直写".repeat(8), {
    delay: KEY,
  });
  const found = await page.evaluate(() => {
    const { delays, scores, tasks, shift } = /** @type {any} */ (globalThis);
    return { delays, scores, tasks, shift };
  });
  await page.context().close();
  const gaps = found.scores.slice(1).map((/** @type {number} */ at, /** @type {number} */ i) => {
    return at - found.scores[i];
  });
  return { ...found, gaps, requests };
}

/** Long tasks while a file of many rows is read, scored, sorted, looked through and saved. */
async function batch() {
  const file = join(ROOT, "target/bench/rows.csv");
  const words = TEXTS.en.repeat(2);
  const rows = Array.from(
    { length: ROWS },
    (_, i) => `"Post ${i}. ${words.slice(0, 60 + (i % 150))}",${i}`,
  );
  writeFileSync(file, ["text,likes", ...rows].join("\n"));
  const page = await visit({ locale: "en" });
  await page.goto(server.address);
  await page.locator("#text").fill("My own draft.");
  await scored(page);
  await page.locator("#open-batch").click();
  await page.waitForTimeout(LOOK);
  await page.evaluate(() => {
    const seen = /** @type {any} */ (globalThis);
    seen.tasks = [];
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) seen.tasks.push(duration);
    }).observe({ type: "longtask" });
  });
  await page.locator("#batch-file").setInputFiles(file);
  await page.locator("#batch .batch-progress", { hasText: "left" }).waitFor();
  await page.waitForTimeout(LOOK);
  for (const press of [
    "th[data-column=score] button",
    "th[data-column=text] button",
    "#batch-after",
  ]) {
    await page.locator(`#batch ${press}`).click();
    await page.waitForTimeout(LOOK);
  }
  await page.locator("#batch-cancel").click();
  await page.locator("#batch-resume").waitFor();
  await page.locator("#batch-save").click();
  await page.waitForTimeout(LOOK);
  const tasks = await page.evaluate(() => /** @type {any} */ (globalThis).tasks);
  await page.context().close();
  return /** @type {number[]} */ (tasks);
}

/** From the address to the first score, and again without a network. */
async function opening() {
  const page = await visit({ locale: "en" });
  await page.goto(server.address);
  await page.locator("#text").fill(TEXTS.en);
  await scored(page);
  const cold = await page.evaluate(() => performance.now());
  const bytes = await page.evaluate(() => {
    const entries = /** @type {PerformanceResourceTiming[]} */ (
      performance.getEntriesByType("resource")
    );
    const own = entries.filter(({ name }) => !/models\/bsmv|\.wasm/.test(name));
    return own.reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0);
  });
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  // The manifest is kept last.
  await page.waitForFunction(async () => {
    const kept = await (await caches.open("bsmv")).keys();
    return kept.some(({ url }) => url.includes("manifest"));
  });
  await page.locator("#saved", { hasText: "Saved" }).waitFor();
  await page.reload();
  await scored(page);
  await page.context().setOffline(true);
  await page.reload();
  await scored(page);
  const offline = await page.evaluate(() => performance.now());
  await page.context().close();
  return { cold, offline, bytes };
}

try {
  const ms = (/** @type {number[]} */ times) =>
    `${median(times).toFixed(0)} ms, p95 ${at(times, 0.95).toFixed(0)} ms`;
  /** @type {(Awaited<ReturnType<typeof typing>> & { locale: string, slower: number })[]} */
  const typed = [];
  for (const locale of /** @type {const} */ (["en", "zh-CN"])) {
    for (const slower of [1, 4]) {
      const found = await typing(locale, slower);
      typed.push({ locale, slower, ...found });
      const { delays, gaps, tasks, shift, requests } = found;
      console.log(
        `${locale}, main thread ${slower}x slower: last key to score ${ms(delays)}; between scores while typing ` +
          `${ms(gaps)}; ${tasks.length} long tasks, longest ${Math.max(0, ...tasks).toFixed(0)} ms; layout shift ` +
          `${shift.toFixed(3)}; ${requests} requests`,
      );
    }
  }
  const tasks = await batch();
  console.log(
    `a batch of ${ROWS} rows: ${tasks.length} long tasks, longest ${Math.max(0, ...tasks).toFixed(0)} ms`,
  );
  /** @type {Awaited<ReturnType<typeof opening>>[]} */
  const visits = [];
  for (let round = 0; round < ROUNDS; round++) visits.push(await opening());
  const of = (/** @type {"cold" | "offline" | "bytes"} */ name) =>
    median(visits.map((visit) => visit[name]));
  console.log(
    `Chromium ${browser.version()}: first score from cold ${of("cold").toFixed(0)} ms, again without a network ` +
      `${of("offline").toFixed(0)} ms; the page without the model ${(of("bytes") / 1000).toFixed(0)} kB sent`,
  );
  writeFileSync(join(ROOT, "target/bench/page.json"), JSON.stringify({ typed, tasks, visits }));
} finally {
  await browser.close();
  await server.stop();
}
