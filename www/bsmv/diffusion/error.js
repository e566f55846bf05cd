import { ScorerError } from "../errors.js";

/**
 * What {@link DiffusionClient} throws. `code` is stable across versions:
 *
 * | code | |
 * | --- | --- |
 * | `network` | no answer, after all attempts |
 * | `timeout` | no whole answer in time, after all attempts |
 * | `unavailable` | the API was overloaded or broken (`status`), after all attempts |
 * | `refused` | the API refused the request (`status`) |
 * | `not_found` | it knows no such post |
 * | `not_json` | the answer isn't JSON |
 * | `wrong_schema` | pages of another version |
 * | `wrong_post` | a page of another post |
 * | `malformed` | a page breaks a rule of its format; `field` says which |
 * | `changed` | the graph went on changing between its pages |
 * | `endless` | cursors that lead nowhere |
 * | `too_large` | more bytes or events than are read |
 * | `invalid_input` | what was asked makes no sense |
 *
 * An aborted call throws its signal's reason instead.
 */
export class DiffusionError extends ScorerError {
  /**
   * @param {string} code
   * @param {string} message
   * @param {{ field?: string, status?: number, cause?: unknown }} [more]
   */
  constructor(code, message, { field, status, cause } = {}) {
    super(code, message, { field, cause });
    this.name = "DiffusionError";
    /** HTTP status, where there was an answer. */
    this.status = status;
  }
}
