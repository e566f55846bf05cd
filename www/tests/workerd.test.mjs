/** The edge worker in real workerd, as the package has it. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { createServer, request as send } from "node:http";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import { DiffusionClient } from "../bsmv/diffusion.js";
import { serve } from "./browser.mjs";
import { assertAsNative, badInputs, fixtures, oddInputs } from "./fixtures.mjs";
import { workerd } from "./workerd.mjs";

const SHOP = "https://shop.example";
const GOOD = { post: { text: "The staff were lovely and the coffee was great." } };

/** @type {Awaited<ReturnType<typeof serve>>} */
let store;
/** @type {Awaited<ReturnType<typeof workerd>>} */
let edge;
/** What takes the worker as long as it waits for anything, begun before all else. @type {Promise<[number, any]>[]} */
let late;

/** The API: the real one, but for posts by which it misbehaves. */
const api = createServer(async (request, response) => {
  const { method, url } = request;
  if (url?.includes("/silent")) return;
  if (url?.includes("/broken")) return response.writeHead(500).end();
  if (url?.includes("/nonsense")) return response.end("<html>");
  const answer = await fetch(`${store.address}${url}`, { method });
  response.writeHead(answer.status, { "content-type": "application/json" });
  response.end(await answer.text());
});

before(async () => {
  store = await serve();
  await new Promise((resolve) => api.listen(0, "127.0.0.1", () => resolve(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (api.address());
  const env = {
    DIFFUSION_API: `http://127.0.0.1:${port}`,
    ALLOW_ORIGIN: `${SHOP} https://b.example`,
  };
  edge = await workerd({ env, probe: true });
  late = [get("/score/silent").then(told), unfinished()];
  for (const promise of late) promise.catch(() => {});
});

after(async () => {
  await edge?.stop();
  await store?.stop();
  api.closeAllConnections();
  api.close();
});

/** @param {string} path @param {RequestInit} [options] */
const get = (path, options) => fetch(`${edge.address}${path}`, options);

/** @param {string} body @param {Record<string, string>} [headers] */
const post = (body, headers) =>
  get("/score", {
    method: "POST",
    body,
    headers: { "content-type": "application/json", ...headers },
  });

/** @param {Response} response @returns {Promise<[number, any]>} */
const told = async (response) => [response.status, await response.json()];

/** A body that is begun and never ended. @returns {Promise<[number, any]>} */
const unfinished = () =>
  new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json", "content-length": "100" };
    const request = send(`${edge.address}/score`, { method: "POST", headers }, (response) => {
      let body = "";
      response.on("data", (chunk) => {
        body += chunk;
      });
      response.on("end", () => {
        request.destroy();
        resolve([response.statusCode ?? 0, JSON.parse(body)]);
      });
    });
    request.on("error", reject);
    request.write('{"post":');
  });

/** @param {[number, any]} told @param {number} status @param {string} code @param {string} [field] */
function assertRefused([has, body], status, code, field) {
  const { message, ...error } = body.error;
  assert.deepEqual([has, error], [status, { code, ...(field && { field }) }], message);
  assert.ok(message.length > 0);
  assert.deepEqual(Object.keys(body), ["error"]);
}

test("a cold isolate answers many at once", async () => {
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, i) =>
      post(JSON.stringify({ post: { text: `cold ${i}` } })).then(told),
    ),
  );
  for (const [status, { bsmv }] of answers) assert.ok(status === 200 && bsmv > 0);
});

test("the fixtures score in workerd as they do natively", async () => {
  const answers = [];
  for (const { id, request, text } of fixtures()) {
    const [status, { bsmv }] = await told(await post(JSON.stringify(request)));
    assert.equal(status, 200, id);
    const vector = await (await get("/embed", { method: "POST", body: text })).arrayBuffer();
    const embedding_sha256 = createHash("sha256").update(Buffer.from(vector)).digest("hex");
    answers.push({ id, bsmv, embedding_sha256 });
  }
  assertAsNative(answers);
});

