/** The page's texts are in one place, and in both languages. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ROOT } from "./browser.mjs";

// What a browser has, and Node only from version 21 on.
if (!("navigator" in globalThis)) Object.assign(globalThis, { navigator: { language: "en" } });
const { languages } = await import("../page/strings.js");

/** @type {Record<string, string>[]} */
const [en, zh] = [languages.en, languages.zh];

/** Tags of index.html, each with its attributes and the text right behind it. */
const tags = [
  ...readFileSync(join(ROOT, "www/index.html"), "utf8").matchAll(/<(\w+)([^>]*)>([^<]*)/g),
].map(([, name, attributes, text]) => ({ name, attributes, text: text.trim() }));

/** The keys that the page's elements ask for. */
const asked = tags.flatMap(({ attributes }) =>
  [...attributes.matchAll(/\bdata-(?:text|placeholder|label)="([^"]*)"/g)].map(([, key]) => key),
);

test("both languages have the same texts, with the same places to fill in", () => {
  assert.deepEqual(Object.keys(zh).sort(), Object.keys(en).sort());
  const places = (/** @type {string} */ words) => (words.match(/\{\w+\}/g) ?? []).sort();
  for (const key of Object.keys(en)) assert.deepEqual(places(zh[key]), places(en[key]), key);
});

test("every text that an element asks for is there", () => {
  assert.ok(asked.length > 40, `${asked.length} texts are asked for`);
  for (const key of asked) assert.ok(en[key], key);
});

test("index.html holds no text that is set from strings.js", () => {
  for (const { name, attributes, text } of tags) {
    if (attributes.includes("data-text=")) assert.equal(text, "", `<${name}${attributes}>`);
    if (attributes.includes("data-placeholder=")) assert.doesNotMatch(attributes, / placeholder=/);
  }
  const known = new Set([...Object.values(en), ...Object.values(zh)]);
  assert.deepEqual(
    tags.filter(({ text }) => known.has(text)),
    [],
  );
});
