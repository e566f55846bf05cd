/** How the page writes numbers. */
import { current } from "./strings.js";

/** Units of time and their seconds, the longest first. */
const UNITS = /** @type {const} */ ([
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
]);

/**
 * @param {number} value
 * @param {number} digits
 */
export function fixed(value, digits) {
  // + 0: never "-0".
  return (Number(value.toFixed(digits)) + 0).toFixed(digits);
}

/**
 * With its sign, the minus one that is as wide as the plus.
 *
 * @param {number} value
 * @param {number} digits
 */
export function signed(value, digits) {
  const size = fixed(Math.abs(value), digits);
  return Number(size) === 0 ? size : `${value < 0 ? "−" : "+"}${size}`;
}

/**
 * Seconds in words, as in "4 minutes".
 *
 * @param {number} seconds
 */
export function duration(seconds) {
  const [unit, length] = UNITS.find(([, length]) => seconds >= length) ?? ["second", 1];
  const style = { style: "unit", unit, unitDisplay: "long" };
  return new Intl.NumberFormat(current(), /** @type {Intl.NumberFormatOptions} */ (style)).format(
    Math.round(seconds / length),
  );
}
