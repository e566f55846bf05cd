/** Prints what a browser downloads of code. More than the ceiling fails: `node size.mjs BYTES`. */
import { readFileSync } from "node:fs";
import { brotliCompressSync, gzipSync } from "node:zlib";

const ceiling = Number(process.argv[2]);
const module = readFileSync(new URL("../pkg/bsmv_bg.wasm", import.meta.url));
const gzip = gzipSync(module, { level: 9 });
const brotli = brotliCompressSync(module);

const kb = (/** @type {number} */ bytes) => `${(bytes / 1e3).toFixed(0)} KB`;
console.log(
  `www/pkg/bsmv_bg.wasm: ${kb(module.length)}, gzip ${kb(gzip.length)}, ` +
    `brotli ${kb(brotli.length)} of at most ${kb(ceiling)}`,
);
if (!(brotli.length <= ceiling)) {
  console.error("the module is too large: leave out what browsers do not need");
  process.exit(1);
}
