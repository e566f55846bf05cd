/** DiffusionClient against an API on this machine that can be told to misbehave. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, beforeEach, test } from "node:test";
import { DiffusionClient, DiffusionError } from "../bsmv/diffusion.js";

/** @typedef {(request: import("node:http").IncomingMessage, response: import("node:http").ServerResponse, url: URL) => void} Handler */

/** What the API answers next. @type {Handler} */
let answer;
/** Paths and headers asked for, in order. @type {{ url: URL, etag?: string }[]} */
let asked = [];
let host = "";
let base = "";
let round = 0;

const server = createServer((request, response) => {
  const url = new URL(request.url ?? "", host);
  // A request that an earlier test gave up may still arrive.
  if (!url.href.startsWith(base)) return response.destroy();
  asked.push({ url, etag: request.headers["if-none-match"] });
  answer(request, response, url);
});

before(async () => {
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  host = `http://127.0.0.1:${port}/`;
});
after(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  asked = [];
  round += 1;
  base = `${host}${round}/`;
});

const client = (options = {}) => new DiffusionClient({ base, backoff: 1, ...options });

/**
 * Events `start` to `start + n - 1` of a graph of `total`.
 *
 * @param {number} start
 * @param {number} n
 * @param {object} [changes]
 */
function page(start, n, changes = {}) {
  const events = Array.from({ length: n }, (_, i) => start + i);
  return {
    schema: 1,
    post: "p",
    created_at: "2026-11-22T10:00:00Z",
    observed_until: 1_000_000,
    total: n,
    author: { followers: 12, verified: null },
    start,
    t: events,
    parent: events.map((i) => i >> 1),
    kind: events.map((i) => (i % 2 ? "repost" : "quote")),
    user: events,
    followers: events.map((i) => (i % 3 ? i : null)),
    verified: events.map(() => null),
    s: events.map((i) => (i % 2 ? null : -0.5)),
    next: null,
    ...changes,
  };
}

/** @param {unknown} body @param {object} [headers] @returns {Handler} */
const json = (body, headers = {}) => {
  return (_request, response) => {
    response.writeHead(200, { "content-type": "application/json", ...headers });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  };
};

/** @param {number} total @param {number} size @returns {Handler} */
const paged = (total, size) => (request, response, url) => {
  const start = Number(url.searchParams.get("cursor") ?? 1);
  const n = Math.min(size, total - start + 1);
  const next = start + n <= total ? String(start + n) : null;
  json(page(start, n, { total, next }))(request, response, url);
};

/** @param {string} code @param {string} [field] */
const fails = (code, field) => (/** @type {unknown} */ error) => {
  assert.ok(error instanceof DiffusionError, String(error));
  assert.deepEqual([error.code, error.field], [code, field], error.message);
  return true;
};

test("pages become one, and progress is told", async () => {
  answer = paged(25, 10);
  /** @type {number[]} */
  const progress = [];
  const { page: whole, ...rest } = await client().get("p", {
    until: 3_600_000,
    onProgress: ({ loaded }) => progress.push(loaded),
  });
  assert.deepEqual(whole, page(1, 25, { author: { followers: 12 } }));
  assert.deepEqual(rest, { total: 25, sampled: false, unchanged: false });
  assert.deepEqual(progress, [10, 20, 25]);
  assert.equal(asked[0].url.href, `${base}v1/posts/p/diffusion?until=3600000`);
  assert.equal(asked[2].url.search, "?until=3600000&cursor=21");
});

test("ids and base paths are kept apart from the address", async () => {
  answer = json(page(1, 0, { post: "../a b?/微博" }));
  await new DiffusionClient({ base: `${base}api` }).get("../a b?/微博");
  assert.equal(
    asked[0].url.href,
    `${base}api/v1/posts/${encodeURIComponent("../a b?/微博")}/diffusion`,
  );
  for (const id of ["", ".", ".."]) {
    await assert.rejects(client().get(id), fails("invalid_input", "id"));
  }
});

