/** @import { DiffusionPage } from "../types.js" */
import { DiffusionError } from "./error.js";

/** Version of the page format. */
const SCHEMA = 1;
/** Largest value of a 32-bit column. */
const U32 = 4294967295;
const KINDS = new Set(["repost", "quote", "reply", "comment"]);
const COLUMNS = /** @type {const} */ ([
  "t",
  "parent",
  "kind",
  "user",
  "followers",
  "verified",
  "s",
]);
/** RFC 3339, whose every valid value also is one that Date reads. */
const TIME = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;

/** @type {(x: unknown, max?: number) => x is number} */
const isCount = (x, max = Number.MAX_SAFE_INTEGER) =>
  Number.isInteger(x) && /** @type {number} */ (x) >= 0 && /** @type {number} */ (x) <= max;

/** What an entry of each column must be, beside the rules between entries. */
const ENTRY = {
  t: rule("a whole number of seconds", (x) => isCount(x, U32)),
  parent: rule("an index", (x) => isCount(x, U32)),
  kind: rule("repost, quote, reply or comment", (x) => KINDS.has(/** @type {string} */ (x))),
  user: rule("a number from 0 to 4294967295", (x) => isCount(x, U32)),
  followers: rule("a whole number or null", (x) => x === null || isCount(x)),
  verified: rule("true, false or null", (x) => x === null || typeof x === "boolean"),
  s: rule(
    "a number from -1 to 1 or null",
    (x) => x === null || (typeof x === "number" && x >= -1 && x <= 1),
  ),
  text: rule("a text or null", (x) => x === null || typeof x === "string"),
};

const AUTHOR = {
  followers: ENTRY.followers,
  following: ENTRY.followers,
  posts: ENTRY.followers,
  verified: ENTRY.verified,
  account_age_days: rule("a whole number of days or null", (x) => x === null || isCount(x, U32)),
};

/**
 * @param {string} what
 * @param {(x: unknown) => boolean} holds
 */
function rule(what, holds) {
  return { what, holds };
}

/**
 * @param {string} field
 * @param {string} problem
 * @returns {never}
 */
function malformed(field, problem) {
  throw new DiffusionError("malformed", `${field}: ${problem}`, { field });
}

/**
 * Reads the JSON of one page and checks it by itself. Only known fields are taken over.
 *
 * @param {string} json
 * @param {string} id of the post that was asked for
 * @returns {DiffusionPage}
 */
export function readPage(json, id) {
  /** @type {any} */
  let page;
  try {
    page = JSON.parse(json);
  } catch (cause) {
    throw new DiffusionError("not_json", "the API's answer is not JSON", { cause });
  }
  if (typeof page !== "object" || page === null || Array.isArray(page)) {
    malformed("page", "is not an object");
  }
  if (page.schema !== SCHEMA) {
    const message = `schema: is ${JSON.stringify(page.schema)}, this library reads ${SCHEMA}`;
    throw new DiffusionError("wrong_schema", message, { field: "schema" });
  }
  if (page.post !== id) {
    const message = "post: the API answered with another post than was asked for";
    throw new DiffusionError("wrong_post", message, { field: "post" });
  }
  const { created_at, observed_until, total, start } = page;
  if (
    typeof created_at !== "string" ||
    !TIME.test(created_at) ||
    Number.isNaN(Date.parse(created_at))
  ) {
    malformed("created_at", "is not a time as RFC 3339 writes it");
  }
  if (!isCount(observed_until, U32)) malformed("observed_until", `must be ${ENTRY.t.what}`);
  if (!isCount(total)) malformed("total", "must be a whole number");
  if (!isCount(start, U32) || start === 0) malformed("start", "must be an index, 1 or more");
  const next = page.next ?? null;
  if (next !== null && (typeof next !== "string" || next === "")) {
    malformed("next", "must be a text or null");
  }
  const columns = Object.fromEntries(COLUMNS.map((name) => [name, column(page, name)]));
  const n = columns.t.length;
  const text = page.text == null ? undefined : column(page, "text");
  for (const [name, entries] of Object.entries({ ...columns, ...(text && { text }) })) {
    if (entries.length !== n) malformed(name, `has ${entries.length} entries, t has ${n}`);
  }
  if (start - 1 + n > total) malformed("total", `is ${total}, the page reaches ${start - 1 + n}`);
  for (let i = 0; i < n; i++) {
    if (columns.parent[i] >= start + i) {
      malformed(`parent[${i}]`, `is ${columns.parent[i]}, not before the event ${start + i}`);
    }
    if (i > 0 && columns.t[i] < columns.t[i - 1]) {
      malformed(`t[${i}]`, "is before the event ahead of it");
    }
  }
  if (n > 0 && columns.t[n - 1] > observed_until) {
    malformed(`t[${n - 1}]`, `is after observed_until ${observed_until}`);
  }
  return /** @type {DiffusionPage} */ ({
    schema: SCHEMA,
    post: id,
    created_at,
    observed_until,
    total,
    author: author(page.author),
    start,
    ...columns,
    ...(text && { text }),
    next,
  });
}

