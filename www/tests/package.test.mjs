/** The package as users get it: packed, installed into a fresh folder, run as its README says. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { launch, PATIENCE, ROOT } from "./browser.mjs";
import { complaintsOf, site } from "./site.mjs";

const STAGE = join(ROOT, "target/npm");

/** @type {string} */
let folder;
/** The five lines for each host. @type {string[]} */
let examples;

before(() => {
  folder = mkdtempSync(join(tmpdir(), "bsmv-package-"));
  const packed = execFileSync("npm", ["pack", STAGE, "--json"], { cwd: folder, encoding: "utf8" });
  writeFileSync(join(folder, "package.json"), '{ "private": true, "type": "module" }');
  const [{ filename }] = JSON.parse(packed);
  execFileSync("npm", ["install", "--offline", "--ignore-scripts", filename], { cwd: folder });
  const readme = readFileSync(join(folder, "node_modules/bsmv/README.md"), "utf8");
  examples = [...readme.matchAll(/```js\n(.*?)```/gs)].map(([, code]) => code);
});

after(() => rmSync(folder, { recursive: true, force: true }));

/** @param {string} path */
const json = (path) => JSON.parse(readFileSync(path, "utf8"));

test("the package has the crate's version, and its model's", () => {
  const crate = /^version = "(.*)"/m.exec(readFileSync(join(ROOT, "Cargo.toml"), "utf8"))?.[1];
  assert.equal(json(join(STAGE, "package.json")).version, crate);
  assert.equal(json(join(STAGE, "model/manifest.json")).version, crate);
});

test("five lines score a post in Node", () => {
  writeFileSync(join(folder, "five.js"), examples[0]);
  const said = execFileSync("node", ["five.js"], { cwd: folder, encoding: "utf8" });
  assert.ok(Number.parseFloat(said) > 50, said);
});

test("imports touch neither window nor network", () => {
  const code = `globalThis.fetch = () => { throw new Error("fetched"); };
    for (const name of ["bsmv", "bsmv/worker-scorer", "bsmv/session", "bsmv/checks", "bsmv/diffusion"]) await import(name);
    if ("window" in globalThis || "document" in globalThis) throw new Error("a window was made");`;
  execFileSync("node", ["--input-type=module", "-e", code], { cwd: folder });
});

test("the types say what the package does", () => {
  writeFileSync(
    join(folder, "typed.ts"),
    `import { init, ScorerError } from "bsmv";
    import { initWorker } from "bsmv/worker-scorer";
    import edge from "bsmv/edge";
    import { DiffusionClient } from "bsmv/diffusion";
    import { BsmvScorer } from "bsmv/element";
    import { Session } from "bsmv/session";
    import { loadChecks } from "bsmv/checks";
    import { readDrafts, readPast } from "bsmv/importer";
    import { scoreMany } from "bsmv/pool";
    import type { Refusal, Score, Scorer } from "bsmv/types";
    export async function worth(model: URL): Promise<number> {
      const scorer: Scorer = Math.random() < 0.5 ? await init({ model }) : await initWorker({ model });
      const score: Score | Refusal = await scorer.score({ post: { text: "a", platform: "x" } });
      // @ts-expect-error: no such platform
      await scorer.score({ post: { text: "a", platform: "nowhere" } });
      return score.bsmv === null ? Number.NaN : score.interval.low;
    }
    export const element: BsmvScorer = document.createElement("bsmv-scorer");
    element.addEventListener("bsmv-score", ({ detail }) => detail.bsmv?.toFixed());
    export const session = new Session({ load: async () => element.scorer! });
    export const phase: "empty" | "loading" | "scoring" | "explaining" | "settled" | "failed" = session.state.phase;
    export const found = loadChecks().then((check) => check({ post: { text: "a" } }).findings.length);
    export const likes = readPast(new Blob()).then(({ posts }) => posts[0]?.counts?.likes?.toFixed());
    export const batch = readDrafts(new Blob()).then(({ rows }) =>
      scoreMany(rows.flatMap(({ request }) => request ?? []), {
        model: "model/manifest.json",
        onAnswer: (i, answer) => console.log(i, "bsmv" in answer ? answer.bsmv : answer.code),
      }),
    );
    export const code = (error: ScorerError): string => error.code;
    export const stored = new DiffusionClient({ base: "https://api.example" }).post("1");
    export const answer = (request: Request): Promise<Response> => edge.fetch(request, {});`,
  );
  const compilerOptions = {
    strict: true,
    noEmit: true,
    target: "es2023",
    lib: ["es2023", "dom"],
    module: "nodenext",
    types: [],
  };
  const settings = { compilerOptions, files: ["typed.ts"] };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(settings));
  const tsc = join(ROOT, "www/node_modules/.bin/tsc");
  execFileSync(tsc, { cwd: folder, stdio: "inherit" });
});