test("the post itself is read, and only what a scorer knows of it", async () => {
  const post = { text: "a", platform: "x", created_at: "2026-11-22T10:00:00Z", images: 2 };
  answer = json({ ...post, title: null, keep_texts: true, anything: 1 });
  assert.deepEqual(await client().post("a/b"), post);
  assert.equal(asked[0].url.href, `${base}v1/posts/a%2Fb`);
  answer = json({ created_at: "2026-11-22T10:00:00Z" });
  assert.equal((await client().post("p")).text, "");
  answer = json([]);
  await assert.rejects(client().post("p"), fails("malformed", "post"));
  answer = json("no JSON");
  await assert.rejects(client().post("p"), fails("not_json"));
  answer = (_request, response) => response.writeHead(404).end();
  await assert.rejects(client().post("p"), fails("not_found"));
});

test("a graph of more events than are read isn't read", async () => {
  answer = paged(25, 10);
  await assert.rejects(client({ maxRead: 24 }).get("p"), fails("too_large", "total"));
  assert.equal(asked.length, 1);
  assert.equal((await client({ maxRead: 25 }).get("p")).total, 25);
});

test("an unchanged graph isn't sent again", async () => {
  const mine = client();
  answer = json(page(1, 3), { etag: '"a"' });
  const first = await mine.get("p");
  answer = (_request, response) => response.writeHead(304).end();
  const again = await mine.get("p");
  assert.deepEqual(again, { ...first, unchanged: true });
  answer = json(page(1, 4), { etag: '"b"' });
  assert.equal((await mine.get("p")).total, 4);
  answer = (_request, response) => response.writeHead(304).end();
  assert.equal((await mine.get("p")).total, 4);
  await assert.rejects(mine.get("p", { until: 9 }), fails("refused"), "another question");
  assert.deepEqual(
    asked.map(({ etag }) => etag),
    [undefined, '"a"', '"a"', '"b"', undefined],
  );
});

test("a sample is a tree, the same each time, and the total stays", async () => {
  answer = paged(5000, 1000);
  const first = await client({ maxEvents: 300 }).get("p", { texts: false });
  const { page: whole, total, sampled } = await client({ maxEvents: 300 }).get("p");
  assert.deepEqual(first.page, whole);
  assert.deepEqual([total, whole.total, sampled], [5000, 5000, true]);
  assert.equal(whole.t.length, 300);
  for (const column of /** @type {const} */ (["parent", "kind", "user", "followers", "s"])) {
    assert.equal(whole[column].length, 300);
  }
  // In this graph t is the index and each event's parent is half of it: both can be checked.
  for (const [i, t] of whole.t.entries()) {
    const parent = whole.parent[i];
    assert.ok(parent <= i && (i === 0 || t > whole.t[i - 1]));
    assert.equal(parent === 0 ? 0 : whole.t[parent - 1], t >> 1);
  }
  assert.ok((whole.t.at(-1) ?? 0) > 4000, "late events are in it too");
});

test("a chain deeper than the cap is sampled, and quickly", async () => {
  const n = 200_000;
  const events = Array.from({ length: n }, (_, i) => i);
  answer = json(page(1, n, { parent: events }));
  const { page: whole } = await client({ maxEvents: 1000 }).get("p");
  assert.ok(whole.t.length <= 1000 && whole.t.length > 0);
  assert.deepEqual(whole.parent, events.slice(0, whole.t.length));
});

/** @type {[string, number][]} */
const passing = [
  ["429", 429],
  ["500", 500],
  ["503", 503],
];
for (const [name, status] of passing) {
  test(`${name} is tried again`, async () => {
    answer = (request, response, url) => {
      if (asked.length < 3) response.writeHead(status).end();
      else json(page(1, 2))(request, response, url);
    };
    assert.equal((await client().get("p")).total, 2);
    assert.equal(asked.length, 3);
  });
}

test("attempts end, with the status", async () => {
  answer = (_request, response) => response.writeHead(503).end();
  await assert.rejects(client({ attempts: 3 }).get("p"), { code: "unavailable", status: 503 });
  assert.equal(asked.length, 3);
  answer = (request) => request.socket.destroy();
  await assert.rejects(client({ attempts: 2 }).get("p"), fails("network"));
  answer = () => {};
  await assert.rejects(client({ attempts: 2, timeout: 50 }).get("p"), fails("timeout"));
  // A body that never ends is no answer either.
  answer = (_request, response) => response.writeHead(200).write("{");
  await assert.rejects(client({ attempts: 1, timeout: 50 }).get("p"), fails("timeout"));
});

