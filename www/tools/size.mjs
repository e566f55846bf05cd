/** Prints what a browser downloads of code. More than a ceiling fails: `node size.mjs SCORER IMPORTER`. */
import { readFileSync } from "node:fs";
import { brotliCompressSync, gzipSync } from "node:zlib";

const kb = (/** @type {number} */ bytes) => `${(bytes / 1e3).toFixed(0)} KB`;

for (const [i, name] of ["bsmv_bg.wasm", "importer_bg.wasm"].entries()) {
  const ceiling = Number(process.argv[2 + i]);
  const module = readFileSync(new URL(`../pkg/${name}`, import.meta.url));
  const gzip = gzipSync(module, { level: 9 });
  const brotli = brotliCompressSync(module);
  console.log(
    `www/pkg/${name}: ${kb(module.length)}, gzip ${kb(gzip.length)}, ` +
      `brotli ${kb(brotli.length)} of at most ${kb(ceiling)}`,
  );
  if (!(brotli.length <= ceiling)) {
    console.error("the module is too large: leave out what browsers do not need");
    process.exitCode = 1;
  }
}
