/** Writes www/pkg/integrity.js: the SHA-256 that each module must have, in hex and as fetch takes it. */
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";

const PKG = new URL("../pkg/", import.meta.url);

/** @param {string} module */
const hashOf = (module) =>
  createHash("sha256")
    .update(readFileSync(new URL(module, PKG)))
    .digest();

const scorer = hashOf("bsmv_bg.wasm");
const importer = hashOf("importer_bg.wasm");

/** @type {[name: string, value: string][]} */
const constants = [
  ["SHA256", scorer.toString("hex")],
  ["INTEGRITY", `sha256-${scorer.toString("base64")}`],
  ["IMPORTER_INTEGRITY", `sha256-${importer.toString("base64")}`],
];
const code = constants.map(([name, value]) => `export const ${name} = "${value}";\n`);
const types = constants.map(([name]) => `export const ${name}: string;\n`);
writeFileSync(new URL("integrity.js", PKG), code.join(""));
writeFileSync(new URL("integrity.d.ts", PKG), types.join(""));