test("Retry-After is heeded, but not without end", async () => {
  const begin = Date.now();
  answer = (request, response, url) => {
    if (asked.length === 1) response.writeHead(429, { "retry-after": "1" }).end();
    else json(page(1, 2))(request, response, url);
  };
  await client().get("p");
  assert.ok(Date.now() - begin >= 1000);
  answer = (_request, response) => response.writeHead(429, { "retry-after": "3600" }).end();
  await assert.rejects(client().get("p"), fails("unavailable"));
  assert.equal(asked.length, 3, "not asked again");
});

test("what was refused isn't asked again", async () => {
  for (const [status, code] of /** @type {const} */ ([
    [404, "not_found"],
    [400, "refused"],
    [401, "refused"],
    [302, "refused"],
    [204, "refused"],
  ])) {
    asked = [];
    answer = (_request, response) =>
      response.writeHead(status, { location: "http://127.0.0.1:9/" }).end();
    await assert.rejects(client().get("p"), { name: "DiffusionError", code, status });
    assert.equal(asked.length, 1);
  }
});

test("an aborted call ends at once, wherever it is", async () => {
  const aborted = AbortSignal.abort(new Error("enough"));
  await assert.rejects(client().get("p", { signal: aborted }), { message: "enough" });
  assert.equal(asked.length, 0);
  /** @type {Handler[]} */
  const waits = [
    () => {},
    (_request, response) => response.writeHead(200).write("{"),
    (_request, response) => response.writeHead(429, { "retry-after": "20" }).end(),
  ];
  for (const wait of waits) {
    answer = wait;
    const controller = new AbortController();
    const call = client().get("p", { signal: controller.signal });
    setTimeout(() => controller.abort(new Error("enough")), 30);
    await assert.rejects(call, { message: "enough" });
  }
});

test("a graph that changes between its pages is begun anew", async () => {
  let calls = 0;
  answer = (request, response, url) => {
    calls += 1;
    if (calls === 2) response.writeHead(410).end();
    else if (calls === 4) json(page(11, 5, { total: 16 }))(request, response, url);
    else paged(15, 10)(request, response, url);
  };
  assert.equal((await client().get("p")).total, 15);
  assert.equal(calls, 6);
  answer = (request, response, url) => {
    if (url.searchParams.has("cursor")) response.writeHead(410).end();
    else paged(15, 10)(request, response, url);
  };
  await assert.rejects(client().get("p"), fails("changed"));
});

