/** Drafts and their versions, and the gallery of examples. */
import { html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { tagOf } from "../bsmv/element/speech.js";
import { dialog, undoLine } from "./dialog.js";
import { EXAMPLES } from "./examples.js";

/** @import { Score } from "../bsmv/types.js" */
/** @import { Draft } from "./keep.js" */
/** @import { PageSpeech } from "./strings.js" */

/**
 * A draft as it was once.
 *
 * @typedef {object} Version
 * @property {string} id
 * @property {string} draft its id
 * @property {string} name
 * @property {number} at
 * @property {string} title
 * @property {string} text
 * @property {{ bsmv: number, interval: Score["interval"] } | undefined} worth
 */

/** Letters of a text that stand for it in lists. */
const SHORT = 60;

/** @param {{ title: string, text: string }} draft @param {PageSpeech} speech */
export function nameOf({ title, text }, speech) {
  const words = (title || text).replace(/\s+/g, " ").trim();
  if (words === "") return speech.text("untitled");
  return words.length > SHORT ? `${[...words].slice(0, SHORT).join("")}…` : words;
}

/**
 * @param {object} shown
 * @param {PageSpeech} shown.speech
 * @param {Draft} shown.draft the one that is open
 * @param {Draft[]} shown.drafts
 * @param {Version[]} shown.versions
 * @param {string | undefined} shown.problem
 * @param {import("./dialog.js").Removed | undefined} shown.removed
 * @param {{ openDraft: (draft: Draft) => void, newDraft: () => void, removeDraft: (id: string) => void,
 *   restore: (version: Version) => void, removeVersion: (id: string) => void,
 *   rename: (version: Version, name: string) => void, undo: () => void, close: () => void }} shown.on
 */
export function draftsDialog({ speech, draft, drafts, versions, problem, removed, on }) {
  const when = speech.times({ dateStyle: "medium", timeStyle: "short" });
  const ofDraft = (/** @type {string} */ id) => versions.filter((version) => version.draft === id);
  const listed = drafts.filter(
    ({ id, text, title }) => id === draft.id || title || text || ofDraft(id).length > 0,
  );
  return dialog(
    { id: "drafts", title: speech.text("draftsTitle"), speech, onClose: on.close },
    html`
      <p><button type="button" class="main" @click=${on.newDraft}>${speech.text("newDraft")}</button></p>
      ${problem ? html`<p class="problem" role="alert">${problem}</p>` : nothing}
      ${undoLine(removed, ["draft", "version"], speech, on.undo)}
      ${listed.length === 0 ? html`<p class="hint">${speech.text("draftsEmpty")}</p>` : nothing}
      <ul class="choices">
        ${repeat(
          listed,
          ({ id }) => id,
          (kept) => {
            const own = ofDraft(kept.id);
            const name = nameOf(kept, speech);
            return html`<li>
              <button
                type="button"
                class="choice"
                aria-pressed=${String(kept.id === draft.id)}
                @click=${() => on.openDraft(kept)}
              >
                <bdi lang=${tagOf(name)}>${name}</bdi>
                <span class="hint">
                  ${when.format(kept.at)}${kept.id === draft.id ? ` · ${speech.text("thisDraft")}` : ""}
                </span>
              </button>
              ${
                kept.id === draft.id
                  ? nothing
                  : html`<button
                    type="button"
                    class="quiet"
                    aria-label=${speech.labelled(speech.text("remove"), name)}
                    @click=${() => on.removeDraft(kept.id)}
                  >
                    ${speech.text("remove")}
                  </button>`
              }
              ${own.length > 0 ? versionList(own, kept.id === draft.id, when, speech, on) : nothing}
            </li>`;
          },
        )}
      </ul>
    `,
  );
}

/**
 * @param {Version[]} versions
 * @param {boolean} current
 * @param {Intl.DateTimeFormat} when
 * @param {PageSpeech} speech
 * @param {Parameters<typeof draftsDialog>[0]["on"]} on
 */
function versionList(versions, current, when, speech, on) {
  return html`<ul class="versions">
    ${repeat(
      versions,
      ({ id }) => id,
      (version) => html`<li>
        <input
          aria-label=${speech.text("versionName")}
          .value=${version.name}
          @change=${(/** @type {Event} */ event) =>
            on.rename(version, /** @type {HTMLInputElement} */ (event.target).value)}
        />
        <span class="hint">
          ${version.worth ? html`<strong>${speech.whole(version.worth.bsmv)}</strong> · ` : nothing}${when.format(version.at)}
        </span>
        <button type="button" ?disabled=${!current} @click=${() => on.restore(version)}>
          ${speech.text("restore")}
        </button>
        <button
          type="button"
          class="quiet"
          aria-label=${speech.labelled(speech.text("remove"), version.name)}
          @click=${() => on.removeVersion(version.id)}
        >
          ${speech.text("remove")}
        </button>
      </li>`,
    )}
  </ul>`;
}

/**
 * Examples in the page's language.
 *
 * @param {object} shown
 * @param {PageSpeech} shown.speech
 * @param {(example: import("./examples.js").Example) => void} shown.onChoose
 */
export function gallery({ speech, onChoose }) {
  return html`<ul class="gallery">
    ${EXAMPLES.filter(({ language }) => language === speech.language).map(
      (example) => html`<li>
        <button type="button" class="example" data-kind=${example.kind} @click=${() => onChoose(example)}>
          <strong>${speech.text(`kind_${example.kind}`)}</strong>
          <span class="hint">${speech.platform(example.platform)}</span>
          <span>${nameOf({ title: example.title ?? "", text: example.text }, speech)}</span>
        </button>
      </li>`,
    )}
  </ul>`;
}
