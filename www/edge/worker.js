/**
 * The scorer for edge hosts (workerd and what is built on it): one scorer per isolate.
 *
 * | | |
 * | --- | --- |
 * | `POST /score` | a `ScoreRequest` as JSON; the answer is its `Score` |
 * | `GET /score/{postId}?until=3600` | the score of a post that the tiny API keeps, with its graph |
 *
 * Errors are `{"error":{"code","field","message"}}`, as `bsmv serve` gives them.
 */
import { DiffusionClient, DiffusionError } from "../bsmv/diffusion.js";
import { digest } from "../bsmv/files.js";
import { init, ScorerError } from "../bsmv/scorer.js";
import { answer, failure, jsonOf } from "./answers.js";
import { corsHeaders, preflight } from "./cors.js";
import { readModel, wasm } from "./model.js";
import { Room } from "./room.js";

/**
 * Bindings; workerd says null for a variable that isn't set.
 *
 * @typedef {object} Env
 * @property {string | null} [DIFFUSION_API] where the tiny API is, as in `https://api.example`; without
 *   it only `POST /score` is answered
 * @property {string | null} [ALLOW_ORIGIN] pages that may ask: `*`, or origins with spaces between
 */

/** An isolate has 128 MB, of which module and model take most: bodies are far below `serve`'s. */
const BODY = { bytes: 2 << 20, ms: 10_000 };
/** Milliseconds that post and graph may take to come. */
const PULL_MS = 10_000;
/** Of stored posts; larger graphs are sampled, and those far larger refused. */
const EVENTS = { maxEvents: 10_000, maxRead: 200_000 };
/**
 * An isolate has 128 MB. The model's files take 19; the module may grow to its budget, at which
 * graphs are refused; and what requests hold at once, bodies and graphs on their way, is bounded
 * too. So what is sent can't end an isolate.
 */
const MODULE_BYTES = 64 << 20;
const room = new Room(32 << 20);
/** Of the room, for a stored post and its graph. */
const PULL_BYTES = 12 << 20;
/** Of a module that broke the memory is free only when the host finds time: as often a minute. */
const BREAKS = { most: 3, ms: 60_000 };
/** Scores kept, a few kilobytes each; the one not asked for longest makes room. */
const KEPT = 500;

/** @type {Promise<Awaited<ReturnType<typeof init>>> | undefined} */
let scorer;
/** When the module broke last. @type {number[]} */
let broken = [];
/** JSON of scores, by the SHA-256 of their requests. @type {Map<string, string>} */
const scores = new Map();
/** It remembers graphs, to ask whether they changed. @type {{ base: string, client: DiffusionClient } | undefined} */
let api;

export default {
  /**
   * @param {Request} request
   * @param {Env} env
   * @returns {Promise<Response>}
   */
  async fetch(request, env) {
    const cors = corsHeaders(request, env.ALLOW_ORIGIN);
    const share = room.share();
    try {
      const { pathname, searchParams } = new URL(request.url);
      const stored = /^\/score\/([^/]+)$/.exec(pathname)?.[1];
      if (!stored && pathname !== "/score") throw new ScorerError("not_found", "no such path");
      const method = stored ? "GET" : "POST";
      const methods = `${method}, OPTIONS`;
      if (request.method === "OPTIONS") return preflight(cors, methods);
      if (request.method !== method) {
        const error = new ScorerError("method_not_allowed", `use ${method} here`);
        return failure(error, { ...cors, allow: methods });
      }
      if (stored) share.take(PULL_BYTES);
      const json = stored
        ? await pull(stored, searchParams, env.DIFFUSION_API)
        : await jsonOf(request, BODY, share.take);
      return await score(json, cors);
    } catch (thrown) {
      return failure(thrown, cors);
    } finally {
      share.giveBack();
    }
  },
};

/**
 * @param {string} json of a `ScoreRequest`
 * @param {Record<string, string>} headers
 */
async function score(json, headers) {
  const key = await digest(new TextEncoder().encode(json));
  const kept = scores.get(key);
  const scored = kept ?? JSON.stringify(await scoreNow(json));
  scores.delete(key);
  scores.set(key, scored);
  const [oldest] = scores.keys();
  if (scores.size > KEPT) scores.delete(oldest);
  const status = kept === undefined ? "bsmv; fwd=miss" : "bsmv; hit";
  return answer(scored, { "cache-control": "no-store", "cache-status": status, ...headers });
}

/** @param {string} json */
async function scoreNow(json) {
  if (!scorer && broken.filter((time) => Date.now() - time < BREAKS.ms).length >= BREAKS.most) {
    throw new ScorerError("overloaded", "the scorer broke several times: try again in a minute");
  }
  scorer ??= init({ wasm, model: readModel, memoryBudget: MODULE_BYTES }).catch((error) => {
    scorer = undefined;
    throw error;
  });
  const mine = scorer;
  try {
    return await (await mine).scoreJson(json);
  } catch (error) {
    // It is gone: the next request makes another.
    if (error instanceof ScorerError && error.code === "panic" && scorer === mine) {
      scorer = undefined;
      broken = [...broken, Date.now()].slice(-BREAKS.most);
    }
    throw error;
  }
}

/**
 * A stored post and what happened to it, as the JSON of a `ScoreRequest`.
 *
 * @param {string} stored the id, as the path has it
 * @param {URLSearchParams} params
 * @param {string | null} [base]
 */
async function pull(stored, params, base) {
  if (!base) {
    const message = "this worker was given no API to pull posts from (binding DIFFUSION_API)";
    throw new ScorerError("not_configured", message);
  }
  const { id, until } = asked(stored, params);
  if (api?.base !== base) {
    const client = new DiffusionClient({ base, ...EVENTS, attempts: 2, timeout: PULL_MS / 2 });
    api = { base, client };
  }
  const { client } = api;
  const signal = AbortSignal.timeout(PULL_MS);
  try {
    const [post, { page }] = await Promise.all([
      client.post(id, { signal }),
      client.get(id, { until, signal }),
    ]);
    return JSON.stringify({ post, graph: page });
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new DiffusionError("timeout", `no post and graph in ${PULL_MS} ms`, { cause: error });
  }
}

/**
 * @param {string} stored
 * @param {URLSearchParams} params
 */
function asked(stored, params) {
  const refuse = (/** @type {string} */ field, /** @type {string} */ problem) =>
    new ScorerError("invalid_input", `${field}: ${problem}`, { field });
  for (const name of params.keys()) {
    if (name !== "until") throw refuse(name, "is not a known parameter: use until");
  }
  const until = params.get("until") ?? undefined;
  if (until !== undefined && !(/^\d{1,10}$/.test(until) && Number(until) < 2 ** 32)) {
    throw refuse("until", `is "${until}": use a whole number from 0 to 4294967295`);
  }
  try {
    const id = decodeURIComponent(stored);
    return { id, until: until === undefined ? undefined : Number(until) };
  } catch {
    throw refuse("id", "isn't UTF-8");
  }
}