/**
 * @param {any} page
 * @param {keyof typeof ENTRY} name
 * @returns {any[]}
 */
function column(page, name) {
  const entries = page[name];
  if (!Array.isArray(entries)) malformed(name, "is not a list");
  const { what, holds } = ENTRY[name];
  const bad = entries.findIndex((x) => !holds(x));
  if (bad >= 0) malformed(`${name}[${bad}]`, `must be ${what}`);
  return entries;
}

/**
 * @param {any} author
 * @returns {DiffusionPage["author"]}
 */
function author(author) {
  if (author === null || author === undefined) return null;
  if (typeof author !== "object") malformed("author", "is not an object");
  /** @type {Record<string, unknown>} */
  const known = {};
  for (const [name, { what, holds }] of Object.entries(AUTHOR)) {
    const value = author[name] ?? null;
    if (!holds(value)) malformed(`author.${name}`, `must be ${what}`);
    if (value !== null) known[name] = value;
  }
  return known;
}

/**
 * Adds a page to what was read before it; `whole` holds the answer in the end.
 *
 * @param {DiffusionPage} whole
 * @param {DiffusionPage} page
 */
export function append(whole, page) {
  for (const name of /** @type {const} */ (["created_at", "observed_until", "total"])) {
    if (page[name] !== whole[name]) {
      throw new DiffusionError("changed", `the graph changed between its pages (${name})`);
    }
  }
  const expected = whole.t.length + 1;
  if (page.start !== expected)
    malformed("start", `is ${page.start}, the next event is ${expected}`);
  if (page.t.length > 0 && page.t[0] < (whole.t.at(-1) ?? 0)) {
    malformed("t[0]", "is before the last event of the page ahead of it");
  }
  if ((page.text === undefined) !== (whole.text === undefined)) {
    malformed("text", "is on some pages only");
  }
  for (const name of [...COLUMNS, "text"]) {
    const column = /** @type {any} */ (whole)[name];
    // Not `push(...)`: its arguments go on the stack, and a page may be long.
    for (const entry of /** @type {any} */ (page)[name] ?? []) column.push(entry);
  }
  whole.next = page.next;
}

/**
 * The whole with some of its events only; their parents must be among them.
 *
 * @param {DiffusionPage} whole
 * @param {number[]} events global indices, in order
 * @returns {DiffusionPage}
 */
export function pick(whole, events) {
  const place = new Map(events.map((event, i) => [event, i + 1]));
  /** @type {any} */
  const picked = { ...whole };
  for (const name of [...COLUMNS, "text"]) {
    const column = /** @type {any} */ (whole)[name];
    if (column) picked[name] = events.map((event) => column[event - 1]);
  }
  picked.parent = picked.parent.map((/** @type {number} */ parent) => place.get(parent) ?? 0);
  return picked;
}
