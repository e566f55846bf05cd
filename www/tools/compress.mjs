/**
 * Writes compressed forms beside what browsers load, which the server hands out as they are:
 * `node compress.mjs BUNDLE ASSETS`, two folders. What is newer than its file stays.
 */
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import { compress, init } from "@bokuweb/zstd-wasm";

/** More takes minutes and saves a hundredth. */
const BROTLI_QUALITY = 9;
const ZSTD_LEVEL = 12;

/** @param {Buffer} bytes */
function brotli(bytes) {
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY,
    [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
    [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
  };
  return brotliCompressSync(bytes, { params });
}

/** @param {Buffer} bytes */
const zstd = (bytes) => compress(bytes, ZSTD_LEVEL);

/**
 * @param {string} folder
 * @param {string[]} names
 * @param {Record<string, (bytes: Buffer) => Uint8Array>} forms by what they add to a name
 */
function write(folder, names, forms) {
  for (const name of names) {
    for (const [ending, form] of Object.entries(forms)) {
      const file = join(folder, name);
      const made = statSync(file + ending, { throwIfNoEntry: false });
      if (made && made.mtimeMs > statSync(file).mtimeMs) continue;
      const bytes = readFileSync(file);
      const compressed = form(bytes);
      writeFileSync(file + ending, compressed);
      console.log(`${name}: ${bytes.length} bytes, ${compressed.length} in ${ending}`);
    }
  }
}

const [bundle, assets] = process.argv.slice(2);
const manifest = JSON.parse(readFileSync(join(bundle, "manifest.json"), "utf8"));
await init();
// Weights hardly get smaller, and Brotli takes browsers longer to read than the network takes from
// near: zstd is as small, and three times as fast. Not every browser knows it.
write(bundle, manifest.precisions.int8, { ".br": brotli, ".zst": zstd });
const code = readdirSync(assets).filter((name) => /\.(css|js|wasm)$/.test(name));
write(assets, code, { ".br": brotli });
