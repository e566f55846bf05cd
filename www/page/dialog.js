import { html } from "lit";

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
  return html`<dialog id=${id} aria-labelledby=${`${id}-title`} @close=${onClose}>
    <div class="dialog-head">
      <h2 id=${`${id}-title`}>${title}</h2>
      <button type="button" class="quiet" data-close @click=${close}>${speech.text("close")}</button>
    </div>
    ${content}
  </dialog>`;
}

/** @param {Event} event */
function close(event) {
  /** @type {Element} */ (event.target).closest("dialog")?.close();
}

/** @param {string} id */
export function openDialog(id) {
  const found = /** @type {HTMLDialogElement} */ (document.getElementById(id));
  if (!found.open) found.showModal();
}