/** Answers that must not become a graph. @type {[string, unknown, string, string?][]} */
const hostile = [
  ["nothing", "", "not_json"],
  ["HTML", "<!doctype html><p>Login", "not_json"],
  ["half a page", JSON.stringify(page(1, 3)).slice(0, -9), "not_json"],
  ["NaN", JSON.stringify(page(1, 1)).replace('"total":1', '"total":NaN'), "not_json"],
  ["deep nesting", "[".repeat(1e6), "not_json"],
  ["null", "null", "malformed", "page"],
  ["a list", "[]", "malformed", "page"],
  ["another schema", page(1, 3, { schema: 2 }), "wrong_schema", "schema"],
  ["no schema", { post: "p" }, "wrong_schema", "schema"],
  ["another post", page(1, 3, { post: "q" }), "wrong_post", "post"],
  ["a short column", page(1, 3, { user: [1, 2] }), "malformed", "user"],
  ["a long column", page(1, 3, { s: [null, null, null, null] }), "malformed", "s"],
  ["texts of another length", page(1, 3, { text: ["a"] }), "malformed", "text"],
  ["no column", page(1, 3, { kind: undefined }), "malformed", "kind"],
  ["an object as column", page(1, 1, { t: { 0: 1, length: 1 } }), "malformed", "t"],
  ["its own parent", page(1, 3, { parent: [0, 2, 1] }), "malformed", "parent[1]"],
  ["a later parent", page(1, 3, { parent: [0, 9, 1] }), "malformed", "parent[1]"],
  ["a negative parent", page(1, 3, { parent: [0, -1, 1] }), "malformed", "parent[1]"],
  ["half a parent", page(1, 3, { parent: [0, 0.5, 1] }), "malformed", "parent[1]"],
  ["a text as parent", page(1, 3, { parent: [0, "0", 1] }), "malformed", "parent[1]"],
  ["time running back", page(1, 3, { t: [5, 4, 6] }), "malformed", "t[1]"],
  ["events after the end", page(1, 3, { observed_until: 2 }), "malformed", "t[2]"],
  ["a huge time", page(1, 1, { t: [1e300] }), "malformed", "t[0]"],
  ["NaN as text", page(1, 1, { s: ["NaN"] }), "malformed", "s[0]"],
  ["an infinite number", JSON.stringify(page(1, 2)).replace("-0.5", "1e999"), "malformed", "s[1]"],
  ["a valence of 2", page(1, 1, { s: [2] }), "malformed", "s[0]"],
  ["an unknown kind", page(1, 1, { kind: ["like"] }), "malformed", "kind[0]"],
  ["huge followers", page(1, 1, { followers: [1e300] }), "malformed", "followers[0]"],
  ["a number as verified", page(1, 1, { verified: [1] }), "malformed", "verified[0]"],
  ["a huge total", page(1, 1, { total: 1e300 }), "malformed", "total"],
  ["a total too large to read", page(1, 1, { total: 1e9 }), "too_large", "total"],
  ["a total too small", page(1, 3, { total: 2 }), "malformed", "total"],
  ["fewer events than the total", page(1, 3, { total: 4 }), "malformed", "total"],
  ["a start at the post", page(1, 3, { start: 0 }), "malformed", "start"],
  ["a start further on", page(2, 3, { total: 9 }), "malformed", "start"],
  ["a number as cursor", page(1, 3, { next: 4 }), "malformed", "next"],
  ["no time", page(1, 3, { created_at: "yesterday" }), "malformed", "created_at"],
  ["a wrong time", page(1, 3, { created_at: "2026-13-41T10:00:00Z" }), "malformed", "created_at"],
  ["an author of text", page(1, 1, { author: "me" }), "malformed", "author"],
  [
    "an author's text",
    page(1, 1, { author: { followers: "12" } }),
    "malformed",
    "author.followers",
  ],
  ["the same page for ever", page(1, 3, { total: 9, next: "a" }), "malformed", "start"],
  ["a page without events", page(1, 0, { total: 9, next: "a" }), "endless", "next"],
  ["a page too long", `[${" ".repeat((16 << 20) + 1)}]`, "too_large"],
];
for (const [name, body, code, field] of hostile) {
  test(`hostile answer: ${name}`, async () => {
    answer = json(body);
    await assert.rejects(client().get("p"), fails(code, field));
  });
}

test("hostile answer: one event a page, and cursors in a circle", async () => {
  answer = (request, response, url) => {
    const start = asked.length;
    const next = String(start % 2);
    json(page(start, 1, { total: 1_000_000, next }))(request, response, url);
  };
  await assert.rejects(client().get("p"), fails("endless", "next"));
  assert.ok(asked.length < 5);
});

test("hostile answer: a later page goes back in time, or drops its texts", async () => {
  answer = (request, response, url) => {
    const later = url.searchParams.has("cursor");
    const changes = later ? { t: [0, 1, 2] } : { next: "a" };
    json(page(later ? 4 : 1, 3, { total: 6, ...changes }))(request, response, url);
  };
  await assert.rejects(client().get("p"), fails("malformed", "t[0]"));
  answer = (request, response, url) => {
    const later = url.searchParams.has("cursor");
    const changes = later ? {} : { text: [null, "a", "b"], next: "a" };
    json(page(later ? 4 : 1, 3, { total: 6, ...changes }))(request, response, url);
  };
  await assert.rejects(client().get("p", { texts: true }), fails("malformed", "text"));
});

test("an answer beyond what was asked for is refused", async () => {
  answer = json(page(1, 3));
  await assert.rejects(client().get("p", { until: 60 }), fails("malformed", "observed_until"));
});

test("unknown fields are left behind, names of the prototype too", async () => {
  const body = JSON.stringify(page(1, 1)).replace("{", '{"__proto__":{"bad":1},"more":1,');
  answer = json(body);
  const { page: whole } = await client().get("p");
  assert.equal(Object.getPrototypeOf(whole), Object.prototype);
  assert.deepEqual(Object.keys(whole).sort(), Object.keys(page(1, 1)).sort());
});

test("options that make no sense are refused", () => {
  for (const maxEvents of [0, -1, 1.5, Number.NaN]) {
    assert.throws(() => client({ maxEvents }), fails("invalid_input", "maxEvents"));
  }
});
