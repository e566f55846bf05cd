/**
 * Builds the extension into target/extension, as Chromium loads it: `node www/extension/build.mjs`.
 * The module for browsers must be there; the model is packed with it, so that it needs no network.
 */
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "vite";

const HERE = import.meta.dirname;
const ROOT = join(HERE, "../..");
const BUNDLE = join(ROOT, "models/bsmv-base");
const OUT = join(ROOT, "target/extension");

const common = /** @satisfies {import("vite").InlineConfig} */ ({
  configFile: false,
  root: HERE,
  base: "./",
  publicDir: false,
  logLevel: "warn",
  worker: { format: "es" },
});
const output = { outDir: OUT, target: "es2023", modulePreload: false, assetsInlineLimit: 0 };

await build({
  ...common,
  build: {
    ...output,
    emptyOutDir: true,
    rollupOptions: { input: [join(HERE, "panel.html"), join(HERE, "popup.html")] },
  },
});
// A content script is no module: one file, with all it needs.
await build({
  ...common,
  build: {
    ...output,
    emptyOutDir: false,
    rollupOptions: {
      input: join(HERE, "content.js"),
      output: { format: "iife", entryFileNames: "content.js" },
    },
  },
});

/** @param {string} file @param {string} [name] */
const copy = (file, name = "") => cpSync(file, join(OUT, name), { recursive: true });
for (const name of ["_locales", "icon-32.png", "icon-128.png"]) copy(join(HERE, name), name);
copy(join(ROOT, "LICENSE"), "LICENSE");
copy(join(ROOT, "models/brands.json"), "brands.json");
const { precisions } = JSON.parse(readFileSync(join(BUNDLE, "manifest.json"), "utf8"));
for (const name of ["manifest.json", "README.md", ...precisions.int8]) {
  copy(join(BUNDLE, name), join("model", name));
}
// Last, so that its time is that of the build.
const { version } = JSON.parse(readFileSync(join(HERE, "../npm/package.json"), "utf8"));
const manifest = JSON.parse(readFileSync(join(HERE, "manifest.json"), "utf8"));
writeFileSync(join(OUT, "manifest.json"), `${JSON.stringify({ ...manifest, version }, null, 2)}\n`);
