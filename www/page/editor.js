/** The editor: a title where the platform has one, the text, and how long both are. */
import { html } from "lit";
import { canMark, readEditable } from "../bsmv/element/marks.js";

/** @import { PageSpeech } from "./strings.js" */

export const TEXT = "text";
export const TITLE = "title";

/** Whether text can be edited where marks can stand; a textarea takes its place elsewhere. */
const EDITABLE = (() => {
  const trial = document.createElement("div");
  trial.setAttribute("contenteditable", "plaintext-only");
  return canMark() && trial.contentEditable === "plaintext-only";
})();

/**
 * A length, the most there may be, how much is shown before the fold, and whether some characters
 * count more than others in it.
 *
 * @typedef {{ count: number, limit?: number | null, shown?: number | null, weighted?: boolean }} Length
 */

/**
 * @param {object} shown
 * @param {PageSpeech} shown.speech
 * @param {boolean} shown.titled whether there is a title
 * @param {Length} shown.title
 * @param {Length} shown.text
 * @param {{ input: () => void }} shown.on
 */
export function editor({ speech, titled, title, text, on }) {
  const label = speech.text("text");
  const hint = speech.text("textHint");
  return html`
    <div class="field title" ?hidden=${!titled}>
      <label for=${TITLE}>${speech.text("titleField")}</label>
      <div class="counted">
        <input id=${TITLE} dir="auto" autocomplete="off" enterkeyhint="next" @input=${on.input} />
        ${length(title, speech)}
      </div>
    </div>
    <div class="field">
      ${
        EDITABLE
          ? html`<span class="label" id="text-label">${label}</span>
            <div
              id=${TEXT}
              class="editor"
              contenteditable="plaintext-only"
              role="textbox"
              aria-multiline="true"
              aria-labelledby="text-label"
              aria-describedby="length"
              data-hint=${hint}
              dir="auto"
              spellcheck="true"
              tabindex="0"
              @input=${on.input}
            ></div>`
          : html`<label for=${TEXT}>${label}</label>
            <textarea
              id=${TEXT}
              class="editor"
              rows="8"
              dir="auto"
              autocomplete="off"
              aria-describedby="length"
              placeholder=${hint}
              @input=${on.input}
            ></textarea>`
      }
      <p id="length" class="hint lengths">${length(text, speech)}</p>
    </div>
  `;
}

/** @param {Length} length @param {PageSpeech} speech */
function length({ count, limit, shown, weighted }, speech) {
  const over = limit != null && count > limit;
  const words =
    limit == null
      ? speech.text("characters", { n: count })
      : `${speech.number(count)}/${speech.number(limit)}`;
  const notes = [
    shown != null && count > shown && speech.text("folds", { n: shown }),
    weighted && speech.text("weighted"),
  ].filter(Boolean);
  return html`${notes.map((note) => html`<span>${note}</span>`)}<span class=${over ? "length over" : "length"}>${words}</span>`;
}

/** @param {string} id @returns {HTMLElement} */
const field = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** What stands in a field. @param {string} id */
export function written(id) {
  const found = field(id);
  return "value" in found ? String(found.value) : readEditable(found).text;
}

/**
 * Puts text into a field as if it had been typed: it can be undone.
 *
 * @param {string} id
 * @param {string} text
 */
export function type(id, text) {
  const found = field(id);
  found.focus();
  document.execCommand("selectAll");
  document.execCommand(text === "" ? "delete" : "insertText", false, text);
}

/**
 * Puts text into a field as another document: there is nothing to undo.
 *
 * @param {string} id
 * @param {string} text
 */
export function load(id, text) {
  const found = field(id);
  if ("value" in found) found.value = text;
  else found.textContent = text;
  found.dispatchEvent(new InputEvent("input", { bubbles: true }));
}

/**
 * Selects a part of a field, and brings it into view.
 *
 * @param {string} id
 * @param {number} start in UTF-16 code units
 * @param {number} end
 */
export function select(id, start, end) {
  const found = field(id);
  found.focus();
  if ("setSelectionRange" in found) {
    /** @type {HTMLInputElement} */ (found).setSelectionRange(start, end);
    return;
  }
  const { nodes } = readEditable(found);
  const at = (/** @type {number} */ offset) =>
    nodes.findLast(({ node, start }) => start <= offset && offset <= start + node.length);
  const [from, to] = [at(start), at(end)];
  const selection = getSelection();
  if (!from || !to || !selection) return;
  selection.setBaseAndExtent(from.node, start - from.start, to.node, end - to.start);
  from.node.parentElement?.scrollIntoView({ block: "nearest" });
}

/**
 * Replaces a part of a field; it can be undone.
 *
 * @param {string} id
 * @param {number} start
 * @param {number} end
 * @param {string} with_
 */
export function replace(id, start, end, with_) {
  select(id, start, end);
  document.execCommand(with_ === "" ? "delete" : "insertText", false, with_);
}
