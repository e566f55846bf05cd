/** @import { Post } from "../types.js" */
import { DiffusionError } from "./error.js";

/** What a record says that a scorer reads. */
const FIELDS = /** @type {const} */ ([
  "title",
  "text",
  "language",
  "platform",
  "created_at",
  "author",
  "images",
  "videos",
]);

/**
 * Reads the JSON of a post's record. Only known fields are taken over; their values are the
 * scorer's to check, which also refuses a post whose text the API doesn't know.
 *
 * @param {string} json
 * @returns {Post}
 */
export function readRecord(json) {
  /** @type {any} */
  let record;
  try {
    record = JSON.parse(json);
  } catch (cause) {
    throw new DiffusionError("not_json", "the API's answer is not JSON", { cause });
  }
  if (typeof record !== "object" || record === null || Array.isArray(record)) {
    throw new DiffusionError("malformed", "post: is not an object", { field: "post" });
  }
  const known = FIELDS.filter((name) => record[name] != null);
  return { text: "", ...Object.fromEntries(known.map((name) => [name, record[name]])) };
}
