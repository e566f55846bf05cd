/** Visits of the real page in headless Chromium, from the real server: what its tests share. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, test } from "node:test";
import { launch, PATIENCE, serve } from "./browser.mjs";

/** @typedef {import("playwright-core").Page} Page */

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export const server = await serve();
export const browser = await launch();
/** Everything that pages complained of. @type {string[]} */
const complaints = [];

after(async () => {
  await browser.close();
  await server.stop();
});

/** Forgets complaints that a test asked for. @param {string} words in them */
export function expected(words) {
  complaints.splice(0, complaints.length, ...complaints.filter((said) => !said.includes(words)));
}

/** The last test of a file: it judges all that was done before. */
export const noComplaints = () =>
  test("the page had nothing to complain of, its security policy included", () => {
    assert.deepEqual(complaints, []);
  });

/**
 * A page of its own visitor, ready to be written on.
 *
 * @param {import("playwright-core").BrowserContextOptions & { path?: string, wait?: boolean }} [options]
 */
export async function visit({ path = "", wait = true, ...options } = {}) {
  const context = await browser.newContext({
    locale: "en",
    reducedMotion: "reduce",
    // It would answer in place of the host that tests watch.
    serviceWorkers: "block",
    ...options,
  });
  const page = await open(context, path);
  if (wait) await ready(page);
  return page;
}

/** What a person does to a page. */
const DEEDS = ["check", "click", "fill", "press", "selectOption", "setInputFiles"];
/** How long a page may take to draw that does something else, such as going away. */
const SOON = 2_000;

/** Lets everything that is done wait until what comes of it is drawn, as a person does. @param {Page} page */
function seeWhatIsDone(page) {
  const locators = Object.getPrototypeOf(page.locator("body"));
  if (locators.seen) return;
  locators.seen = true;
  for (const deed of DEEDS) {
    const done = locators[deed];
    locators[deed] = async function (/** @type {unknown[]} */ ...args) {
      const found = await done.apply(this, args);
      const drawing = drawn(this.page()).catch(() => undefined);
      await Promise.race([drawing, new Promise((resolve) => setTimeout(resolve, SOON).unref())]);
      return found;
    };
  }
}

/** @param {import("playwright-core").BrowserContext} context @param {string} [path] */
export async function open(context, path = "") {
  const page = await context.newPage();
  seeWhatIsDone(page);
  page.setDefaultTimeout(PATIENCE);
  page.on("console", (message) => {
    const asked = message.text().includes("blocked by Playwright");
    if (["error", "warning"].includes(message.type()) && !asked) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  await page.goto(server.address + path);
  await page.locator("#text").waitFor();
  return page;
}

/** Waits until the model is there. @param {Page} page */
export const ready = (page) =>
  page.waitForFunction(() => {
    const scorer = document.querySelector("bsmv-scorer");
    return scorer && !["loading"].includes(scorer.state.phase) && customElements.get("bsmv-scorer");
  });

/** Waits until what was changed is drawn, and the scorer has heard of it. @param {Page} page */
const drawn = (page) =>
  page.evaluate(
    () =>
      // Rules are checked in a task, the page is drawn in the next, and the element in the one after.
      new Promise((resolve) => {
        const tasks = (/** @type {number} */ left) =>
          setTimeout(() => (left > 0 ? tasks(left - 1) : requestAnimationFrame(resolve)));
        tasks(3);
      }),
  );

/** Waits until what was written is scored and explained. @param {Page} page */
export async function settled(page) {
  await drawn(page);
  await page.waitForFunction(() => {
    const { phase, stale } = document.querySelector("bsmv-scorer")?.state ?? {};
    return phase === "settled" && !stale;
  });
  return shown(page);
}

/** The number that is shown. @param {Page} page */
export const shown = async (page) =>
  Number(await page.locator("#scorer .headline .points").textContent());

/** @param {import("playwright-core").Locator} locator */
export const textOf = async (locator) => (await locator.textContent())?.trim() ?? "";

/**
 * Fills a field of the draft. While a dialog is still closing, keys don't reach what lies behind it.
 *
 * @param {Page} page
 * @param {"#title" | "#text"} field
 * @param {string} words
 */
export async function fill(page, field, words) {
  await page.waitForFunction(() => !document.querySelector("dialog[open]"));
  await page.locator(field).fill(words);
}

/** Writes a draft and waits for its score. @param {Page} page @param {string} text */
export async function write(page, text) {
  await fill(page, "#text", text);
  await page.waitForFunction(
    (text) => document.querySelector("bsmv-scorer")?.state.request?.post.text === text,
    text,
  );
  return settled(page);
}

/**
 * Rules of axe that the page keeps: those of WCAG 2.2 AA and good practice.
 *
 * @param {Page} page
 * @param {string} where
 */
export async function assertAccessible(page, where) {
  // A script that isn't the page's own: run as the browser's, past its policy.
  const session = await page.context().newCDPSession(page);
  await session.send("Runtime.evaluate", { expression: AXE });
  const violations = await page.evaluate(async () => {
    const { violations } = await /** @type {any} */ (globalThis).axe.run(document, {
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    });
    return violations.map(
      (/** @type {any} */ { id, nodes }) =>
        `${id}: ${nodes.map((/** @type {any} */ { html }) => html).join(" ")}`,
    );
  });
  assert.deepEqual(violations, [], where);
}
