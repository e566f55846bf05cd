/** What is done with files: past posts are taken from them, and batches scored. */
import { ScorerError } from "../bsmv/errors.js";
import { readDrafts, readPast } from "../bsmv/importer.js";
import { poolSize, scoreMany } from "../bsmv/pool.js";
import { reasonOf } from "./batch.js";
import { openDialog } from "./dialog.js";
import { keep, keepForGood, newDraft } from "./keep.js";
import { download } from "./out.js";
import { importsOf, postsOf } from "./own-posts.js";
import { csvOf, NO_BATCH, placeTexts, rowsOf, rowsOfPosts, scoreOf } from "./rows.js";
import { completed, speeches, worthKey } from "./state.js";

/** @import { ScoreRequest } from "../bsmv/types.js" */
/** @import { Removed } from "./dialog.js" */
/** @import { Import } from "./own-posts.js" */
/** @import { Batch, Row } from "./rows.js" */
/** @import { State } from "./state.js" */

/** Milliseconds between two drawings of what was scored meanwhile. */
const DRAW_EVERY = 400;
/** Answers after which the time that is left is told. */
const TELL_AFTER = 10;

/**
 * What files are read and scored with.
 *
 * @typedef {object} Page
 * @property {State} state as it is now
 * @property {(change: Partial<State>) => Promise<void>} change settled when it is drawn
 * @property {(name: string, things: Removed["things"]) => Promise<void>} remove
 * @property {() => Promise<void>} undo
 * @property {(draft: import("./keep.js").Draft) => Promise<void>} open
 * @property {string} model
 */

/** @param {unknown} error */
const codeOf = (error) => (error instanceof ScorerError ? error.code : "damaged");

/** @param {Page} page */
export function pastActions(page) {
  return {
    read: async (/** @type {File} */ file) => {
      page.change({ reading: { busy: true } });
      try {
        const past = await readPast(file);
        const platform = /** @type {Import["platform"]} */ (page.state.settings.platform);
        const imports = importsOf(past, file.name, platform, Date.now());
        if (imports.length === 0) {
          const { skipped } = past;
          return page.change({ reading: { busy: false, problem: "no_posts", skipped } });
        }
        await keepImports(page, imports);
        keepForGood();
        const taken = imports.reduce((sum, { posts }) => sum + posts.length, 0);
        page.change({ reading: { busy: false, taken } });
      } catch (error) {
        page.change({ reading: { busy: false, problem: codeOf(error) } });
      }
    },
    move: (/** @type {string} */ id, /** @type {string} */ to) => {
      const one = page.state.past.find((one) => one.id === id);
      const platform = /** @type {Import["platform"]} */ (to);
      // Scores are of the platform that they were computed for.
      if (one) return keepImports(page, [{ ...one, platform, assumed: false, worth: undefined }]);
    },
    score: (/** @type {string} */ platform) => {
      const posts = postsOf(page.state.past, platform).map(({ post }) => ({ ...post, platform }));
      const rows = rowsOfPosts(/** @type {Import["posts"]} */ (posts), (request) =>
        completed(page.state, request),
      );
      const { speech } = speeches(page.state);
      openDialog("batch");
      const name = speech.text("pastOf", { platform: speech.platform(platform) });
      return score(page, { ...NO_BATCH, name, rows, of: worthKey(page.state) });
    },
    remove: async (/** @type {string} */ id) => {
      const one = page.state.past.find((one) => one.id === id);
      if (one) await page.remove(one.name, [{ kind: "past", value: one }]);
    },
    undo: () => page.undo(),
  };
}

/** Keeps imports, in the place of those with the same id. @param {Page} page @param {Import[]} imports */
async function keepImports(page, imports) {
  const others = page.state.past.filter(({ id }) => !imports.some((one) => one.id === id));
  page.change({ past: [...imports, ...others].sort((a, b) => b.at - a.at) });
  const kept = await Promise.all(imports.map((one) => keep("past", one.id, one)));
  const problem = kept.find(Boolean);
  if (problem) page.change({ saved: { ...page.state.saved, problem } });
}

/** Ends the batch that is being read or scored. */
let stop = new AbortController();

/** Ends a batch under way, for the next to begin. */
function restart() {
  stop.abort();
  stop = new AbortController();
  return stop;
}

