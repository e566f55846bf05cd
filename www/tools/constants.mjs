/** Writes www/pkg/constants.js: platforms, presets and words, as the module has them. */
import { readFileSync, writeFileSync } from "node:fs";
import { constants, initSync } from "../pkg/bsmv.js";

const PKG = new URL("../pkg/", import.meta.url);

/**
 * The type of a value: a list's of what it holds, an object's of its keys.
 *
 * @param {unknown} value
 * @returns {string}
 */
function typeOf(value) {
  if (Array.isArray(value)) return `(${value.map((item) => JSON.stringify(item)).join(" | ")})[]`;
  if (typeof value !== "object" || value === null) return typeof value;
  const fields = Object.entries(value).map(([key, field]) => `${key}: ${typeOf(field)}`);
  return `{ ${fields.join("; ")} }`;
}

initSync({ module: readFileSync(new URL("bsmv_bg.wasm", PKG)) });
// Rust's numbers are f32: seven digits say all of them.
const short = (/** @type {string} */ _, /** @type {unknown} */ value) =>
  typeof value === "number" ? Number(value.toPrecision(7)) : value;
const all = Object.entries(JSON.parse(JSON.stringify(constants(), short)));
const code = all.map(
  ([name, value]) => `export const ${name.toUpperCase()} = ${JSON.stringify(value)};\n`,
);
const types = all.map(
  ([name, value]) => `export declare const ${name.toUpperCase()}: ${typeOf(value)};\n`,
);
writeFileSync(new URL("constants.js", PKG), code.join(""));
writeFileSync(new URL("constants.d.ts", PKG), types.join(""));
