/** A file of posts, scored together: progress, and a table that is sorted, looked through and saved. */
import { html, nothing } from "lit";
import { guard } from "lit/directives/guard.js";
import { tagOf } from "../bsmv/element/speech.js";
import { sideOf, spreadOf, threeWords, verdictOf } from "../bsmv/element/verdict.js";
import { dialog } from "./dialog.js";
import { fileField, troubleIn } from "./files.js";
import { ordered, scoreOf, wordsOf } from "./rows.js";

/** @import { ElementSpeech } from "../bsmv/element/speech.js" */
/** @import { Score } from "../bsmv/types.js" */
/** @import { Batch, Column, Row, Sort } from "./rows.js" */
/** @import { PageSpeech } from "./strings.js" */

/** Rows that are shown at a time: more would take a page longer to draw than a key may wait. */
const SHOWN = 25;
/** Letters of a text that stand for it. */
const SHORT = 140;

/** @type {Column[]} */
const COLUMNS = ["line", "score", "range", "tone", "fit", "spread", "text"];

/**
 * @param {object} shown
 * @param {PageSpeech} shown.speech
 * @param {ElementSpeech} shown.scoreSpeech
 * @param {Batch} shown.batch
 * @param {string} shown.context for whom and where, in words
 * @param {{ read: (file: File) => void, cancel: () => void, resume: () => void, sort: (sort: Sort) => void, turn: (page: number) => void,
 *   open: (row: Row) => void, save: () => void }} shown.on
 */
export function batchDialog(shown) {
  const { speech, batch, context, on } = shown;
  const { phase, rows, leftOut, platforms, problem } = batch;
  return dialog(
    { id: "batch", title: speech.text("batch"), speech, onClose: () => {} },
    html`
      <p class="hint">${speech.text("batchNote", { context })}</p>
      ${fileField({
        id: "batch-file",
        label: speech.text("batchFile"),
        speech,
        busy: phase === "reading",
        problem: phase === "failed" && rows.length === 0 ? problem : undefined,
        onFile: on.read,
      })}
      ${
        phase === "failed" && rows.length > 0
          ? html`<p class="problem" role="alert">${speech.text("batchFailed")}</p>`
          : nothing
      }
      ${leftOut.length > 0 ? html`<p class="hint">${speech.text("leftOut", { names: speech.list(leftOut) })}</p>` : nothing}
      ${
        platforms?.assumed
          ? html`<p class="hint">${speech.text("batchAssumed", { n: platforms.assumed, platform: speech.platform(platforms.platform) })}</p>`
          : nothing
      }
      <p class=${phase === "reading" ? "spoken" : "batch-said"} role="status">${said(batch, speech)}</p>
      ${rows.length > 0 ? html`${progress(shown)} ${table(shown)}` : nothing}
    `,
  );
}

/**
 * What is said of a batch when it changes, not with each answer; that a file is read stands at its field, too.
 *
 * @param {Batch} batch
 * @param {PageSpeech} speech
 */
function said(batch, speech) {
  const { phase, name, rows } = batch;
  if (phase === "reading") return speech.text("fileReading");
  if (phase === "loading") return speech.text("batchLoading", { n: rows.length });
  if (phase === "scoring" || rows.length === 0) return nothing;
  return html`<strong><bdi>${name}</bdi></strong> ${ended(batch, speech)}`;
}

/** @param {Parameters<typeof batchDialog>[0]} shown */
function progress({ speech, batch, on }) {
  const { phase, name, rows, done, left } = batch;
  const busy = phase === "loading" || phase === "scoring";
  const counts = { done, n: rows.length };
  const words =
    left === undefined
      ? speech.text("batchDone", counts)
      : speech.text("batchLeft", { ...counts, time: speech.duration(Math.max(1, left)) });
  return html`<div class="row batch-state">
    ${
      busy
        ? html`<label class="batch-progress" for="batch-progress"><bdi>${name}</bdi> ${words}</label>
          <progress id="batch-progress" max=${rows.length} .value=${done}></progress>`
        : nothing
    }
    ${
      // One button, so that the focus stays on it.
      busy || phase === "stopped" || phase === "failed"
        ? html`<button type="button" id=${busy ? "batch-cancel" : "batch-resume"} @click=${busy ? on.cancel : on.resume}>
          ${speech.text(busy ? "batchCancel" : "batchResume")}
        </button>`
        : nothing
    }
    ${
      rows.some(scoreOf)
        ? html`<button type="button" id="batch-save" @click=${on.save}>${speech.text("saveCsv")}</button>`
        : nothing
    }
  </div>`;
}

/** What came of it. @param {Batch} batch @param {PageSpeech} speech */
function ended({ phase, rows, done }, speech) {
  const n = rows.length;
  const scored = rows.filter(scoreOf).length;
  if (scored === n) return speech.text("batchAll", { n });
  const values = { scored, n, without: done - scored };
  return speech.text(phase === "stopped" ? "batchStopped" : "batchEnded", values);
}

/** The order of a batch, as long as nothing in it changes: the page is drawn with each key. @type {{ of: string, rows?: Row[], ordered: Row[] }} */
let last = { of: "", ordered: [] };

/** @param {Batch} batch */
function inOrder({ rows, done, sort, textsIn }) {
  // What the file says stays where it is while scores come.
  const known = sort.by === "line" ? "" : sort.by === "text" ? textsIn : done;
  const of = [known, sort.by, sort.down].join();
  if (last.rows !== rows || last.of !== of) {
    last = { of, rows, ordered: ordered(rows, sort) };
  }
  return last.ordered;
}

