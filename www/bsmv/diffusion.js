/** @import { DiffusionClientOptions, DiffusionPage, DiffusionQuery, Diffusion, Post } from "./types.js" */
import { DiffusionError } from "./diffusion/error.js";
import { fetchPatiently } from "./diffusion/fetch.js";
import { append, pick, readPage } from "./diffusion/page.js";
import { readRecord } from "./diffusion/record.js";
import { sample } from "./diffusion/sample.js";

export { DiffusionError };

/** Most events of a graph that the scorer uses. */
const MAX_EVENTS = 100_000;
/** Most events that are read to sample from, unless told otherwise. */
const MAX_READ = 1_000_000;
/** Longest page, in bytes of JSON. */
const MAX_PAGE_BYTES = 16 << 20;
/** Answers kept to ask "has it changed?" of; the one not asked for longest makes room. */
const KEPT = 16;
/** How often a graph that changes between its pages is begun anew. */
const RESTARTS = 2;
/** Answers to a cursor that say its snapshot is gone. */
const GONE = new Set([409, 410, 412]);

/**
 * Pulls the diffusion graphs of posts from the tiny API (`GET /v1/posts/{id}/diffusion`, see
 * `api/openapi.json`), page by page, and hands each one over as a single page that
 * `ScoreRequest.graph` takes. Whatever the API answers, the result is a well-formed tree or a
 * {@link DiffusionError}.
 *
 * A graph of more than `maxEvents` events is sampled. The rule: each event has a fixed rank, a
 * hash of its index; in the order of ranks events enter with all their ancestors, those that no
 * longer fit are passed over. So the same graph gives the same sample, every event's parent is
 * in it, and `total` still counts all.
 */
export class DiffusionClient {
  #base;
  #headers;
  #maxEvents;
  #maxRead;
  #patience;
  /** By what was asked. @type {Map<string, { etag: string, diffusion: Diffusion }>} */
  #kept = new Map();

  /** @param {DiffusionClientOptions} options */
  constructor({
    base,
    headers = {},
    maxEvents = MAX_EVENTS,
    maxRead = MAX_READ,
    attempts = 4,
    backoff = 250,
    longestWait = 30_000,
    timeout = 10_000,
  }) {
    this.#base = new URL(base, globalThis.location?.href);
    this.#headers = headers;
    for (const [name, value] of Object.entries({ maxEvents, maxRead, attempts })) {
      if (!Number.isInteger(value) || value < 1) {
        const message = `${name}: is ${value}, must be a whole number from 1`;
        throw new DiffusionError("invalid_input", message, { field: name });
      }
    }
    this.#maxEvents = Math.min(maxEvents, MAX_EVENTS);
    this.#maxRead = Math.min(maxRead, MAX_READ);
    this.#patience = { attempts, backoff, longestWait, timeout, maxBytes: MAX_PAGE_BYTES };
  }

