/** A fresh Vite and React app with the packed package, built and served for development. */
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { launch, PATIENCE, ROOT } from "./browser.mjs";
import { answers, complaintsOf, freePort, site } from "./site.mjs";

const MODULES = join(ROOT, "www/node_modules");
const VITE = join(MODULES, ".bin/vite");

/** @type {string} */
let app;
/** @type {import("playwright-core").Browser} */
let browser;

before(async () => {
  app = mkdtempSync(join(tmpdir(), "bsmv-vite-"));
  cpSync(join(ROOT, "www/tests/vite-app"), app, { recursive: true });
  const packed = execFileSync("npm", ["pack", join(ROOT, "target/npm"), "--json"], {
    cwd: app,
    encoding: "utf8",
  });
  const [{ filename }] = JSON.parse(packed);
  execFileSync("npm", ["install", "--offline", "--ignore-scripts", filename], { cwd: app });
  for (const name of ["react", "react-dom"]) {
    symlinkSync(join(MODULES, name), join(app, "node_modules", name));
  }
  // What a bundler doesn't copy: the model is fetched by its name.
  cpSync(join(app, "node_modules/bsmv/model"), join(app, "public/model"), { recursive: true });
  browser = await launch();
});

after(async () => {
  await browser?.close();
  rmSync(app, { recursive: true, force: true });
});

/**
 * Opens the app, types a draft and takes the component off the page.
 *
 * @param {string} address
 */
async function use(address) {
  const page = await browser.newPage();
  try {
    const complaints = complaintsOf(page);
    // Counted where they are made: one that is ended at once isn't always told of.
    await page.addInitScript(() => {
      const counted = /** @type {any} */ (globalThis);
      counted.made = 0;
      counted.Worker = class extends Worker {
        /** @param {[string | URL, WorkerOptions?]} args */
        constructor(...args) {
          super(...args);
          counted.made += 1;
        }
      };
    });
    await page.goto(address);
    await page.locator("textarea").fill("I love this coffee, it is wonderful!");
    const scored = () => document.querySelector("output")?.textContent !== "";
    await page.waitForFunction(scored, undefined, { timeout: PATIENCE });
    const bsmv = Number(await page.textContent("output"));
    const alive = page.workers().length;
    const made = await page.evaluate(() => /** @type {any} */ (globalThis).made);
    await page.getByRole("button", { name: "toggle" }).click();
    await page.locator("textarea").waitFor({ state: "detached" });
    for (let i = 0; page.workers().length > 0 && i < 100; i++) await page.waitForTimeout(50);
    return { good: bsmv > 50, made, alive, left: page.workers().length, complaints };
  } finally {
    await page.close();
  }
}

test("the app scores as it is published", async () => {
  execFileSync(VITE, ["build"], { cwd: app });
  const host = await site(join(app, "dist"));
  try {
    const seen = await use(host.address);
    assert.deepEqual(seen, { good: true, made: 1, alive: 1, left: 0, complaints: [] });
  } finally {
    host.stop();
  }
});

test("mounted twice in StrictMode it makes one scorer, and leaves none when it is gone", async () => {
  // What is published mounts once: React does it twice while an app is developed.
  const port = await freePort();
  const args = ["--host", "127.0.0.1", "--port", String(port), "--strictPort"];
  const server = spawn(VITE, args, { cwd: app, stdio: "ignore" });
  const gone = new Promise((resolve) => server.once("close", resolve));
  try {
    const address = `http://127.0.0.1:${port}/`;
    assert.ok(await answers(address, () => server.exitCode !== null), "vite answers");
    const seen = await use(address);
    assert.deepEqual(seen, { good: true, made: 1, alive: 1, left: 0, complaints: [] });
  } finally {
    server.kill("SIGTERM");
    await gone;
  }
});
