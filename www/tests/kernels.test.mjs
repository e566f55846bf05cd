/** The kernel that browsers run, in WebAssembly, against the oracle: the same bits on every shape. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { ROOT } from "./browser.mjs";

const bytes = await readFile(join(ROOT, "target/wasm32-unknown-unknown/wasm/kernels.wasm"));
const { instance } = await WebAssembly.instantiate(bytes, {});
/** @type {any} */
const kernels = instance.exports;

test("every remainder of rows, inputs and outputs", () => {
  let seed = 1;
  for (let rows = 1; rows <= 9; rows++) {
    for (let inputs = 1; inputs <= 19; inputs++) {
      for (const outputs of [1, 7, 8, 9, 17]) kernels.check(rows, inputs, outputs, seed++);
    }
  }
});

test("the encoder's own shapes", () => {
  for (const rows of [1, 33, 64]) {
    kernels.check(rows, 384, 1152, rows);
    kernels.check(rows, 1536, 384, rows);
  }
});

test("a kernel that is off in one bit is noticed", () => {
  assert.throws(() => kernels.check_a_wrong_one(), WebAssembly.RuntimeError);
});
