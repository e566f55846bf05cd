/** The page and the module in headless Chromium, from the real server. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, PATIENCE, serve } from "./browser.mjs";
import { assertAsNative, badInputs, fixtures } from "./fixtures.mjs";

/** @type {Awaited<ReturnType<typeof serve>>} */
let server;
/** @type {import("playwright-core").Browser} */
let browser;
/** @type {import("playwright-core").Page} */
let page;
/** Everything that the page complained of. @type {string[]} */
const complaints = [];

before(async () => {
  server = await serve();
  browser = await launch();
  page = await browser.newPage({ locale: "en" });
  page.setDefaultTimeout(PATIENCE);
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  await page.addInitScript(() => {
    const send = Worker.prototype.postMessage;
    /** @this {Worker} @param {any[]} sent */
    function noted(...sent) {
      const { method } = sent[0];
      const { dataset } = document.documentElement;
      if (["explainWords", "abort"].includes(method)) dataset.told = method;
      dataset.calls = String(Number(dataset.calls ?? 0) + 1);
      // @ts-expect-error: as it was called
      return send.apply(this, sent);
    }
    Worker.prototype.postMessage = noted;
  });
  await page.goto(server.address);
  await page.locator("#empty").waitFor();
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

/** Longer than the page waits for the end of typing, and a score takes. */
const SETTLED = 800;

/** The score that the page shows, once it no longer changes. */
async function shown() {
  await page.locator("#answer").waitFor();
  const read = () => page.locator("#bsmv").textContent();
  let last = await read();
  for (let since = Date.now(); Date.now() - since < SETTLED; ) {
    await page.waitForTimeout(50);
    const now = await read();
    if (now !== last) [last, since] = [now, Date.now()];
  }
  return last ?? "";
}

/** Waits until the score that is shown is explained too, each word. */
const explained = () =>
  page.locator("#why:not([data-stale]) #words[aria-busy=false]").waitFor({ state: "visible" });

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

test("the score follows the draft, and nothing leaves the page", async () => {
  /** @type {string[]} */
  const requests = [];
  const record = (/** @type {import("playwright-core").Request} */ r) => requests.push(r.url());
  page.on("request", record);
  await page.locator("#draft").pressSequentially("I love this coffee, it is wonderful!");
  const praise = await shown();
  await page.locator("#draft").fill("The worst coffee I ever had. Horrible service, never again.");
  const complaint = await shown();
  await page.locator("#followers").fill("250000");
  await page.locator("#brand").selectOption("own");
  await page.locator("#name").fill("Test Roasters");
  await page.locator("#positioning").fill("Coffee for people in a hurry.");
  await shown();
  await explained();
  page.off("request", record);
  assert.ok(
    Number(praise) > Number(complaint),
    `${praise} for praise, ${complaint} for a complaint`,
  );
  assert.deepEqual(requests, []);
  await page.locator("#brand").selectOption("");
});

test("what moved the score is said, and the words that drove it are marked and listed", async () => {
  const text = "The coffee is wonderful, but I hate the rude waiter.";
  await page.locator("#draft").fill(text);
  await shown();
  await explained();
  const score = Math.round(Number(await page.locator("#bsmv").textContent()));
  assert.match(
    (await page.locator("#sentence").textContent()) ?? "",
    new RegExp(`^${score} points`),
  );
  assert.ok((await page.locator("#hints li").count()) > 0);
  assert.equal(await page.locator("#marked").textContent(), text);
  const good = await page.locator("#marked mark.plus").allTextContents();
  const bad = await page.locator("#marked mark.minus").allTextContents();
  assert.ok(good.includes("wonderful") && !bad.includes("wonderful"), `good: ${good}`);
  assert.ok(
    bad.some((word) => ["hate", "rude"].includes(word)),
    `bad: ${bad}`,
  );
  const listed = await page.locator("#tone-words li").allTextContents();
  assert.ok(listed.length > 0 && listed.length <= 5);
  for (const item of listed) assert.match(item, /^\S+ [+−]\d\.\d\d$/);

  await page.locator("#draft").fill("这杯咖啡太难喝了，失望。");
  await shown();
  await explained();
  // In the page's language, not in the post's.
  assert.match((await page.locator("#sentence").textContent()) ?? "", /^\d+ points/);
});

test("typing on stops the words that are under way, and the new ones are marked", async () => {
  await page.evaluate(() => delete document.documentElement.dataset.told);
  await page.locator("#draft").fill("The coffee is terrible here. ".repeat(50));
  await page.locator("html[data-told=explainWords]:has(#words[aria-busy=true])").waitFor();
  const text = "Wonderful coffee!";
  await page.locator("#draft").fill(text);
  assert.equal(
    await page.locator("html[data-told=abort]").count(),
    1,
    "the worker was told to stop",
  );
  assert.equal(await page.locator("#why[data-stale]").count(), 1, "what stands there is faded");
  await explained();
  assert.equal(await page.locator("#marked").textContent(), text);
  assert.deepEqual(await page.locator("#marked mark").allTextContents(), ["Wonderful"]);
});

test("brands are offered, and one can be chosen", async () => {
  assert.ok((await page.locator("#brand optgroup option").count()) >= 60);
  await page.locator("#brand").selectOption("luckin");
  await page.locator("#about").waitFor();
  await page.locator("#brand").selectOption("");
});

test("a graph changes the answer", async () => {
  await page.locator("#platform").selectOption("x");
  await page.locator("#draft").fill("I love this coffee, it is wonderful!");
  const draft = await shown();
  await page.locator("#graph").selectOption("900");
  assert.notEqual(await shown(), draft);
  await page.locator("#graph").selectOption("");
});

test("a stored post is followed, and its score moves as events arrive", async () => {
  const post = new URL("v1/posts/followed", server.address);
  const created_at = new Date(Date.now() - 3_600_000).toISOString();
  const put = await fetch(post, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ created_at }),
  });
  assert.ok(put.ok, `${put.status}`);
  const send = async (/** @type {number} */ from, /** @type {number} */ to) => {
    const lines = Array.from({ length: to - from }, (_, i) => {
      const n = from + i;
      // Of those after the third one, every second comes from it; of the others a fifth from e5.
      const parent = n > 3 && n % 2 === 1 ? "e3" : n > 5 && n % 10 === 0 ? "e5" : null;
      return JSON.stringify({ id: `e${n}`, t: n, kind: "repost", user: `u${n}`, parent });
    });
    const answer = await fetch(`${post}/events`, {
      method: "POST",
      headers: { "content-type": "application/x-ndjson" },
      body: lines.join("\n"),
    });
    assert.ok(answer.ok, `${answer.status}: ${await answer.text()}`);
  };
  await send(1, 21);
  await page.locator("#platform").selectOption("x");
  await page.locator("#draft").fill("I love this coffee, it is wonderful!");
  await page.locator("#graph").selectOption("stored");
  const draft = Number(await shown());
  await page.locator("#stored").fill("followed");
  await page.locator("#stored").blur();
  const changed = async (/** @type {number} */ last) => {
    await page.waitForFunction(
      (last) => Number(document.querySelector("#bsmv")?.textContent) !== last,
      last,
    );
    return Number(await shown());
  };
  const few = await changed(draft);
  await send(21, 921);
  const many = await changed(few);
  assert.ok(many > few, `${few} after 20 reposts, ${many} after 920`);
  await explained();
  assert.deepEqual(await page.locator("#leaders li").allTextContents(), [
    "Repost 3, after 3 seconds: 50 % of what followed",
    "Repost 5, after 5 seconds: 10 % of what followed",
  ]);
  assert.deepEqual(await page.locator("#curve .leader").allTextContents(), ["1", "2"]);
  await page.locator("#graph").selectOption("");
});

