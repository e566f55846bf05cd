/** What leaves the page, when its user wants it to: summary, files, a picture. */
import { sideOf, spoken, threeWords, verdictOf } from "../bsmv/element/verdict.js";

/** @import { ElementSpeech } from "../bsmv/element/speech.js" */
/** @import { Score, ScoreRequest } from "../bsmv/types.js" */

/**
 * The answer in a few lines, with its limits.
 *
 * @param {Score} score
 * @param {ScoreRequest} request
 * @param {ElementSpeech} speech
 * @param {string} [note] what else must be said of it
 */
export function summary(score, request, speech, note) {
  const brand = request.brand?.name;
  const where = speech.platform(request.post.platform ?? "other");
  const words = threeWords(score, brand != null, speech);
  return [
    `BSMV ${spoken(score, speech)}`,
    [where, brand].filter(Boolean).join(" · "),
    ...(note ? [note] : []),
    ...words.map(({ name, words }) => speech.labelled(name, words)),
    ...score.flags.map(({ message }) => `! ${message}`),
    speech.text("notMeasured"),
  ].join("\n");
}

/** What was asked, as columns of the CSV. @type {[string, (request: ScoreRequest) => unknown][]} */
const ASKED = [
  ["title", ({ post }) => post.title ?? ""],
  ["text", ({ post }) => post.text],
  ["platform", ({ post }) => post.platform ?? ""],
  ["followers", ({ post }) => post.author?.followers ?? ""],
  ["brand", ({ brand }) => brand?.name ?? ""],
];
/** What was answered. @type {[string, (score: Score) => unknown][]} */
const ANSWERED = [
  ["bsmv", ({ bsmv }) => bsmv],
  ["low", ({ interval }) => interval.low],
  ["high", ({ interval }) => interval.high],
  ["sentiment", ({ sentiment }) => sentiment.s],
  ["audience", ({ predicted }) => predicted.audience],
  ["s", ({ predicted }) => predicted.s],
  ["t", ({ predicted }) => predicted.t],
  ["d", ({ predicted }) => predicted.d],
  ["diffusion_modelled", ({ diffusion_modelled }) => diffusion_modelled],
  ["flags", ({ flags }) => flags.map(({ code }) => code).join(" ")],
  ["bundle", ({ bundle }) => bundle],
];

/** A cell that no spreadsheet takes for a formula. @param {unknown} value */
export function cell(value) {
  const text = value == null ? "" : String(value);
  const safe = typeof value === "string" && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/**
 * The first line of a table of answers, for spreadsheets: behind a mark that says UTF-8.
 *
 * @param {string[]} [more] columns of a caller's own
 */
export const csvHead = (more = []) =>
  `\uFEFF${line([...ASKED.map(([name]) => name), ...ANSWERED.map(([name]) => name), ...more])}`;

/**
 * Its other lines.
 *
 * @param {{ request: ScoreRequest, score?: Score, more?: unknown[] }[]} answers `more`: cells of a caller's own
 */
export const csvRows = (answers) =>
  answers
    .map(({ request, score, more = [] }) =>
      line([
        ...ASKED.map(([, read]) => read(request)),
        ...ANSWERED.map(([, read]) => (score ? read(score) : "")),
        ...more,
      ]),
    )
    .join("");

/** @param {unknown[]} cells */
const line = (cells) => `${cells.map(cell).join(",")}\r\n`;

/**
 * Hands a file to the browser's downloads.
 *
 * @param {string} name
 * @param {Blob} content
 */
export function download(name, content) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** Size of the picture. */
const WIDTH = 1080;
const HEIGHT = 810;
const COLOURS = { good: "#14715f", bad: "#a83c26", none: "#566364" };

/**
 * The answer as a picture, without the draft.
 *
 * @param {Score} score with a number
 * @param {ScoreRequest} request
 * @param {ElementSpeech} speech
 * @param {string} [note] what else must be said of it
 * @returns {Promise<Blob>}
 */
export async function picture(score, request, speech, note) {
  const canvas = document.createElement("canvas");
  canvas.width = WIDTH;
  canvas.height = HEIGHT;
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const font = (/** @type {number} */ size, weight = 400) => {
    pen.font = `${weight} ${size}px system-ui, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif`;
  };
  const write = (/** @type {string} */ words, /** @type {number} */ x, /** @type {number} */ y) =>
    pen.fillText(words, x, y, WIDTH - x - 60);
  const colour = COLOURS[sideOf(score.bsmv)];
  pen.fillStyle = "#ffffff";
  pen.fillRect(0, 0, WIDTH, HEIGHT);
  pen.fillStyle = colour;
  pen.fillRect(0, 0, WIDTH, 16);
  font(230, 700);
  write(speech.whole(score.bsmv), 60, 260);
  const after = 60 + pen.measureText(speech.whole(score.bsmv)).width + 40;
  pen.fillStyle = "#1c2526";
  font(50, 600);
  write(speech.text(verdictOf(score.bsmv)), after, 200);
  pen.fillStyle = "#566364";
  font(36);
  const [low, high] = [score.interval.low, score.interval.high].map((end) => speech.whole(end));
  write(speech.text("range", { low, high }), after, 256);

  const at = (/** @type {number} */ value) => 60 + ((WIDTH - 120) * value) / 100;
  const line = (
    /** @type {number} */ x,
    /** @type {number} */ width,
    /** @type {number} */ thick,
    /** @type {string} */ fill,
  ) => {
    pen.fillStyle = fill;
    pen.beginPath();
    pen.roundRect(x, 350 - thick / 2, width, thick, thick / 2);
    pen.fill();
  };
  line(at(0), at(100) - at(0), 20, "#e4eaea");
  line(at(score.interval.low), at(score.interval.high) - at(score.interval.low), 28, "#82979b");
  pen.fillStyle = "#566364";
  pen.fillRect(at(50) - 2, 322, 4, 56);
  pen.fillStyle = colour;
  pen.beginPath();
  pen.arc(at(score.bsmv), 350, 24, 0, 2 * Math.PI);
  pen.fill();

  let y = 470;
  for (const { name, words } of threeWords(score, request.brand != null, speech)) {
    pen.fillStyle = "#566364";
    font(32);
    write(name, 60, y);
    pen.fillStyle = "#1c2526";
    font(36);
    write(words, 340, y);
    y += 62;
  }
  pen.fillStyle = "#566364";
  font(30);
  if (note) write(note, 60, HEIGHT - 95);
  const where = speech.platform(request.post.platform ?? "other");
  write(["BSMV", where, request.brand?.name].filter(Boolean).join(" · "), 60, HEIGHT - 50);
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no picture")))),
  );
}

/**
 * Shares a picture where the system can, else saves it.
 *
 * @param {Blob} picture
 */
export async function share(picture) {
  const file = new File([picture], "bsmv.png", { type: "image/png" });
  if (navigator.canShare?.({ files: [file] })) {
    try {
      return await navigator.share({ files: [file] });
    } catch (error) {
      // Thought better of it.
      if (error instanceof DOMException && error.name === "AbortError") return;
    }
  }
  download("bsmv.png", picture);
}
