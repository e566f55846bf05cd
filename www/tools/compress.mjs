/**
 * Writes a brotli form beside each file of a folder that browsers load of the bundle, which the
 * server hands out as it is: `node compress.mjs FOLDER`. What is newer than its file stays.
 */
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";

/** More takes minutes and saves a hundredth. */
const QUALITY = 9;

const folder = process.argv[2];
const manifest = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8"));
for (const name of manifest.precisions.int8) {
  const file = join(folder, name);
  const made = statSync(`${file}.br`, { throwIfNoEntry: false });
  if (made && made.mtimeMs > statSync(file).mtimeMs) continue;
  const bytes = readFileSync(file);
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: QUALITY,
    [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
    [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
  };
  const compressed = brotliCompressSync(bytes, { params });
  writeFileSync(`${file}.br`, compressed);
  console.log(`${name}: ${bytes.length} bytes, ${compressed.length} compressed`);
}