test("bad input is told at its field, and the page goes on", async () => {
  await page.locator("#followers").fill("many");
  await page.locator("#error").waitFor();
  assert.equal(await page.locator("#followers").getAttribute("aria-invalid"), "true");
  await page.locator("#followers").fill("");
  await page.locator("#error").waitFor({ state: "hidden" });
  await page.locator("#draft").fill("a".repeat(20_001));
  await page.locator("#error").waitFor();
  await page.locator("#draft").fill("Good again.");
  await page.locator("#error").waitFor({ state: "hidden" });
  assert.ok(Number(await shown()) > 0);
});

test("a Chinese page is Chinese throughout, and asks the scorer nothing to become so", async () => {
  await page.locator("#platform").selectOption("douyin");
  const giveaway = "RT to win a bag of beans! I lo\u200bve it so\u200b much 😍😍😍😍😍😍😍😍😍";
  await page.locator("#draft").fill(giveaway);
  await shown();
  await explained();
  const calls = () => page.locator("html").getAttribute("data-calls");
  const before = await calls();
  const english = await page.locator("#unseen").textContent();
  await page.locator("#language").click();
  assert.equal(await calls(), before);
  assert.equal(await page.locator("html").getAttribute("lang"), "zh-Hans");
  assert.equal(await page.locator("#platform option").first().textContent(), "微博");
  for (const [list, least] of /** @type {const} */ ([
    ["#flags li", 3],
    ["#unseen li", 4],
    ["#hints li", 0],
    ["#sentence", 1],
    ["#word-note", 1],
    ["#contributions .name", 5],
    ["#topics .name", 5],
    ["#base", 1],
  ])) {
    const texts = await page.locator(list).allTextContents();
    assert.ok(texts.length >= least, `${list}: ${texts}`);
    for (const text of texts) {
      assert.match(text, /\p{Script=Han}/u, list);
      // The post's own words stand in quotation marks.
      assert.doesNotMatch(text.replaceAll(/“.*?”/g, ""), /[a-z]{2}/i, list);
    }
  }
  await page.locator("#language").click();
  assert.equal(await page.locator("#unseen").textContent(), english);
});

test("the page speaks Chinese too, and is as wide as the window", async () => {
  await page.locator("#language").click();
  assert.equal(await page.locator("html").getAttribute("lang"), "zh-Hans");
  await page.setViewportSize({ width: 380, height: 800 });
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 380);
  await page.locator("#language").click();
});

// Last: it judges all that was done above.
test("the page had nothing to complain of, its security policy included", () => {
  assert.deepEqual(complaints, []);
});
