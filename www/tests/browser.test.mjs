/** The library in headless Chromium: module, worker and checks, on a host of plain files. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { launch, PATIENCE, ROOT } from "./browser.mjs";
import { assertAsNative, badInputs, fixtures } from "./fixtures.mjs";
import { complaintsOf, POLICY, serveFiles } from "./site.mjs";

/** @type {Awaited<ReturnType<typeof serveFiles>>} */
let host;
/** @type {import("playwright-core").Browser} */
let browser;
/** @type {import("playwright-core").Page} */
let page;
/** Everything that the page complained of. @type {string[]} */
let complaints;

before(async () => {
  host = await serveFiles((path) => ({
    body:
      path === "/index.html"
        ? Buffer.from("<!doctype html><title>A page of nobody's</title>")
        : readFileSync(join(ROOT, path.startsWith("/models/") ? "" : "www", path)),
    headers: { "content-security-policy": POLICY },
  }));
  browser = await launch();
  page = await browser.newPage({ locale: "en" });
  page.setDefaultTimeout(PATIENCE);
  complaints = complaintsOf(page);
  await page.goto(host.address);
});

after(async () => {
  await browser?.close();
  host?.stop();
});

for (const [where, file, make] of [
  ["the page", "bsmv/scorer.js", "init"],
  ["a worker", "bsmv/worker-scorer.js", "initWorker"],
]) {
  test(`the fixtures score in ${where} as they do natively`, async () => {
    const answers = await page.evaluate(
      async ([file, make, requests]) => {
        const library = await import(new URL(file, document.baseURI).href);
        const scorer = await library[make]({
          model: new URL("models/bsmv-base/manifest.json", document.baseURI),
        });
        const answers = [];
        for (const { id, request, text } of requests) {
          const { bsmv } = await scorer.score(request);
          const hash = await crypto.subtle.digest("SHA-256", await scorer.embed(text));
          const hex = Array.from(new Uint8Array(hash), (b) => b.toString(16).padStart(2, "0"));
          answers.push({ id, bsmv, embedding_sha256: hex.join("") });
        }
        scorer.dispose();
        return answers;
      },
      /** @type {const} */ ([file, make, fixtures()]),
    );
    assertAsNative(answers);
  });
}

test("a worker refuses a model that its memory budget has no room for", async () => {
  const code = await page.evaluate(async () => {
    const { initWorker } = await import(new URL("bsmv/worker-scorer.js", document.baseURI).href);
    const model = new URL("models/bsmv-base/manifest.json", document.baseURI);
    return initWorker({ model, memoryBudget: 20e6 }).catch(
      (/** @type {import("../bsmv/errors.js").ScorerError} */ error) => error.code,
    );
  });
  assert.equal(code, "memory_budget");
});

test("in a worker the newest draft wins, and what is aborted or disposed of says so", async () => {
  const ends = await page.evaluate(async () => {
    const { initWorker } = await import(new URL("bsmv/worker-scorer.js", document.baseURI).href);
    const model = new URL("models/bsmv-base/manifest.json", document.baseURI);
    /** @type {number[]} */
    const loaded = [];
    const onProgress = (/** @type {{ loaded: number }} */ at) => loaded.push(at.loaded);
    const scorer = await initWorker({ model, onProgress });
    const end = (/** @type {Promise<unknown>} */ call) =>
      call.then(
        () => "done",
        (error) => (error.name === "AbortError" ? error.name : error.code),
      );
    const drafts = ["a", "ab", "abc", "abcd"].map((text) => end(scorer.score({ post: { text } })));
    const newest = await Promise.all(drafts);
    const stop = new AbortController();
    const request = { post: { text: "word ".repeat(200) } };
    const onWords = () => stop.abort();
    const aborted = await end(scorer.explainWords(request, { signal: stop.signal, onWords }));
    const bad = await end(scorer.score({ post: { text: "a", likes: -1 } }));
    const good = await end(scorer.score({ post: { text: "still here" } }));
    const under_way = end(scorer.explainWords(request));
    scorer.dispose();
    const after = await end(scorer.score({ post: { text: "a" } }));
    return {
      newest,
      aborted,
      bad,
      good,
      disposed: await under_way,
      after,
      notes: loaded.length > 0,
    };
  });
  assert.deepEqual(ends, {
    newest: ["done", "superseded", "superseded", "done"],
    aborted: "AbortError",
    bad: "invalid_input",
    good: "done",
    disposed: "disposed",
    after: "disposed",
    notes: true,
  });
});

test("bad inputs are errors with code and field, and the scorer goes on", async () => {
  const cases = badInputs().filter(({ raw }) => raw === undefined);
  const found = await page.evaluate(
    async (requests) => {
      const { init } = await import(new URL("bsmv/scorer.js", document.baseURI).href);
      const scorer = await init({
        model: new URL("models/bsmv-base/manifest.json", document.baseURI),
      });
      const good = { post: { text: "Lovely coffee." } };
      const { bsmv } = await scorer.score(good);
      const found = [];
      for (const request of requests) {
        /** @type {{ code?: string, field?: string }} */
        let refused = {};
        try {
          await scorer.score(request);
        } catch (error) {
          const { code, field } = /** @type {{ code: string, field: string }} */ (error);
          refused = { code, field };
        }
        found.push({ ...refused, works: (await scorer.score(good)).bsmv === bsmv });
      }
      scorer.dispose();
      return found;
    },
    cases.map(({ request }) => request),
  );
  for (const [i, { name, code, field }] of cases.entries()) {
    assert.deepEqual(found[i], { code, field, works: true }, name);
  }
});

test("checks need the module alone, and say the same in the page's thread as for the server", async () => {
  const found = await page.evaluate(async () => {
    const { loadChecks } = await import(new URL("bsmv/checks.js", document.baseURI).href);
    const check = await loadChecks();
    const post = { text: "全网第一的拿铁，用我的口令下单立减9元。", platform: "xiaohongshu" };
    const { lengths, findings } = check({ post });
    let code = "";
    try {
      check({ post, avoided: [] });
    } catch (error) {
      code = /** @type {{ code: string }} */ (error).code;
    }
    const codes = findings.map((/** @type {{ code: string }} */ finding) => finding.code);
    return { length: lengths[1].count, codes, code };
  });
  assert.deepEqual(found, {
    length: 20,
    codes: ["absolute", "disclosure_missing", "ai_label"],
    code: "invalid_input",
  });
});

// Last: it judges all that was done above.
test("the browser had nothing to complain of, a strict security policy included", () => {
  assert.deepEqual(complaints, []);
});
