/**
 * What a scorer throws. `code` is stable across versions: match on it, never on the message.
 *
 * Codes of the request are those of the HTTP API (`invalid_input`, `malformed_json`, …). The
 * library adds: `download` and `integrity` (the module, the worker's script or a file of the bundle
 * could not be had, or isn't the one that this release or its manifest names), `bundle` and
 * `bundle_schema` (the manifest can't be used), `memory_budget` (more memory would be needed than
 * `memoryBudget` allows), `unsupported` (the module or a worker can't run here: the message says
 * what forbids it, and what to change), `panic` (a bug: the scorer is gone, make it again with
 * `init`), `superseded` (a newer draft took this one's place) and `disposed`.
 */
export class ScorerError extends Error {
  /**
   * @param {string} code
   * @param {string} message
   * @param {{ field?: string, cause?: unknown }} [more]
   */
  constructor(code, message, { field, cause } = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "ScorerError";
    this.code = code;
    /** Path of what is wrong, as in `post.author.followers`, where a field is to blame. */
    this.field = field;
  }
}

/**
 * An error of one request of a list, which its field then says: `[1].post.text`.
 *
 * @param {unknown} thrown
 * @param {number} index
 * @returns {ScorerError}
 */
export function ofEntry(thrown, index) {
  const { code, field, message, cause } = fromModule(thrown);
  if (field === undefined) return new ScorerError(code, `[${index}]: ${message}`, { cause });
  const whole = field === "request";
  const place = whole ? `[${index}]` : `[${index}].${field}`;
  const rest = message.startsWith(field) ? message.slice(field.length) : `: ${message}`;
  return new ScorerError(code, place + rest, { field: place, cause });
}

/**
 * An error of the only request of a list, as of that request itself: `[0].post.text` is `post.text`.
 *
 * @param {ScorerError} error
 * @returns {ScorerError}
 */
export function ofOnlyEntry({ code, field, message, cause }) {
  if (field === undefined) return new ScorerError(code, message.replace(/^\[0\]: /, ""), { cause });
  const own = field === "[0]" ? "request" : field.slice("[0].".length);
  return new ScorerError(code, own + message.slice(field.length), { field: own, cause });
}

/**
 * What the module threw, as a ScorerError.
 *
 * @param {unknown} thrown
 * @returns {ScorerError}
 */
export function fromModule(thrown) {
  if (thrown instanceof ScorerError) return thrown;
  if (thrown instanceof WebAssembly.RuntimeError) {
    const message = "the scorer broke on this request and must be made again: please report it";
    return new ScorerError("panic", message, { cause: thrown });
  }
  const { code, field, message } = /** @type {Partial<ScorerError>} */ (thrown ?? {});
  return new ScorerError(code ?? "internal", message ?? String(thrown), { field, cause: thrown });
}
