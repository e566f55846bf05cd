/** Long work in short steps, between which keys are answered. */

/** Items of one step: a few milliseconds of comparing or writing. */
const STEP = 250;

/** Ends when what waits has been answered. */
const nextTask = () => new Promise((resolve) => setTimeout(resolve));

/**
 * What a function makes of items, some at a time.
 *
 * @template T, R
 * @param {T[]} items
 * @param {(part: T[], from: number) => R} make
 * @returns {Promise<R[]>}
 */
export async function inSteps(items, make) {
  /** @type {R[]} */
  const made = [];
  for (let from = 0; from < items.length; from += STEP) {
    if (from > 0) await nextTask();
    made.push(make(items.slice(from, from + STEP), from));
  }
  return made;
}

/**
 * Items in order, as `toSorted` has them.
 *
 * @template T
 * @param {T[]} items
 * @param {(a: T, b: T) => number} compare
 * @returns {Promise<T[]>}
 */
export async function sortedInSteps(items, compare) {
  let runs = await inSteps(items, (part) => part.sort(compare));
  while (runs.length > 1) {
    /** @type {T[][]} */
    const merged = [];
    for (let i = 0; i < runs.length; i += 2) {
      merged.push(runs[i + 1] ? await merge(runs[i], runs[i + 1], compare) : runs[i]);
    }
    runs = merged;
  }
  return runs[0] ?? [];
}

/**
 * @template T
 * @param {T[]} a in order
 * @param {T[]} b in order
 * @param {(a: T, b: T) => number} compare
 */
async function merge(a, b, compare) {
  /** @type {T[]} */
  const merged = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (merged.length % (4 * STEP) === 0) await nextTask();
    const first = j === b.length || (i < a.length && compare(a[i], b[j]) <= 0);
    merged.push(first ? a[i++] : b[j++]);
  }
  return merged;
}
