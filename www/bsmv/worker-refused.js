/** Why a browser doesn't start a worker, and what to change. */
import { ScorerError } from "./errors.js";

const PASS = "pass `worker`, one that you made";
const INIT = ", or use `init`, which scores in this thread";

/**
 * What a browser threw instead of making a worker.
 *
 * @param {URL} script
 * @param {unknown} cause
 * @param {string} [otherwise] what can be done without a worker, as an end of the sentence
 * @returns {ScorerError}
 */
export function forbidden(script, cause, otherwise = INIT) {
  return new ScorerError("unsupported", why(script, cause, otherwise), { cause });
}

/**
 * @param {URL} script
 * @param {unknown} cause
 * @param {string} otherwise
 */
function why(script, cause, otherwise) {
  if (globalThis.origin === "null") {
    return `this frame is sandboxed, so that it may not start a worker: give its sandbox \`allow-same-origin\`${otherwise}`;
  }
  if (script.origin !== globalThis.origin) {
    return `the worker's script ${script.href} is of another origin than the page, and no browser starts such a worker: serve the package from the page's own host, or ${PASS} from a script of your own that imports it`;
  }
  if (cause instanceof TypeError && "trustedTypes" in globalThis) {
    return `the page's Content-Security-Policy requires Trusted Types (require-trusted-types-for): ${PASS} with an address of your own policy`;
  }
  return `the browser refused to start a worker (${cause}): the page's Content-Security-Policy must allow it (worker-src 'self')${otherwise}`;
}

/**
 * Why a worker broke before it said anything. The browser doesn't tell, so its script is asked for.
 *
 * @param {URL | undefined} script `undefined` for a worker that somebody else made
 * @param {string | undefined} said what the browser said
 * @returns {Promise<ScorerError>}
 */
export async function notStarted(script, said) {
  if (!script || said) {
    const which = script ? `the worker's script ${script.href}` : "the script of `worker`";
    return failed(`${which} could not be run: ${said ?? "is it where it was looked for?"}`);
  }
  const at = `the worker's script ${script.href}`;
  const copy =
    "copy bsmv/ and pkg/ of the package to there, or pass `worker`, made from where your bundler puts bsmv/worker.js";
  let response;
  try {
    response = await fetch(script, { method: "HEAD" });
  } catch (cause) {
    return failed(`${at} could not be loaded: ${cause}`);
  }
  if (!response.ok) return failed(`${at} could not be loaded (status ${response.status}): ${copy}`);
  const type = response.headers.get("content-type") ?? "of no type";
  if (!type.includes("javascript")) {
    return failed(`${at} could not be loaded, for it is served as ${type}: ${copy}`);
  }
  const message = `${at} is there, but this page may not run it: its Content-Security-Policy must allow it (worker-src 'self'); or what the script imports is not beside it: ${copy}`;
  return new ScorerError("unsupported", message);
}

/** @param {string} message */
const failed = (message) => new ScorerError("download", message);
