/** What is said of many measurements. */

/**
 * The number below which a share of all lies.
 *
 * @param {number[]} numbers @param {number} share
 */
export function at(numbers, share) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(share * (sorted.length - 1))];
}

/** @param {number[]} numbers */
export const median = (numbers) => at(numbers, 0.5);