  /**
   * The graph of a post as it stands now. Asked again for the same, it sends the ETag of the
   * last answer along, and after a 304 hands out that answer, `unchanged`.
   *
   * @param {string} id
   * @param {DiffusionQuery} [query]
   * @returns {Promise<Diffusion>}
   */
  async get(id, { until, texts = false, signal, onProgress } = {}) {
    const url = this.#url(id, "/diffusion");
    if (until !== undefined) url.searchParams.set("until", String(until));
    if (texts) url.searchParams.set("texts", "1");
    const kept = this.#kept.get(url.href);
    for (let restarts = 0; ; restarts++) {
      try {
        const { whole, etag } = await this.#read(id, url, kept?.etag, { signal, onProgress });
        if (!whole) return this.#keep(url.href, { ...keptOf(kept), unchanged: true }, etag);
        if (until !== undefined && whole.observed_until > until) {
          const message = `observed_until: is ${whole.observed_until}, asked for up to ${until}`;
          throw new DiffusionError("malformed", message, { field: "observed_until" });
        }
        const events = sample(whole.parent, this.#maxEvents);
        const page = events.length < whole.total ? pick(whole, events) : whole;
        const { total } = whole;
        const diffusion = { page, total, sampled: events.length < total, unchanged: false };
        return this.#keep(url.href, diffusion, etag);
      } catch (error) {
        const changed = error instanceof DiffusionError && error.code === "changed";
        if (!changed || restarts === RESTARTS) throw error;
      }
    }
  }

  /**
   * The post itself, where the API keeps it (`GET /v1/posts/{id}`), as `ScoreRequest.post` takes
   * it.
   *
   * @param {string} id
   * @param {{ signal?: AbortSignal }} [options]
   * @returns {Promise<Post>}
   */
  async post(id, { signal } = {}) {
    const headers = { accept: "application/json", ...this.#headers };
    const answer = await fetchPatiently(this.#url(id, ""), headers, this.#patience, signal);
    check(answer.status, false);
    return readRecord(answer.body);
  }

  /**
   * @param {string} id
   * @param {string} what of the post is asked for
   */
  #url(id, what) {
    if (typeof id !== "string" || id === "" || id === "." || id === "..") {
      throw new DiffusionError("invalid_input", "id: must be a text", { field: "id" });
    }
    return new URL(`v1/posts/${encodeURIComponent(id)}${what}`, slashed(this.#base));
  }

  /**
   * @param {string} id
   * @param {URL} url
   * @param {string | undefined} known ETag of the answer that is kept
   * @param {Pick<DiffusionQuery, "signal" | "onProgress">} options
   * @returns {Promise<{ whole?: DiffusionPage, etag: string | null }>} no page after a 304
   */
  async #read(id, url, known, { signal, onProgress }) {
    /** @type {DiffusionPage | undefined} */
    let whole;
    /** @type {string | null} */
    let etag = null;
    const cursors = new Set();
    const page = new URL(url);
    for (;;) {
      const headers = {
        accept: "application/json",
        ...this.#headers,
        ...(!whole && known !== undefined && { "if-none-match": known }),
      };
      const answer = await fetchPatiently(page, headers, this.#patience, signal);
      if (!whole && known !== undefined && answer.status === 304) return { etag: known };
      check(answer.status, whole !== undefined);
      const read = readPage(answer.body, id);
      if (whole) append(whole, read);
      else {
        if (read.start !== 1) {
          const message = `start: is ${read.start} on the first page`;
          throw new DiffusionError("malformed", message, { field: "start" });
        }
        if (read.total > this.#maxRead) {
          const message = `the graph has ${read.total} events, ${this.#maxRead} are read: ask for an earlier \`until\``;
          throw new DiffusionError("too_large", message, { field: "total" });
        }
        whole = read;
        etag = answer.headers.get("etag");
      }
      onProgress?.({ loaded: whole.t.length, total: whole.total });
      if (whole.next == null) break;
      if (read.t.length === 0 || cursors.has(whole.next)) {
        const message = "the API's cursors lead nowhere: a page without events, or one twice";
        throw new DiffusionError("endless", message, { field: "next" });
      }
      cursors.add(whole.next);
      page.searchParams.set("cursor", whole.next);
    }
    if (whole.t.length < whole.total) {
      const message = `total: is ${whole.total}, the pages end at ${whole.t.length}`;
      throw new DiffusionError("malformed", message, { field: "total" });
    }
    return { whole, etag };
  }

  /**
   * @param {string} key
   * @param {Diffusion} diffusion
   * @param {string | null} etag
   */
  #keep(key, diffusion, etag) {
    this.#kept.delete(key);
    if (etag !== null) this.#kept.set(key, { etag, diffusion });
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > KEPT) this.#kept.delete(oldest);
    return diffusion;
  }
}

/** @param {{ diffusion: Diffusion } | undefined} kept there, because its ETag was sent */
function keptOf(kept) {
  return /** @type {{ diffusion: Diffusion }} */ (kept).diffusion;
}

/** @param {URL} base */
function slashed(base) {
  return base.pathname.endsWith("/") ? base : new URL(`${base.pathname}/`, base);
}

/**
 * @param {number} status
 * @param {boolean} later on a page after the first
 */
function check(status, later) {
  if (status === 200) return;
  if (later && GONE.has(status)) {
    throw new DiffusionError("changed", "the graph changed between its pages", { status });
  }
  if (status === 404 && !later) {
    throw new DiffusionError("not_found", "the API knows no such post", { status });
  }
  throw new DiffusionError("refused", `the API answered ${status}`, { status });
}
