/** What is loaded is checked, kept where the caller said, and works without its host. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { launch, PATIENCE, ROOT } from "./browser.mjs";
import { complaintsOf, site } from "./site.mjs";

const STAGE = join(ROOT, "target/npm");
const MODULE = readFileSync(join(STAGE, "pkg/bsmv_bg.wasm"));
/** Still a module, but not the one that was released: a custom section more. */
const OTHER_MODULE = Buffer.concat([MODULE, Buffer.from([0, 2, 1, 0x61])]);

/** @type {string} */
let folder;
/** @type {Awaited<ReturnType<typeof site>>} */
let host;
/** @type {import("playwright-core").Browser} */
let browser;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "bsmv-loading-"));
  cpSync(STAGE, join(folder, "bsmv"), { recursive: true });
  writeFileSync(join(folder, "other.wasm"), OTHER_MODULE);
  writeFileSync(join(folder, "empty.html"), "<!doctype html>");
  host = await site(folder);
  browser = await launch();
});

after(async () => {
  await browser?.close();
  host?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/**
 * Runs `code` in a Node of its own, since a process loads the module once. What it prints is JSON.
 *
 * @param {string} code
 */
async function inNode(code) {
  const library = JSON.stringify(join(STAGE, "bsmv/node.js"));
  const begin = `import { init } from ${library};
    import { readFile } from "node:fs/promises";
    const address = ${JSON.stringify(host.address)};
    const model = import.meta.resolve("${join(STAGE, "model/manifest.json")}");
    const request = { post: { text: "I love this coffee!" } };
    const codeOf = async (options) => {
      try { (await init(options)).dispose(); } catch (error) { return error.code; }
    };`;
  const args = ["--input-type=module", "--eval", begin + code];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout);
}

test("another module is refused before it is compiled, in Node", async () => {
  const found = await inNode(`
    const bytes = await readFile(${JSON.stringify(join(folder, "other.wasm"))});
    await (await fetch(address)).text(); // which compiles a module of Node's own
    const calls = [];
    for (const name of ["compile", "instantiate", "compileStreaming", "instantiateStreaming"]) {
      const real = WebAssembly[name];
      WebAssembly[name] = async (...args) => {
        // What is streamed fails before there is anything to compile.
        const [source] = args;
        if (name.endsWith("Streaming")) await source;
        calls.push(name);
        return real.apply(WebAssembly, args);
      };
    }
    const refused = [
      await codeOf({ model, wasm: bytes }),
      await codeOf({ model, wasm: bytes.buffer.slice(0, 100) }),
      await codeOf({ model, wasm: address + "other.wasm" }),
      await codeOf({ model, wasm: address + "missing.wasm" }),
    ];
    const compiled = [...calls];
    const taken = await codeOf({ model, wasm: await WebAssembly.compile(bytes) });
    console.log(JSON.stringify({ refused, compiled, taken: taken ?? "taken" }));`);
  assert.deepEqual(found, {
    refused: ["integrity", "integrity", "integrity", "download"],
    compiled: [],
    taken: "taken",
  });
});

test("another module is refused before it is compiled, in a page", async () => {
  const page = await browser.newPage();
  await page.goto(`${host.address}empty.html`);
  const found = await page.evaluate(async () => {
    const { init } = await import(new URL("bsmv/bsmv/scorer.js", document.baseURI).href);
    const { compile } = WebAssembly;
    let compiled = 0;
    WebAssembly.compile = (bytes) => {
      compiled += 1;
      return compile(bytes);
    };
    const model = new URL("bsmv/model/manifest.json", document.baseURI);
    const codes = [];
    for (const wasm of ["other.wasm", "missing.wasm", undefined]) {
      try {
        (await init({ model, wasm })).dispose();
        codes.push("taken");
      } catch (error) {
        codes.push(/** @type {{ code: string }} */ (error).code);
      }
    }
    return { codes, compiled };
  });
  assert.deepEqual(found, { codes: ["integrity", "download", "taken"], compiled: 0 });
  await page.close();
});

test("Node keeps files in the folder it is given, and checks them", async () => {
  const cache = join(folder, "cache");
  const wasm = `${host.address}bsmv/pkg/bsmv_bg.wasm`;
  const manifest = `${host.address}bsmv/model/manifest.json`;
  const code = `
    try {
      const scorer = await init(${JSON.stringify({ wasm, model: manifest, cache })});
      const { bsmv } = await scorer.score(request);
      console.log(JSON.stringify({ bsmv }));
    } catch (error) {
      console.log(JSON.stringify({ code: error.code }));
    }`;
  /** Scores, and says what was asked of the host meanwhile. */
  const visit = async () => {
    const from = host.asked.length;
    const answer = await inNode(code);
    return { ...answer, asked: host.asked.slice(from).map((path) => path.split("/").at(-1)) };
  };
  const first = await visit();
  assert.equal(first.asked.length, 6);
  const kept = readdirSync(cache);
  assert.equal(kept.length, 6);
  const second = await visit();
  assert.deepEqual(second, { bsmv: first.bsmv, asked: ["manifest.json"] });

  const heads = join(cache, kept.find((name) => name.endsWith("heads.safetensors")) ?? "");
  const bytes = readFileSync(heads);
  bytes[bytes.length - 1] ^= 1;
  writeFileSync(heads, bytes);
  const old = heads.replace(/bsmv-\w\w(?=\w{62}-)/, "bsmv-00");
  writeFileSync(old, "of another release");
  writeFileSync(join(cache, "notes.txt"), "somebody else's");
  const mended = await visit();
  assert.deepEqual(mended, { bsmv: first.bsmv, asked: ["manifest.json", "heads.safetensors"] });
  assert.deepEqual(readdirSync(cache).sort(), [...kept, "notes.txt"].sort());

  const away = code.replaceAll(host.address, "http://127.0.0.1:9/");
  assert.deepEqual(await inNode(away), { bsmv: first.bsmv });
  writeFileSync(heads, bytes);
  assert.deepEqual(await inNode(away), { code: "download" });
});

test("a page keeps files in the cache it is given, and checks them", async () => {
  const page = await browser.newPage();
  /** Loads in a fresh page, and says what was asked of the host meanwhile. */
  const visit = async () => {
    await page.goto(`${host.address}empty.html`);
    const from = host.asked.length;
    const bsmv = await page.evaluate(async () => {
      const { init } = await import(new URL("bsmv/bsmv/scorer.js", document.baseURI).href);
      const model = new URL("bsmv/model/manifest.json", document.baseURI);
      const scorer = await init({ model, cache: "mine" });
      return (await scorer.score({ post: { text: "I love this coffee!" } })).bsmv;
    });
    const files = host.asked.slice(from).filter((path) => !path.endsWith(".js"));
    return { bsmv, asked: files.map((path) => path.split("/").at(-1)) };
  };
  const keys = () =>
    page.evaluate(async () => {
      const cache = await caches.open("mine");
      return (await cache.keys()).map(({ url }) => url).sort();
    });
  const first = await visit();
  assert.equal(first.asked.length, 6);
  const kept = await keys();
  assert.equal(kept.length, 6);
  // What has no checksum may come from the browser's own cache.
  const again = await visit();
  assert.equal(again.bsmv, first.bsmv);
  assert.deepEqual(
    again.asked.filter((name) => name !== "manifest.json"),
    [],
  );
  await page.evaluate(async (kept) => {
    const cache = await caches.open("mine");
    const heads = kept.find((url) => url.endsWith("heads.safetensors")) ?? "";
    await cache.put(heads, new Response("damaged"));
    await cache.put(heads.replace(/=\w\w/, "=00"), new Response("of another release"));
    await cache.put("notes.txt", new Response("somebody else's"));
  }, kept);
  const mended = await visit();
  assert.equal(mended.bsmv, first.bsmv);
  assert.deepEqual(await keys(), [...kept, `${host.address}notes.txt`].sort());
  assert.ok(!mended.asked.includes("encoder_int8.safetensors"));
  await page.close();
});

test("by default a page keeps nothing", async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${host.address}empty.html`);
  const kept = await page.evaluate(async () => {
    const { init } = await import(new URL("bsmv/bsmv/scorer.js", document.baseURI).href);
    await init({ model: new URL("bsmv/model/manifest.json", document.baseURI) });
    return {
      caches: await caches.keys(),
      databases: await indexedDB.databases(),
      local: localStorage.length,
    };
  });
  assert.deepEqual(kept, { caches: [], databases: [], local: 0 });
  await context.close();
});

/** Keeps the page and the package's scripts; the scorer keeps module and model itself. */
const SHELL = `
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || /\\/(model|pkg\\/.*wasm)/.test(request.url)) return;
  const ask = async () => {
    const shell = await caches.open("shell");
    try {
      const answer = await fetch(request);
      await shell.put(request, answer.clone());
      return answer;
    } catch {
      return (await shell.match(request)) ?? Response.error();
    }
  };
  event.respondWith(ask());
});
`;

test("a page and its service worker score, and go on when the host is gone", async () => {
  const readme = readFileSync(join(STAGE, "README.md"), "utf8");
  const [, example] = /```js\n([^`]*addEventListener\("fetch"[^`]*)```/.exec(readme) ?? [];
  assert.ok(example, "the README shows a service worker");
  const pages = mkdtempSync(join(tmpdir(), "bsmv-offline-"));
  symlinkSync(STAGE, join(pages, "bsmv"));
  writeFileSync(join(pages, "sw.js"), example + SHELL);
  writeFileSync(join(pages, "index.html"), '<script type="module" src="page.js"></script>');
  writeFileSync(
    join(pages, "page.js"),
    `import { initWorker } from "./bsmv/bsmv/worker-scorer.js";
    const registered = navigator.serviceWorker.register("sw.js", { type: "module" });
    const request = { post: { text: "I love this coffee!" } };
    const model = new URL("./bsmv/model/manifest.json", document.baseURI);
    const scorer = await initWorker({ model, cache: "bsmv" });
    const here = await scorer.score(request);
    await registered;
    await navigator.serviceWorker.ready;
    while (!navigator.serviceWorker.controller) await new Promise((done) => setTimeout(done, 20));
    const answer = await fetch("score", { method: "POST", body: JSON.stringify(request) });
    const there = await answer.json();
    document.body.append(JSON.stringify([here.bsmv, there.bsmv]));`,
  );
  const shop = await site(pages);
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    const complaints = complaintsOf(page);
    const shown = async () => {
      const said = () => document.body.textContent !== "";
      await page.waitForFunction(said, undefined, { timeout: PATIENCE });
      return JSON.parse((await page.textContent("body")) ?? "");
    };
    await page.goto(shop.address);
    const first = await shown();
    assert.ok(first[0] > 50);
    assert.equal(first[0], first[1]);
    // Now through the service worker, which keeps what it sees.
    await page.reload();
    assert.deepEqual(await shown(), first);
    assert.deepEqual(complaints, []);
    shop.stop();
    await context.setOffline(true);
    await page.reload();
    assert.deepEqual(await shown(), first);
  } finally {
    await context.close();
    shop.stop();
    rmSync(pages, { recursive: true, force: true });
  }
});
