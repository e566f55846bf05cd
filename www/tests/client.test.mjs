/** The typed client of the API, with a real server. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { connect } from "../bsmv/client.js";
import { BSMV, serve } from "./browser.mjs";

const PRAISE = "Third winter in these boots and my feet are still dry. Love them!";

/** @type {string} */
let folder;
/** @type {Awaited<ReturnType<typeof serve>>} */
let server;
/** @type {ReturnType<typeof connect>} */
let api;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "bsmv-client-"));
  const store = ["--store", join(folder, "posts.db")];
  const create = ["key", "create", "team", "--scope", "admin", ...store];
  const key = execFileSync(BSMV, create, { encoding: "utf8" }).trim();
  server = await serve({ args: ["--precision", "int8", ...store] });
  api = connect(server.address, { key });
});

after(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

test("the client scores, and its errors are those of the server", async () => {
  const { data } = await api.POST("/v1/score", { body: { post: { text: PRAISE } } });
  assert.ok(data && "bsmv" in data && data.bsmv > 50);
  // @ts-expect-error A post has no such field.
  const wrong = await api.POST("/v1/score", { body: { post: { words: PRAISE } } });
  assert.equal(wrong.error?.error.field, "post.words");
  const stranger = await connect(server.address).POST("/v1/explain", {
    body: { post: { text: PRAISE } },
  });
  assert.equal(stranger.error?.error.code, "unauthorized");
});

test("the client keeps posts, adds their events as lines, and erases them", async () => {
  const params = { path: { id: "p" } };
  const put = await api.PUT("/v1/posts/{id}", {
    params,
    body: {
      created_at: new Date(Date.now() - 3_600_000).toISOString(),
      platform: "x",
      text: PRAISE,
    },
  });
  assert.equal(put.response.status, 201);
  const lines = ["a", "b"].map((id) => JSON.stringify({ id, t: 60, kind: "repost", user: id }));
  const { data } = await api.POST("/v1/posts/{id}/events", {
    params,
    headers: { "content-type": "application/x-ndjson" },
    body: `${lines.join("\n")}\n`,
  });
  assert.deepEqual(data, { added: 2, known: 0 });
  const forecast = await api.GET("/v1/posts/{id}/forecast", { params });
  assert.match(forecast.response.headers.get("bsmv-bundle") ?? "", /@/);
  assert.equal((await api.DELETE("/v1/posts/{id}", { params })).data?.posts, 1);
  assert.equal((await api.GET("/v1/posts/{id}", { params })).error?.error.code, "not_found");
});

test("the client sends files and fetches what became of them", async () => {
  const sent = await api.POST("/v1/jobs", {
    params: { query: { name: "posts.csv" } },
    headers: { "content-type": "text/csv" },
    body: `text\n${PRAISE}\n`,
  });
  assert.ok(sent.data, JSON.stringify(sent.error));
  const params = { path: { id: sent.data.id } };
  let { data: job } = await api.GET("/v1/jobs/{id}", { params });
  while (job?.state === "waiting" || job?.state === "running") {
    await setTimeout(50);
    ({ data: job } = await api.GET("/v1/jobs/{id}", { params }));
  }
  assert.equal(job?.state, "done");
  const result = await api.GET("/v1/jobs/{id}/result", { params, parseAs: "text" });
  assert.ok(result.data?.includes(PRAISE));
});
