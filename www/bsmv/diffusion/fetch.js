import { DiffusionError } from "./error.js";

/** Statuses that may be otherwise a moment later. */
const PASSING = new Set([408, 425, 429, 500, 502, 503, 504]);

/**
 * @typedef {object} Patience
 * @property {number} attempts how often one page is asked for at most
 * @property {number} backoff milliseconds: the mean wait after attempt n is backoff * 2^n / 2
 * @property {number} longestWait milliseconds: no wait is longer, `Retry-After` included
 * @property {number} timeout milliseconds that one answer may take, its body included
 * @property {number} maxBytes longest body read
 */

/**
 * One answer, after as many attempts as it takes.
 *
 * @param {URL} url
 * @param {Record<string, string>} headers
 * @param {Patience} patience
 * @param {AbortSignal} [signal]
 * @returns {Promise<{ status: number, headers: Headers, body: string }>}
 */
export async function fetchPatiently(url, headers, patience, signal) {
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted();
    /** @type {DiffusionError} */
    let failure;
    /** @type {number | undefined} */
    let asked;
    try {
      const answer = await once(url, headers, patience, signal);
      if (!PASSING.has(answer.status)) return answer;
      const { status } = answer;
      failure = new DiffusionError("unavailable", `the API answered ${status}`, { status });
      asked = retryAfter(answer.headers.get("retry-after"));
    } catch (cause) {
      signal?.throwIfAborted();
      if (cause instanceof DiffusionError && cause.code !== "timeout") throw cause;
      failure =
        cause instanceof DiffusionError
          ? cause
          : new DiffusionError("network", `the API could not be reached: ${cause}`, { cause });
    }
    // Waiting for less than it asked for would only be refused again.
    if (attempt >= patience.attempts || (asked ?? 0) > patience.longestWait) throw failure;
    // Full jitter: clients that failed together don't come back together.
    const jitter = Math.random() * patience.backoff * 2 ** attempt;
    await pause(Math.min((asked ?? 0) + jitter, patience.longestWait), signal);
  }
}

/**
 * @param {URL} url
 * @param {Record<string, string>} headers
 * @param {Patience} patience
 * @param {AbortSignal} [signal]
 */
async function once(url, headers, { timeout, maxBytes }, signal) {
  // Held here until the answer is in: a composed signal alone doesn't keep its parts from being
  // collected in Node, and what is collected never fires (nodejs/node#57736).
  const late = AbortSignal.timeout(timeout);
  try {
    // An API that redirects could send what was asked anywhere.
    const response = await fetch(url, {
      headers,
      redirect: "manual",
      signal: signal ? AbortSignal.any([signal, late]) : late,
    });
    return {
      status: response.type === "opaqueredirect" ? 302 : response.status,
      headers: response.headers,
      body: await text(response, maxBytes),
    };
  } catch (cause) {
    if (!late.aborted) throw cause;
    throw new DiffusionError("timeout", `no answer in ${timeout} ms`, { cause });
  }
}

/**
 * @param {Response} response
 * @param {number} maxBytes
 */
async function text(response, maxBytes) {
  if (!response.body) return "";
  const decoder = new TextDecoder();
  const reader = response.body.getReader();
  let body = "";
  let bytes = 0;
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    bytes += next.value.length;
    if (bytes > maxBytes) {
      // Nobody reads the rest, so that the API needn't send it.
      reader.cancel().catch(() => {});
      throw new DiffusionError("too_large", `a page of more than ${maxBytes} bytes`);
    }
    body += decoder.decode(next.value, { stream: true });
  }
  return body + decoder.decode();
}

/**
 * @param {string | null} value seconds, or a date
 * @returns {number | undefined} milliseconds from now
 */
function retryAfter(value) {
  if (value === null) return undefined;
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}

/**
 * @param {number} ms
 * @param {AbortSignal} [signal]
 * @returns {Promise<void>}
 */
function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    const abort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", abort);
      resolve();
    }, ms);
    signal?.addEventListener("abort", abort, { once: true });
  });
}
