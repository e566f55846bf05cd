/**
 * What a scorer throws. `code` is stable across versions: match on it, never on the message.
 *
 * Codes of the request are those of the HTTP API (`invalid_input`, `malformed_json`, …). The
 * library adds: `download` and `integrity` (the module or a file of the bundle could not be had,
 * or isn't the one that this release or its manifest names), `bundle` and `bundle_schema` (the
 * manifest can't be used), `memory_budget` (more memory would be needed than `memoryBudget`
 * allows), `unsupported` (this browser can't run the module), `panic` (a bug: the scorer is gone,
 * make it again with `init`), `superseded` (a newer draft took this one's place) and `disposed`.
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