/** @param {Page} page */
export function batchActions(page) {
  const change = (/** @type {Partial<Batch>} */ change) =>
    page.change({ batch: { ...page.state.batch, ...change } });
  return {
    show: () => openDialog("batch"),
    read: async (/** @type {File} */ file) => {
      const { signal } = restart();
      openDialog("batch");
      page.change({ batch: { ...NO_BATCH, phase: "reading", name: file.name } });
      const reading = page.state.batch;
      try {
        const { tool, rows, left_out } = await readDrafts(file, { signal });
        // Another file was given meanwhile.
        if (page.state.batch !== reading) return;
        if (rows.length === 0) return change({ phase: "failed", problem: "no_rows" });
        const platforms = { assumed: 0, platform: page.state.settings.platform };
        const complete = (/** @type {ScoreRequest} */ request) => {
          const whole = completed(page.state, request, tool);
          if (whole.post.platform !== (request.post.platform ?? "other")) platforms.assumed += 1;
          return whole;
        };
        await score(page, {
          ...NO_BATCH,
          name: file.name,
          rows: rowsOf(rows, complete),
          of: worthKey(page.state),
          leftOut: left_out,
          platforms,
        });
      } catch (error) {
        if (page.state.batch === reading) change({ phase: "failed", problem: codeOf(error) });
      }
    },
    cancel: () => stop.abort(),
    resume: () => score(page, page.state.batch),
    sort: async (/** @type {Batch["sort"]} */ sort) => {
      const { rows } = page.state.batch;
      const textsIn = page.state.settings.language;
      if (sort.by === "text") await placeTexts(rows, textsIn);
      if (page.state.batch.rows === rows) change({ sort, textsIn, page: 0 });
    },
    /** Texts are ordered as the page's language has them. */
    translate: async () => {
      const { rows, sort } = page.state.batch;
      if (sort.by !== "text") return;
      const textsIn = page.state.settings.language;
      await placeTexts(rows, textsIn);
      if (page.state.batch.rows === rows) change({ textsIn });
    },
    turn: (/** @type {number} */ at) => {
      change({ page: at });
      document.querySelector("#batch table")?.scrollIntoView({ block: "start" });
    },
    open: async (/** @type {Row} */ { request }) => {
      if (!request) return;
      const { title, text, platform } = request.post;
      const { brand } = page.state.settings;
      /** @type {HTMLDialogElement} */ (document.getElementById("batch")).close();
      await page.open(await newDraft({ title: title ?? "", text, platform, brand }));
    },
    save: async () => {
      const { speech } = speeches(page.state);
      const { rows } = page.state.batch;
      const table = await csvOf(rows, (row) => reasonOf(row, speech));
      download("bsmv-batch.csv", new Blob(table, { type: "text/csv" }));
    },
  };
}

/**
 * Scores the rows of a batch that have no answer yet.
 *
 * @param {Page} page
 * @param {Batch} batch
 */
async function score(page, batch) {
  const { signal } = restart();
  const { rows } = batch;
  const waiting = rows.filter(({ request, answer, error }) => request && !answer && !error);
  let done = rows.length - waiting.length;
  const before = done;
  let begin = 0;
  let drawn = 0;
  page.change({ batch: { ...batch, phase: "loading", done, left: undefined, problem: undefined } });
  const told = (/** @type {Partial<Batch>} */ change) =>
    page.change({ batch: { ...page.state.batch, done, ...change } });
  try {
    await scoreMany(
      waiting.map(({ request }) => /** @type {ScoreRequest} */ (request)),
      {
        model: page.model,
        cache: "bsmv",
        workers: poolSize(),
        signal,
        onAnswer: (i, answer) => {
          if (answer instanceof ScorerError) {
            const { code, field, message } = answer;
            waiting[i].error = { code, field, message };
          } else waiting[i].answer = answer;
          done += 1;
          const now = performance.now();
          begin ||= now;
          if (now - drawn < DRAW_EVERY) return;
          drawn = now;
          const come = done - before;
          const rate = (come - 1) / (now - begin);
          const left = come > TELL_AFTER ? (rows.length - done) / rate / 1000 : undefined;
          told({ phase: "scoring", left });
        },
      },
    );
    const stopping = document.activeElement?.id === "batch-cancel";
    const shown = told({ phase: "done", left: undefined });
    // The button that had the focus goes when this is drawn.
    if (stopping) shown.then(() => document.getElementById("batch-save")?.focus());
  } catch (error) {
    // One that another took the place of has nothing more to tell.
    if (page.state.batch.rows !== rows) return;
    const problem = signal.aborted ? undefined : codeOf(error);
    told({ phase: signal.aborted ? "stopped" : "failed", left: undefined, problem });
  }
  await keepWorth(page, batch);
}

/** Keeps the scores of past posts with them. @param {Page} page @param {Batch} batch */
async function keepWorth(page, { rows, of }) {
  /** @type {Map<string, number>} */
  const scores = new Map();
  for (const row of rows) {
    const score = scoreOf(row);
    if (row.post !== undefined && score) scores.set(row.post, score.bsmv);
  }
  if (scores.size === 0) return;
  const platform = rows[0].request?.post.platform;
  const changed = page.state.past
    .filter((one) => one.platform === platform)
    .map((one) => {
      const own = one.posts.filter(({ id }) => scores.has(id));
      const known = own.map(({ id }) => /** @type {const} */ ([id, scores.get(id) ?? 0]));
      return { ...one, worth: { of, scores: Object.fromEntries(known) } };
    });
  await keepImports(page, changed);
}
