/** The rows of a batch: requests, answers, their order, and as a table for spreadsheets. No markup. */
import { csvHead, csvRows } from "./out.js";
import { inSteps, sortedInSteps } from "./steps.js";

/** @import { DraftRows, PastPost, Refusal, Score, ScoreRequest, Trouble } from "../bsmv/types.js" */

/**
 * @typedef {object} Row
 * @property {number} line of its file
 * @property {string} [post] id, where it is one of the creator's past posts
 * @property {ScoreRequest} [request]
 * @property {Trouble} [trouble] why it is no request
 * @property {Score | Refusal} [answer]
 * @property {{ code: string, field?: string, message: string }} [error] why it has no answer
 * @property {number} [place] of its words among those of the others, once `placeTexts` found it
 */

/** @typedef {"line" | "score" | "range" | "tone" | "fit" | "spread" | "text"} Column */
/** @typedef {{ by: Column, down: boolean }} Sort */

/**
 * @typedef {object} Batch
 * @property {"empty" | "reading" | "loading" | "scoring" | "done" | "stopped" | "failed"} phase
 * @property {string} name the file's
 * @property {Row[]} rows
 * @property {string} of what the scores depend on beside the posts: as it was when the rows were made
 * @property {number} done rows with an answer, or without hope of one
 * @property {number} [left] seconds, once that can be told
 * @property {string[]} leftOut parts of the file that weren't read
 * @property {{ assumed: number, platform: string }} [platforms] rows that name no platform that is known, and
 *   the one that was taken for them
 * @property {string} [problem] code of what was wrong with the file, or with scoring
 * @property {Sort} sort
 * @property {string} [textsIn] language that the places of texts are of
 * @property {number} page of the table, from 0
 */

/** @type {Batch} */
export const NO_BATCH = {
  phase: "empty",
  name: "",
  rows: [],
  of: "",
  done: 0,
  leftOut: [],
  sort: { by: "line", down: false },
  page: 0,
};

/** A row's score, where it has one. @param {Row} row @returns {Score | undefined} */
export const scoreOf = ({ answer }) => (answer?.bsmv == null ? undefined : answer);

/** The words of a row, title first. @param {Row} row */
export const wordsOf = ({ request }) =>
  [request?.post.title, request?.post.text].filter(Boolean).join(" · ");

/** What rows are ordered by; the width of a range says how sure its score is. @type {Record<Column, (row: Row) => number | undefined>} */
const KEYS = {
  line: ({ line }) => line,
  score: (row) => scoreOf(row)?.bsmv,
  range: (row) => {
    const interval = scoreOf(row)?.interval;
    return interval && interval.high - interval.low;
  },
  tone: (row) => scoreOf(row)?.sentiment.s,
  fit: (row) => scoreOf(row)?.predicted.t,
  spread: (row) => scoreOf(row)?.predicted.d,
  text: ({ place }) => place,
};

/**
 * Rows in order; those without a value come last, whichever way.
 *
 * @param {Row[]} rows
 * @param {Sort} sort
 */
export function ordered(rows, { by, down }) {
  const key = KEYS[by];
  const keyed = rows.map((row) => ({ row, key: key(row) }));
  keyed.sort((a, b) => {
    if (a.key === undefined || b.key === undefined) {
      return Number(a.key === undefined) - Number(b.key === undefined) || a.row.line - b.row.line;
    }
    const less = a.key - b.key;
    return (down ? -less : less) || a.row.line - b.row.line;
  });
  return keyed.map(({ row }) => row);
}

/**
 * Finds the places of rows by their words, as a language orders them: thousands of comparisons, which take
 * longer than a key may wait.
 *
 * @param {Row[]} rows
 * @param {string} language
 */
export async function placeTexts(rows, language) {
  const { compare } = new Intl.Collator(language);
  const texts = rows.map((row) => ({ row, words: wordsOf(row) })).filter(({ words }) => words);
  const sorted = await sortedInSteps(texts, (a, b) => compare(a.words, b.words));
  let place = 0;
  for (const [i, { row, words }] of sorted.entries()) {
    // Equal words have one place, and stay as the file has them.
    if (i > 0 && compare(words, sorted[i - 1].words) !== 0) place = i;
    row.place = place;
  }
}

/**
 * The rows of a file, each completed by what the page knows.
 *
 * @param {DraftRows["rows"]} rows
 * @param {(request: ScoreRequest) => ScoreRequest} complete
 * @returns {Row[]}
 */
export const rowsOf = (rows, complete) =>
  rows.map(({ line, request, trouble }) => ({
    line,
    trouble,
    request: request && complete(request),
  }));

/**
 * Past posts as rows; those without words are left out.
 *
 * @param {PastPost[]} posts
 * @param {(request: ScoreRequest) => ScoreRequest} complete
 * @returns {Row[]}
 */
export const rowsOfPosts = (posts, complete) =>
  posts.flatMap(({ id, title, text, platform, created_at, images, videos }, i) =>
    text === undefined
      ? []
      : [
          {
            line: i + 1,
            post: id,
            request: complete({ post: { title, text, platform, created_at, images, videos } }),
          },
        ],
  );

/**
 * The rows as CSV: those without a score with the reason.
 *
 * @param {Row[]} rows
 * @param {(row: Row) => string} reason
 * @returns {Promise<string[]>} parts of the file, in their order
 */
export async function csvOf(rows, reason) {
  const lines = await inSteps(rows, (part) =>
    csvRows(
      part.map((row) => ({
        score: scoreOf(row),
        request: row.request ?? { post: { text: "" } },
        more: [row.line, scoreOf(row) ? "" : reason(row)],
      })),
    ),
  );
  return [csvHead(["line", "reason"]), ...lines];
}