/** @param {Parameters<typeof batchDialog>[0]} shown */
function table({ speech, scoreSpeech, batch, on }) {
  const { sort, page } = batch;
  const rows = inOrder(batch);
  const pages = Math.ceil(rows.length / SHOWN);
  const at = Math.min(page, pages - 1);
  const from = at * SHOWN;
  const shown = rows.slice(from, from + SHOWN);
  const by = (/** @type {Column} */ column) => ({
    by: column,
    // The best first, the first line first.
    down: sort.by === column ? !sort.down : !["line", "text"].includes(column),
  });
  const name = (/** @type {Column} */ column) => speech.textIfAny(`column_${column}`) ?? column;
  return html`
    <div class="row sort-by">
      <label for="batch-sort">${speech.text("sortBy")}</label>
      <select
        id="batch-sort"
        @change=${(/** @type {Event} */ event) =>
          on.sort(
            by(/** @type {Column} */ (/** @type {HTMLSelectElement} */ (event.target).value)),
          )}
      >
        ${COLUMNS.map((column) => html`<option value=${column} ?selected=${column === sort.by}>${name(column)}</option>`)}
      </select>
    </div>
    <table class="batch">
      <caption class="spoken">${speech.text("batch")}</caption>
      <thead>
        <tr>
          ${COLUMNS.map(
            (column) => html`<th
              scope="col"
              data-column=${column}
              aria-sort=${sort.by === column ? (sort.down ? "descending" : "ascending") : "none"}
            >
              <button type="button" class="quiet" @click=${() => on.sort(by(column))}>
                ${name(column)}<span aria-hidden="true">${sort.by === column ? (sort.down ? " ↓" : " ↑") : ""}</span>
              </button>
            </th>`,
          )}
        </tr>
      </thead>
      <tbody>
        ${shown.map((row) =>
          // A row is drawn again when it has changed, not with every other.
          guard([row, row.answer, row.error, speech.language], () =>
            rowOf(row, speech, scoreSpeech, on),
          ),
        )}
      </tbody>
    </table>
    ${
      pages > 1
        ? html`<nav class="row" aria-label=${speech.text("pages")}>
          <button type="button" id="batch-before" ?disabled=${at === 0} @click=${() => on.turn(at - 1)}>
            ${speech.text("before")}
          </button>
          <span>${speech.text("shownOf", { from: from + 1, to: from + shown.length, n: rows.length })}</span>
          <button type="button" id="batch-after" ?disabled=${at === pages - 1} @click=${() => on.turn(at + 1)}>
            ${speech.text("after")}
          </button>
        </nav>`
        : nothing
    }
  `;
}

/**
 * @param {Row} row
 * @param {PageSpeech} speech
 * @param {ElementSpeech} scoreSpeech
 * @param {Parameters<typeof batchDialog>[0]["on"]} on
 */
function rowOf(row, speech, scoreSpeech, on) {
  const score = scoreOf(row);
  const words = score ? wordsFor(score, row.request?.brand != null, scoreSpeech) : [];
  const text = wordsOf(row).replace(/\s+/g, " ").trim();
  const short = [...text.slice(0, 2 * SHORT)];
  const shown = short.length > SHORT ? `${short.slice(0, SHORT).join("")}…` : text;
  const reason = reasonOf(row, speech);
  return html`<tr>
    <td class="number" data-column="line">${speech.number(row.line, { useGrouping: false })}</td>
    <td class="number points" data-column="score" data-side=${score ? sideOf(score.bsmv) : "none"}>
      ${score ? speech.whole(score.bsmv) : row.request && !reason ? "…" : "–"}
    </td>
    <td class="number" data-column="range">
      ${score ? `${speech.whole(score.interval.low)}–${speech.whole(score.interval.high)}` : ""}
    </td>
    ${["tone", "fit", "spread"].map(
      (key) =>
        html`<td data-column=${key}>${words.find((word) => word.key === key)?.words ?? (score ? "–" : "")}</td>`,
    )}
    <td data-column="text">
      ${
        text === ""
          ? nothing
          : html`<button type="button" class="text-link" lang=${tagOf(shown)} @click=${() => on.open(row)}>
            <bdi>${shown}</bdi>
          </button>`
      }
      ${
        score
          ? html`<p class="hint compact">
            ${speech.list([scoreSpeech.text(verdictOf(score.bsmv)), ...words.map(({ name, words }) => speech.labelled(name, words))])}
          </p>`
          : nothing
      }
      ${reason ? html`<p class="problem">${reason}</p>` : nothing}
    </td>
  </tr>`;
}

/**
 * Tone, fit and spread, as short as a cell is; no fit without a brand.
 *
 * @param {Score} score
 * @param {boolean} brand
 * @param {ElementSpeech} speech
 */
const wordsFor = (score, brand, speech) =>
  threeWords(score, brand, speech)
    .filter(({ key }) => key === "tone" || key === "spread" || (key === "fit" && brand))
    .map((word) =>
      word.key === "spread" ? { ...word, words: spreadOf(score.predicted, speech) } : word,
    );

/** Why a row has no score; empty where it has one or is still to come. @param {Row} row @param {PageSpeech} speech */
export function reasonOf({ trouble, answer, error }, speech) {
  if (trouble) return troubleIn(trouble, speech);
  if (answer?.bsmv === null) return answer.refused.message;
  if (!error) return "";
  const long = error.field === "post.text" || error.field === "post.title";
  return speech.text(
    error.code === "invalid_input" ? (long ? "trouble_text" : "trouble_request") : "trouble_failed",
  );
}
