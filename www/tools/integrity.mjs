/** Writes www/pkg/integrity.js: the SHA-256 that the module must have, in hex and as fetch takes it. */
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";

const PKG = new URL("../pkg/", import.meta.url);

const module = readFileSync(new URL("bsmv_bg.wasm", PKG));
const hash = createHash("sha256").update(module).digest();

/** @type {[name: string, value: string][]} */
const constants = [
  ["SHA256", hash.toString("hex")],
  ["INTEGRITY", `sha256-${hash.toString("base64")}`],
];
const code = constants.map(([name, value]) => `export const ${name} = "${value}";\n`);
const types = constants.map(([name]) => `export const ${name}: string;\n`);
writeFileSync(new URL("integrity.js", PKG), code.join(""));
writeFileSync(new URL("integrity.d.ts", PKG), types.join(""));
