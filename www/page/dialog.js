import { html, nothing } from "lit";

/** @import { PageSpeech } from "./strings.js" */

/**
 * A dialog with a heading and a button that closes it.
 *
 * @param {object} shown
 * @param {string} shown.id
 * @param {string} shown.title
 * @param {PageSpeech} shown.speech
 * @param {() => void} shown.onClose
 * @param {unknown} content
 */
export function dialog({ id, title, speech, onClose }, content) {
  // The event comes a task later: by then the dialog may be open again, with something begun in it.
  const closed = (/** @type {Event} */ { target }) =>
    /** @type {HTMLDialogElement} */ (target).open || onClose();
  return html`<dialog id=${id} aria-labelledby=${`${id}-title`} @close=${closed}>
    <div class="dialog-head">
      <h2 id=${`${id}-title`}>${title}</h2>
      <button type="button" class="quiet" data-close @click=${close}>${speech.text("close")}</button>
    </div>
    ${content}
  </dialog>`;
}

/**
 * What was deleted last, by the kind that it is kept under.
 *
 * @typedef {{ name: string, things: { kind: "draft" | "version" | "brand" | "past", value: { id: string } }[] }} Removed
 */

/**
 * Says what was deleted, and brings it back.
 *
 * @param {Removed | undefined} removed
 * @param {Removed["things"][number]["kind"][]} kinds that are told of here
 * @param {PageSpeech} speech
 * @param {() => void} onUndo
 */
export const undoLine = (removed, kinds, speech, onUndo) =>
  removed && kinds.includes(removed.things[0].kind)
    ? html`<p class="row" role="status">
      <span>${speech.text("removed", { name: removed.name })}</span>
      <button type="button" data-undo @click=${onUndo}>${speech.text("undo")}</button>
    </p>`
    : nothing;

/** @param {Event} event */
function close(event) {
  /** @type {Element} */ (event.target).closest("dialog")?.close();
}

/** @param {string} id */
export function openDialog(id) {
  const found = /** @type {HTMLDialogElement} */ (document.getElementById(id));
  if (!found.open) found.showModal();
}