for (const { name, request, raw, code, field } of badInputs()) {
  test(`bad input: ${name}`, async () => {
    const answer = await told(await post(raw ?? JSON.stringify(request)));
    assertRefused(answer, code === "malformed_json" ? 400 : 422, code, field);
  });
}

for (const { name, raw } of oddInputs()) {
  test(`odd input: ${name}`, async () => {
    const [status, { bsmv }] = await told(await post(raw));
    assert.deepEqual([status, bsmv > 0], [200, true]);
  });
}

test("a compressed body is read, a bomb is not", async () => {
  const json = "application/json";
  const send = async (/** @type {string} */ encoding, /** @type {Uint8Array} */ body) =>
    get("/score", {
      method: "POST",
      headers: { "content-type": json, "content-encoding": encoding },
      body: /** @type {BodyInit} */ (body),
    });
  const [status, { bsmv }] = await told(await send("gzip", gzipSync(JSON.stringify(GOOD))));
  assert.deepEqual([status, bsmv > 50], [200, true]);
  const bomb = gzipSync(Buffer.alloc(60 << 20, " "));
  assertRefused(await told(await send("gzip", bomb)), 413, "too_large");
  assertRefused(await told(await send("gzip", Buffer.from("{}"))), 400, "malformed_json");
  const other = await send("compress", gzipSync("{}"));
  assert.equal(other.headers.get("accept-encoding"), "gzip, deflate");
  assertRefused(await told(other), 415, "unsupported_encoding");
});

test("bodies that come at once take no more than their room", async () => {
  const padding = " ".repeat(1_900_000);
  const many = await Promise.all(
    Array.from({ length: 40 }, async (_, i) => {
      const answer = await post(JSON.stringify({ post: { text: `much ${i}` } }) + padding);
      await answer.body?.cancel();
      return [answer.status, answer.headers.get("retry-after")];
    }),
  );
  for (const [status, after] of many) {
    assert.ok(status === 200 || (status === 503 && after === "1"), `${status} ${after}`);
  }
  const [status] = await told(await post(JSON.stringify(GOOD)));
  assert.equal(status, 200);
});

test("what isn't a request for a score is refused with a code", async () => {
  const json = "application/json";
  const refused = async (/** @type {string} */ path, /** @type {RequestInit} */ options = {}) =>
    told(await get(path, { method: "POST", headers: { "content-type": json }, ...options }));
  assertRefused(await refused("/"), 404, "not_found");
  assertRefused(await refused("/score/a/b"), 404, "not_found");
  assertRefused(await refused("/score", { method: "DELETE" }), 405, "method_not_allowed");
  assertRefused(await refused("/score/a"), 405, "method_not_allowed");
  const text = { body: "{}", headers: { "content-type": "text/plain" } };
  assertRefused(await refused("/score", text), 415, "unsupported_media_type");
  assertRefused(await refused("/score", { body: "" }), 400, "malformed_json", "request");
  const latin = { body: new Uint8Array([0x22, 0xe9, 0x22]) };
  assertRefused(await refused("/score", latin), 400, "malformed_json");
  const long = JSON.stringify({ post: { text: "a".repeat(3 << 20) } });
  assertRefused(await refused("/score", { body: long }), 413, "too_large");
  const chunks = /** @type {RequestInit} */ ({ body: new Blob([long]).stream(), duplex: "half" });
  assertRefused(await refused("/score", chunks), 413, "too_large");
  const [status] = await told(await post(JSON.stringify(GOOD)));
  assert.equal(status, 200);
});

test("the same request is scored once", async () => {
  const body = JSON.stringify({ post: { text: "Nobody asked this before." } });
  const [first, second] = [await post(body), await post(body)];
  assert.equal(first.headers.get("cache-status"), "bsmv; fwd=miss");
  assert.equal(second.headers.get("cache-status"), "bsmv; hit");
  assert.deepEqual(await second.json(), await first.json());
});

