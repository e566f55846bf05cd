/** The shell lines of README.md do what it says, but for those that build. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { BSMV, ROOT, serve } from "./browser.mjs";

const README = readFileSync(join(ROOT, "README.md"), "utf8");

/** Where README.md has the server. */
const ADDRESS = "http://127.0.0.1:8080";
/** The line that starts it, its arguments and any comment behind them. */
const SERVE = /^bsmv serve([^#\n]*).*\n/m;

/** An answer that isn't a success ends the script. */
const CURL = 'curl() { command curl --silent --show-error --fail-with-body "$@"; echo; }\n';

/** @param {string} language */
const blocks = (language) =>
  [...README.matchAll(new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, "gs"))].map(([, code]) => code);

/** What the lines read, by file. */
const FILES = {
  "anta.json": profile("anta"),
  "brand.json": profile("luckin"),
  "requests.ndjson": [1, 2, 3].map((n) => JSON.stringify({ post: { text: `Coffee ${n}` } })),
  "posts.csv": ["id,text", "1,Lovely coffee.", "2,Never again."],
  "cascades.txt": ["m1\tu0\t1464710400\t3\tu0:0 u0/a:10 u0/a/b:20 u0/c:15"],
};

/** @param {string} id @returns {string[]} */
function profile(id) {
  const brands = JSON.parse(readFileSync(join(ROOT, "models/brands.json"), "utf8"));
  return [JSON.stringify(brands.find((/** @type {{ id: string }} */ brand) => brand.id === id))];
}

/** A place like a checkout, with the files that the lines read. @type {string} */
let folder;

before(() => {
  folder = mkdtempSync(join(tmpdir(), "bsmv-readme-"));
  for (const name of ["models", "tests"]) symlinkSync(join(ROOT, name), join(folder, name));
  mkdirSync(join(folder, "www/dist"), { recursive: true });
  writeFileSync(join(folder, "www/dist/index.html"), "<!doctype html>");
  for (const [name, lines] of Object.entries(FILES)) {
    writeFileSync(join(folder, name), `${lines.join("\n")}\n`);
  }
});

after(() => rmSync(folder, { recursive: true, force: true }));

/**
 * Runs lines in bash, the first that fails is the last; what they print.
 *
 * @param {string} lines
 */
async function run(lines) {
  const PATH = `${dirname(BSMV)}${delimiter}${process.env.PATH}`;
  const options = { cwd: folder, env: { ...process.env, PATH } };
  const { stdout } = await promisify(execFile)("bash", ["-euxc", CURL + lines], options);
  return stdout;
}

/**
 * Runs the lines of a block, on a server like the one that it starts or has at its address.
 *
 * @param {string} block
 */
async function follow(block) {
  const [line, args = ""] = SERVE.exec(block) ?? [];
  if (!line && !block.includes(ADDRESS)) return run(block);
  const server = await serve({ args: args.split(" ").filter(Boolean), cwd: folder });
  try {
    return await run(block.replace(line ?? "", "").replaceAll(ADDRESS, server.address));
  } finally {
    await server.stop();
  }
}

const written = blocks("sh").filter((block) => !block.includes("./build.sh"));
assert.ok(written.length >= 3, `${written.length} blocks of shell lines in README.md`);

for (const block of written) {
  const [first] = block.split("\n", 1);
  test(`README.md: ${first}`, async () => {
    assert.ok((await follow(block)).length > 0, "something is printed");
  });
}

test("README.md: a line of standard output for each of standard input", () => {
  const scores = readFileSync(join(folder, "scores.ndjson"), "utf8").trimEnd().split("\n");
  assert.equal(scores.length, FILES["requests.ndjson"].length);
  for (const score of scores) assert.ok(JSON.parse(score).bsmv >= 0);
});

test("README.md: the real score is what the program says", async () => {
  const [shown] = blocks("console");
  const [, command, said] = /^\$ ((?:[^\n]*\\\n)*[^\n]*)\n(.*)$/s.exec(shown) ?? [];
  assert.equal((await run(command)).slice(0, said.length), said);
});
