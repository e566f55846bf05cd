/** Files that are given to the page: where they are dropped, and what is wrong with them or their rows. */
import { html, nothing } from "lit";

/** @import { Trouble } from "../bsmv/types.js" */
/** @import { PageSpeech } from "./strings.js" */

/** What files may be, for the browser's chooser. */
const KINDS = ".csv,.tsv,.txt,.xlsx,.json,.jsonl,.ndjson";

/** Rows that are listed with their reasons. */
const LISTED = 50;

/** Whether something that is dragged is a file. @param {DragEvent} event */
export const isFile = (event) => event.dataTransfer?.types.includes("Files") ?? false;

/**
 * The field for files under something that is dropped; a browser drops nothing through a field's label.
 *
 * @param {DragEvent} event
 * @returns {HTMLInputElement | undefined}
 */
export function fieldAt(event) {
  for (const at of event.composedPath()) {
    const field = at instanceof HTMLLabelElement ? at.control : at;
    if (field instanceof HTMLInputElement && field.type === "file") return field;
  }
  return undefined;
}

/**
 * A place for a file: chosen, or dropped. The browser's own button speaks the browser's language, and would
 * say that no file was chosen when one has been read.
 *
 * @param {object} shown
 * @param {string} shown.id
 * @param {string} shown.label
 * @param {PageSpeech} shown.speech
 * @param {boolean} shown.busy whether one is being read
 * @param {string | undefined} shown.problem code of what was wrong with the last one
 * @param {(file: File) => void} shown.onFile
 */
export function fileField({ id, label, speech, busy, problem, onFile }) {
  const taken = (/** @type {FileList | undefined | null} */ files) =>
    files?.[0] && onFile(files[0]);
  return html`<div
    class="drop"
    @dragover=${(/** @type {DragEvent} */ event) => isFile(event) && event.preventDefault()}
    @drop=${(/** @type {DragEvent} */ event) => {
      if (!isFile(event)) return;
      event.preventDefault();
      event.stopPropagation();
      taken(event.dataTransfer?.files);
    }}
  >
    <span class="label" id=${`${id}-label`}>${label}</span>
    <label class="button">
      <span id=${`${id}-choose`}>${speech.text("fileChoose")}</span>
      <input
        id=${id}
        class="spoken"
        type="file"
        accept=${KINDS}
        aria-labelledby=${`${id}-label ${id}-choose`}
        aria-describedby=${`${id}-hint`}
        aria-invalid=${problem ? "true" : nothing}
        aria-errormessage=${problem ? `${id}-error` : nothing}
        @change=${(/** @type {Event} */ event) => {
          const field = /** @type {HTMLInputElement} */ (event.target);
          taken(field.files);
          // The same file again is a change, too.
          field.value = "";
        }}
      />
    </label>
    <p class="hint" id=${`${id}-hint`}>${speech.text(busy ? "fileReading" : "fileKinds")}</p>
    ${
      problem
        ? html`<p class="problem" id=${`${id}-error`} role="alert">
          ${speech.textIfAny(`file_${problem}`) ?? speech.text("file_damaged")}
        </p>`
        : nothing
    }
  </div>`;
}

/** What is wrong with a row, in one sentence. @param {Trouble} trouble @param {PageSpeech} speech */
export function troubleIn({ code, column }, speech) {
  const words = speech.textIfAny(`trouble_${code}`) ?? speech.text("trouble_cell");
  return column ? speech.labelled(column, words) : words;
}

/**
 * The rows that were not taken, each with its reason; of the same reason the first.
 *
 * @param {Trouble[]} skipped
 * @param {PageSpeech} speech
 */
export function troubles(skipped, speech) {
  if (skipped.length === 0) return nothing;
  const listed = skipped.slice(0, LISTED);
  return html`<details class="troubles">
    <summary>${speech.text("skipped", { n: skipped.length })}</summary>
    <ul>
      ${listed.map(
        (trouble) => html`<li data-code=${trouble.code}>
          ${trouble.line > 0 ? html`<span class="hint">${speech.text("line", { n: trouble.line })}</span>` : nothing}
          <bdi>${troubleIn(trouble, speech)}</bdi>
        </li>`,
      )}
    </ul>
    ${
      skipped.length > LISTED
        ? html`<p class="hint">${speech.text("skippedMore", { n: skipped.length - LISTED })}</p>`
        : nothing
    }
  </details>`;
}