test("a stored post is scored with its graph, which is asked for again", async () => {
  const address = `${store.address}/v1/posts/edge%2F1`;
  const created_at = "2026-11-22T10:00:00Z";
  const record = {
    created_at,
    platform: "x",
    text: "I love this coffee!",
    author: { followers: 90 },
  };
  const put = await fetch(address, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(record),
  });
  assert.equal(put.status, 201);
  const add = async (/** @type {number} */ from, /** @type {number} */ to) => {
    const lines = Array.from({ length: to - from }, (_, i) => {
      const n = from + i;
      return JSON.stringify({ id: `e${n}`, t: n, kind: "repost", user: `u${n}` });
    });
    const headers = { "content-type": "application/x-ndjson" };
    const answer = await fetch(`${address}/events`, {
      method: "POST",
      headers,
      body: lines.join("\n"),
    });
    assert.equal(answer.status, 200);
  };
  await add(1, 51);
  const scored = await get("/score/edge%2F1");
  const score = await scored.json();
  const client = new DiffusionClient({ base: store.address });
  const { page: graph } = await client.get("edge/1");
  const [, direct] = await told(await post(JSON.stringify({ post: record, graph })));
  assert.equal(score.events, 50);
  assert.equal(score.bsmv, direct.bsmv);
  const again = await get("/score/edge%2F1");
  assert.equal(again.headers.get("cache-status"), "bsmv; hit");
  const early = await (await get("/score/edge%2F1?until=10")).json();
  assert.equal(early.events, 10);
  await add(51, 401);
  const later = await (await get("/score/edge%2F1")).json();
  assert.equal(later.events, 400);
});

test("what the API doesn't give is told with a code", async () => {
  const refused = async (/** @type {string} */ path) => told(await get(path));
  assertRefused(await refused("/score/nobody"), 404, "not_found");
  assertRefused(await refused("/score/nobody?until=soon"), 422, "invalid_input", "until");
  assertRefused(await refused("/score/nobody?colour=red"), 422, "invalid_input", "colour");
  assertRefused(await refused("/score/%ff"), 422, "invalid_input", "id");
  assertRefused(await refused("/score/broken"), 502, "unavailable");
  assertRefused(await refused("/score/nonsense"), 502, "not_json");
  await fetch(`${store.address}/v1/posts/wordless`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: '{"created_at":"2026-11-22T10:00:00Z"}',
  });
  assertRefused(await refused("/score/wordless"), 422, "invalid_input", "post.text");
});

test("only pages that were named may ask", async () => {
  const ask = (/** @type {string} */ origin) =>
    get("/score", {
      method: "OPTIONS",
      headers: { origin, "access-control-request-method": "POST" },
    });
  const allowed = await ask(SHOP);
  assert.equal(allowed.status, 204);
  assert.equal(allowed.headers.get("access-control-allow-origin"), SHOP);
  assert.equal(allowed.headers.get("access-control-allow-methods"), "POST, OPTIONS");
  assert.equal(allowed.headers.get("access-control-allow-headers"), "content-type");
  assert.equal(allowed.headers.get("vary"), "Origin");
  const other = await ask("https://elsewhere.example");
  assert.equal(other.headers.get("access-control-allow-origin"), null);
  for (const body of [JSON.stringify(GOOD), "nonsense"]) {
    const answer = await post(body, { origin: SHOP });
    assert.equal(answer.headers.get("access-control-allow-origin"), SHOP);
    await answer.body?.cancel();
  }
});

test("without an API there are no stored posts, and by default no other origin may ask", async () => {
  const bare = await workerd();
  try {
    assertRefused(await told(await fetch(`${bare.address}/score/a`)), 501, "not_configured");
    const headers = { origin: SHOP, "content-type": "application/json" };
    const body = JSON.stringify(GOOD);
    const answer = await fetch(`${bare.address}/score`, { method: "POST", headers, body });
    assert.equal(answer.headers.get("access-control-allow-origin"), null);
    assert.ok((await answer.json()).bsmv > 50);
  } finally {
    await bare.stop();
  }
});

test("nobody is waited for longer than ten seconds", async () => {
  const [silent, half] = await Promise.all(late);
  assertRefused(silent, 504, "timeout");
  assertRefused(half, 408, "request_timeout");
});
