/** @import { Client } from "openapi-fetch" */
/** @import { paths } from "../pkg/api.js" */
import createClient from "openapi-fetch";

/** What fetch sends as it is. @param {unknown} body */
const isRaw = (body) =>
  typeof body === "string" ||
  body instanceof Blob ||
  body instanceof ReadableStream ||
  body instanceof ArrayBuffer ||
  ArrayBuffer.isView(body);

/**
 * Returns a client of `bsmv serve` that knows every endpoint by the API's description:
 * `await api.POST("/v1/score", { body: { post: { text } } })` has `data`, or an `error` as the server
 * describes it. Bodies that are lines or files are texts, Blobs, streams or bytes, and their media type is a header.
 *
 * @param {string} url the server's address
 * @param {{ key?: string }} [options] the key that the server knows, if it needs one
 * @returns {Client<paths>}
 */
export function connect(url, { key } = {}) {
  return createClient({
    baseUrl: url,
    headers: key ? { authorization: `Bearer ${key}` } : {},
    bodySerializer: (body) => (isRaw(body) ? body : JSON.stringify(body)),
  });
}
