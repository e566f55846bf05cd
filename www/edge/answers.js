/** Answers over HTTP: statuses, and errors in the form that `bsmv serve` gives them. */
import { DiffusionError } from "../bsmv/diffusion.js";
import { fromModule, ScorerError } from "../bsmv/errors.js";

/** By code; of the scorer's own errors everything else is a fault of this worker. */
const STATUS = new Map([
  ["malformed_json", 400],
  ["invalid_input", 422],
  ["not_found", 404],
  ["method_not_allowed", 405],
  ["request_timeout", 408],
  ["too_large", 413],
  ["unsupported_media_type", 415],
  ["unsupported_encoding", 415],
  ["memory_budget", 413],
  ["overloaded", 503],
  ["not_configured", 501],
]);
/** Of the API behind: what isn't the client's fault is that of a bad gateway. */
const UPSTREAM_STATUS = new Map([
  ["invalid_input", 422],
  ["not_found", 404],
  ["timeout", 504],
]);

/** What a client is asked to do next time, by code. @type {Record<string, Record<string, string>>} */
const ASKED = {
  overloaded: { "retry-after": "1" },
  unsupported_encoding: { "accept-encoding": "gzip, deflate" },
};

/**
 * @param {string} json
 * @param {Record<string, string>} [headers]
 * @param {number} [status]
 */
export const answer = (json, headers = {}, status = 200) =>
  new Response(json, { status, headers: { "content-type": "application/json", ...headers } });

/**
 * @param {unknown} thrown
 * @param {Record<string, string>} [headers]
 */
export function failure(thrown, headers = {}) {
  const error = fromModule(thrown);
  const statuses = error instanceof DiffusionError ? UPSTREAM_STATUS : STATUS;
  const status = statuses.get(error.code) ?? (error instanceof DiffusionError ? 502 : 500);
  const { code, field, message } = error;
  const asked = ASKED[code];
  // What broke inside is for who runs the worker.
  if (status === 500) console.error(error);
  const told = status === 500 ? "a fault of the worker, not of the request" : message;
  const body = JSON.stringify({ error: { code, field, message: told } });
  return answer(body, { ...headers, ...asked }, status);
}

/**
 * The body of a request, unpacked, if it is declared as JSON, short enough, and comes soon enough.
 *
 * @param {Request} request
 * @param {{ bytes: number, ms: number }} limit `bytes` of what is sent and of what that becomes
 * @param {(bytes: number) => void} take is told of the memory that it takes, and may refuse it
 * @returns {Promise<string>}
 */
export async function jsonOf(request, { bytes, ms }, take) {
  const [media] = (request.headers.get("content-type") ?? "").split(";");
  if (media.trim().toLowerCase() !== "application/json") {
    const message = "send it with the header `Content-Type: application/json`";
    throw new ScorerError("unsupported_media_type", message);
  }
  const tooLarge = new ScorerError("too_large", `the body is longer than ${bytes} bytes`);
  // Who is still sending when the answer comes may never see it, so what is a little too long is read
  // to its end, and only what is declared much longer is refused at once.
  const most = 4 * bytes;
  if (Number(request.headers.get("content-length") ?? 0) > most) throw tooLarge;
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const packed = encodingOf(request.headers);
  const body = packed ? request.body?.pipeThrough(new DecompressionStream(packed)) : request.body;
  const reader = body?.getReader();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  /** @type {Promise<never>} */
  const late = new Promise((_, reject) => {
    timer = setTimeout(
      () => reject(new ScorerError("request_timeout", "the body took too long")),
      ms,
    );
  });
  let json = "";
  let length = 0;
  try {
    while (reader) {
      const { done, value } = await Promise.race([reader.read(), late]);
      if (done) break;
      length += value.length;
      if (length > most) throw tooLarge;
      if (length > bytes) continue;
      // A character has two bytes, if not all are Latin.
      take(2 * value.length);
      json += decoder.decode(value, { stream: true });
    }
    if (length > bytes) throw tooLarge;
    return json + decoder.decode();
  } catch (cause) {
    reader?.cancel().catch(() => {});
    if (cause instanceof ScorerError) throw cause;
    const problem = packed ? `is not ${packed} of UTF-8` : "is not UTF-8";
    const broke = cause instanceof TypeError ? problem : "broke off";
    throw new ScorerError("malformed_json", `the body ${broke}`, { cause });
  } finally {
    clearTimeout(timer);
  }
}

/**
 * How a body is compressed, if it is.
 *
 * @param {Headers} headers
 * @returns {"gzip" | "deflate" | undefined}
 */
function encodingOf(headers) {
  const name = (headers.get("content-encoding") ?? "").trim().toLowerCase();
  if (name === "" || name === "identity") return undefined;
  if (name === "gzip" || name === "x-gzip") return "gzip";
  if (name === "deflate") return "deflate";
  const message = `the body is encoded as \`${name.slice(0, 40)}\`: send it as it is, or as gzip, deflate`;
  throw new ScorerError("unsupported_encoding", message);
}
