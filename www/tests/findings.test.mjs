/** docs/page.md names only tests that there are. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ROOT } from "./browser.mjs";

/** @param {string} folder @param {string} ending */
const sources = (folder, ending) =>
  readdirSync(join(ROOT, folder), { recursive: true })
    .map(String)
    .filter((name) => name.endsWith(ending))
    .map((name) => readFileSync(join(ROOT, folder, name), "utf8"))
    .join("\n");

test("every finding of docs/page.md names a test that there is", () => {
  const table = readFileSync(join(ROOT, "docs/page.md"), "utf8");
  const rows = table.split("\n").filter((line) => line.startsWith("| ") && line.includes("`"));
  const scripts = sources("www/tests", ".mjs");
  const rust = sources("tests", ".rs") + sources("src", ".rs");
  let named = 0;
  for (const row of rows) {
    for (const [, name] of row.matchAll(/`(.+?)`/g)) {
      // A title of several tests ends in what they differ in.
      const title = name.replace(/: en, light$/, ": $");
      const there = /^\w+$/.test(name)
        ? rust.includes(`fn ${name}(`)
        : scripts.includes(`test("${title}"`) || scripts.includes(`test(\`${title}`);
      assert.ok(there, `there is no test "${name}"`);
      named += 1;
    }
  }
  assert.ok(rows.length > 45 && named > 50, `${rows.length} findings, ${named} tests`);
});
