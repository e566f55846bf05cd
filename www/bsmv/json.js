import { ScorerError } from "./errors.js";

/**
 * A request as JSON. JSON has no NaN: JSON.stringify would write `null`, which means "not
 * known", and so for a date that is none. So these, and values of no JSON type, are errors that
 * name their field.
 *
 * @param {unknown} request
 * @returns {string}
 */
export function toJson(request) {
  const json = stringify(request);
  if (json !== undefined) return json;
  const [field, problem] = find(request, "") ?? ["request", "is not an object that JSON can write"];
  throw new ScorerError("invalid_input", `${field}: ${problem}`, { field });
}

/**
 * @param {unknown} request
 * @returns {string | undefined} undefined when some value can't be written
 */
function stringify(request) {
  let whole = true;
  try {
    /** @this {any} @param {string} key @param {unknown} value */
    function noted(key, value) {
      // A date is a text already, or null: what it was is in its holder.
      if (unwritable(value) !== undefined || unwritable(this[key]) !== undefined) whole = false;
      return value;
    }
    const json = JSON.stringify(request, noted);
    return whole ? json : undefined;
  } catch {
    return undefined; // circular, or a BigInt
  }
}

/**
 * @param {unknown} value
 * @returns {string | undefined} what is wrong with it
 */
function unwritable(value) {
  switch (typeof value) {
    case "number":
      return Number.isFinite(value) ? undefined : `is ${value}, not a finite number`;
    case "bigint":
    case "function":
    case "symbol":
      return `is a ${typeof value}, which JSON can't write`;
    case "object":
      return value instanceof Date && Number.isNaN(value.getTime())
        ? "is no valid date"
        : undefined;
    default:
      return undefined;
  }
}

/**
 * The first value that can't be written, with its path.
 *
 * @param {unknown} value
 * @param {string} path
 * @param {unknown[]} above holders, to notice a circle
 * @returns {[string, string] | undefined}
 */
function find(value, path, above = []) {
  const problem = unwritable(value);
  if (problem !== undefined) return [path || "request", problem];
  if (typeof value !== "object" || value === null) return undefined;
  if (above.includes(value)) return [path || "request", "contains itself"];
  for (const [key, item] of Object.entries(value)) {
    const name = Array.isArray(value) ? `${path}[${key}]` : path ? `${path}.${key}` : key;
    const found = find(item, name, [...above, value]);
    if (found) return found;
  }
  return undefined;
}
