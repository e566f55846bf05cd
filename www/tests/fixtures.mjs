/** The committed fixtures, and what both builds must agree on. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ROOT } from "./browser.mjs";

/** Largest difference between two builds' scores. */
const TOLERANCE = 1e-4;

/**
 * The answer for a text that can be read.
 *
 * @template {{ bsmv: number | null }} T
 * @param {T | undefined} answer
 * @returns {Extract<T, { bsmv: number }>}
 */
export function given(answer) {
  assert.equal(typeof answer?.bsmv, "number");
  return /** @type {Extract<T, { bsmv: number }>} */ (answer);
}

/** @param {string} path */
const json = (path) => JSON.parse(readFileSync(join(ROOT, path), "utf8"));

/**
 * @typedef {object} Fixture
 * @property {string} id
 * @property {import("../bsmv/types.js").ScoreRequest} request
 * @property {string} text what the encoder reads: title, if any, and text
 */

/** The 200 posts as requests. @returns {Fixture[]} */
export function fixtures() {
  /** @type {Map<string, import("../bsmv/types.js").Brand>} */
  const brands = new Map(json("models/brands.json").map((/** @type {any} */ b) => [b.id, b]));
  return json("tests/fixtures/posts.json").map((/** @type {any} */ { id, post, brand }) => ({
    id,
    request: brand ? { post, brand: brands.get(brand) } : { post },
    text: post.title?.trim() ? `${post.title}\n${post.text}` : post.text,
  }));
}

/**
 * @typedef {object} Answer
 * @property {string} id
 * @property {number} bsmv
 * @property {string} embedding_sha256 of the vector's f32 values, little-endian
 */

/**
 * Compares a build's answers with those of the native one.
 *
 * @param {Answer[]} answers
 */
export function assertAsNative(answers) {
  /** @type {Map<string, Answer>} */
  const expected = new Map(
    json("tests/fixtures/expected.json").map((/** @type {Answer} */ a) => [a.id, a]),
  );
  assert.equal(answers.length, expected.size, "as many answers as expected");
  for (const { id, bsmv, embedding_sha256 } of answers) {
    const native = expected.get(id);
    assert.ok(native, `${id} is expected`);
    assert.equal(embedding_sha256, native.embedding_sha256, `${id}: embedding, bit for bit`);
    const difference = Math.abs(bsmv - native.bsmv);
    assert.ok(difference <= TOLERANCE, `${id}: ${bsmv}, natively ${native.bsmv}`);
  }
}

/**
 * @typedef {object} BadInput
 * @property {string} name
 * @property {unknown} [request]
 * @property {string} [raw] for what an object can't show: text that isn't JSON
 * @property {string} code
 * @property {string} [field]
 */

/** @returns {BadInput[]} */
export const badInputs = () => json("tests/bad_inputs.json");

/** Requests that are odd and still scored. @returns {{ name: string, raw: string }[]} */
export const oddInputs = () => json("tests/odd_inputs.json");

/** Reads a file of the committed bundle. @type {import("../bsmv/types.js").ReadFile} */
export const readModel = async (name) =>
  new Uint8Array(await readFile(join(ROOT, "models/bsmv-base", name)));