test("the reference names everything that can be imported", () => {
  const api = join(folder, "node_modules/bsmv/api");
  const pages = readdirSync(api).map((name) => readFileSync(join(api, name), "utf8"));
  const names = [
    "init()",
    "initWorker()",
    "readDrafts()",
    "readPast()",
    "scoreMany()",
    "LocalScorer",
    "WorkerScorer",
    "ScorerError",
  ];
  for (const name of [
    ...names,
    "DiffusionClient",
    "InitOptions",
    "ScoreRequest",
    "Score",
    "BsmvScorer",
    "Session",
  ]) {
    assert.ok(
      pages.some((page) => page.includes(`### ${name}\n`)),
      name,
    );
  }
});

test("the element scores a bare page's fields, in a form, twice with one model, under a strict policy", async () => {
  const pages = join(folder, "bare");
  cpSync(join(folder, "node_modules/bsmv"), join(pages, "bsmv"), { recursive: true });
  const element = (/** @type {string} */ id) =>
    `<textarea id="${id}"></textarea><bsmv-scorer for="${id}" name="${id}" model="bsmv/model/manifest.json" platform="x"></bsmv-scorer>`;
  writeFileSync(
    join(pages, "index.html"),
    `<!doctype html><html lang="en"><script type="module" src="bsmv/bsmv/element.js"></script><form>${element("a")}${element("b")}</form>`,
  );
  const host = await site(pages);
  const browser = await launch();
  try {
    const page = await browser.newPage();
    const complaints = complaintsOf(page);
    await page.goto(host.address);
    await page.locator("#a").fill("I love this coffee, it is wonderful!");
    await page.locator("#b").fill("The worst coffee I ever had. Horrible.");
    await page.waitForFunction(
      () =>
        [...document.querySelectorAll("bsmv-scorer")].every(
          ({ state }) => state.phase === "settled",
        ),
      undefined,
      { timeout: PATIENCE },
    );
    const form = await page.evaluate(() =>
      Object.fromEntries(
        new FormData(/** @type {HTMLFormElement} */ (document.querySelector("form"))),
      ),
    );
    assert.ok(Number(form.a) > 50 && Number(form.b) < 50, JSON.stringify(form));
    assert.equal(page.workers().length, 1);
    assert.equal(host.asked.filter((path) => path.endsWith("encoder_int8.safetensors")).length, 1);
    assert.deepEqual(complaints, []);
  } finally {
    await browser.close();
    host.stop();
  }
});

test("five lines score a post in a strict page, and 100 drafts make no request", async () => {
  const pages = join(folder, "site");
  cpSync(join(folder, "node_modules/bsmv"), join(pages, "bsmv"), { recursive: true });
  writeFileSync(join(pages, "index.html"), '<script type="module" src="page.js"></script>');
  writeFileSync(join(pages, "page.js"), `${examples[1]}\nglobalThis.scorer = scorer;`);
  const host = await site(pages);
  const browser = await launch();
  try {
    const context = await browser.newContext();
    const page = await context.newPage();
    const complaints = complaintsOf(page);
    await page.goto(host.address);
    const said = () => document.body.textContent !== "";
    await page.waitForFunction(said, undefined, { timeout: PATIENCE });
    assert.ok(Number(await page.textContent("body")) > 50);
    let requests = 0;
    context.on("request", () => requests++);
    const scored = await page.evaluate(async () => {
      const { scorer } = /** @type {any} */ (globalThis);
      let scored = 0;
      for (let i = 1; i <= 100; i++) {
        const { bsmv } = await scorer.score({ post: { text: "draft ".repeat(i) } });
        if (bsmv >= 0) scored += 1;
      }
      return scored;
    });
    assert.deepEqual(
      { scored, requests, complaints },
      { scored: 100, requests: 0, complaints: [] },
    );
  } finally {
    await browser.close();
    host.stop();
  }
});
