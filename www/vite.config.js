/** Builds the page into www/dist: one bundle for it, one for its worker, named by their content. */
import { createHash } from "node:crypto";
import { copyFileSync, cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { defineConfig } from "vite";

const WWW = import.meta.dirname;
const DIST = join(WWW, "dist");

/** Adds what no script imports, and tells the service worker which files the page is made of. */
const complete = () => ({
  name: "complete",
  closeBundle() {
    copyFileSync(join(WWW, "manifest.webmanifest"), join(DIST, "manifest.webmanifest"));
    copyFileSync(join(WWW, "icon.svg"), join(DIST, "icon.svg"));
    cpSync(join(WWW, "api"), join(DIST, "api"), { recursive: true });
    const assets = readdirSync(join(DIST, "assets")).map((name) => `assets/${name}`);
    // What reads files is kept when it was first used.
    const later = assets.filter((path) => path.startsWith("assets/importer")).sort();
    const first = assets.filter((path) => !later.includes(path)).sort();
    const files = ["index.html", "icon.svg", "manifest.webmanifest", ...first];
    const hash = createHash("sha256");
    for (const file of [...files, ...later]) hash.update(readFileSync(join(DIST, file)));
    const page = { name: `page-${hash.digest("hex").slice(0, 16)}`, files, later };
    const worker = readFileSync(join(WWW, "sw.js"), "utf8");
    writeFileSync(join(DIST, "sw.js"), `self.PAGE = ${JSON.stringify(page)};\n${worker}`);
  },
});

export default defineConfig({
  root: WWW,
  base: "./",
  publicDir: false,
  logLevel: "warn",
  plugins: [complete()],
  worker: { format: "es" },
  build: {
    outDir: "dist",
    emptyOutDir: true,
    target: "es2023",
    modulePreload: false,
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 400,
  },
});
