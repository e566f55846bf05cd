/** What the package's README says of other hosts than Vite and Node, as it says it. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, before, test } from "node:test";
import { launch, PATIENCE, ROOT } from "./browser.mjs";
import { serveFiles } from "./site.mjs";

const STAGE = join(ROOT, "target/npm");
const README = readFileSync(join(STAGE, "README.md"), "utf8");

/** @type {string} */
let folder;
/** @type {import("playwright-core").Browser} */
let browser;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "bsmv-hosts-"));
  cpSync(STAGE, join(folder, "node_modules/bsmv"), { recursive: true });
  browser = await launch();
});

after(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The first block of a language that has these words. @param {string} language @param {string} words */
function block(language, words) {
  const blocks = README.matchAll(new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, "gs"));
  const found = [...blocks].map(([, code]) => code).find((code) => code.includes(words));
  assert.ok(found, `the README has a block of ${language} with ${words}`);
  return found;
}

test("what esbuild bundles scores, with worker and module placed as the README says", async () => {
  const first = block("js", 'new Worker(at("scorer.js")');
  const app = `import { initWorker } from "bsmv/worker-scorer";\n${first}
    const { bsmv } = await scorer.score({ post: { text: "I love this coffee!" } });
    document.body.append(String(bsmv));`;
  writeFileSync(join(folder, "app.js"), app);
  mkdirSync(join(folder, "public"));
  cpSync(join(STAGE, "model"), join(folder, "public/model"), { recursive: true });
  const PATH = `${join(ROOT, "www/node_modules/.bin")}${delimiter}${process.env.PATH}`;
  const lines = block("sh", "esbuild app.js");
  execFileSync("bash", ["-eux", "-c", lines], {
    cwd: folder,
    env: { ...process.env, PATH },
    stdio: "ignore",
  });
  writeFileSync(
    join(folder, "public/index.html"),
    '<!doctype html><body><script type="module" src="app.js"></script>',
  );
  const host = await serveFiles((path) => ({ body: readFileSync(join(folder, "public", path)) }));
  const page = await browser.newPage();
  try {
    await page.goto(host.address);
    const said = () => /\d/.test(document.body.textContent ?? "");
    await page.waitForFunction(said, undefined, { timeout: PATIENCE });
    assert.ok(Number.parseFloat((await page.textContent("body")) ?? "") > 50);
  } finally {
    await page.close();
    host.stop();
  }
});

test("a service worker whose model was away scores when it is back, and refuses in JSON", async () => {
  writeFileSync(join(folder, "sw.js"), block("js", 'addEventListener("fetch"'));
  let away = true;
  const host = await serveFiles((path) => {
    if (path === "/index.html") return { body: Buffer.from("<!doctype html>") };
    if (away && path.includes("/model/")) throw new Error("away");
    const inside = path.startsWith("/bsmv/") ? `node_modules${path}` : path;
    return { body: readFileSync(join(folder, inside)) };
  });
  const page = await browser.newPage();
  try {
    await page.goto(host.address);
    await page.evaluate(async () => {
      await navigator.serviceWorker.register("sw.js", { type: "module" });
      await navigator.serviceWorker.ready;
    });
    await page.reload();
    const post = (/** @type {object} */ request) =>
      page.evaluate(async (request) => {
        const answer = await fetch("score", { method: "POST", body: JSON.stringify(request) });
        const body = await answer.json();
        const { error, bsmv } = body;
        return error
          ? { status: answer.status, code: error.code }
          : { status: answer.status, bsmv };
      }, request);
    const good = { post: { text: "I love this coffee!" } };
    assert.deepEqual(await post(good), { status: 503, code: "download" });
    away = false;
    const scored = await post(good);
    assert.equal(scored.status, 200);
    assert.ok(scored.bsmv > 50);
    assert.deepEqual(await post({ post: { text: "" } }), { status: 422, code: "invalid_input" });
  } finally {
    await page.close();
    host.stop();
  }
});
