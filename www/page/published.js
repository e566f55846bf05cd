/** A post that is out: how it travels, made up, stored on the server, or from a file. */
import { html, nothing } from "lit";

/** @import { DiffusionPage } from "../bsmv/types.js" */
/** @import { PageSpeech } from "./strings.js" */

const SIZES = [20, 200, 900];
const MOODS = /** @type {const} */ (["agree", "divided", "against"]);

/**
 * @typedef {object} Published
 * @property {"" | "demo" | "stored" | "file"} from
 * @property {number} size
 * @property {import("./graph.js").Mood} mood
 * @property {string} stored id
 * @property {DiffusionPage} [graph] of a file, or as last heard of a stored post
 * @property {"notJson" | "notGraph" | "storedWrong" | "storedAway"} [problem]
 */

/**
 * @param {object} shown
 * @param {PageSpeech} shown.speech
 * @param {Published} shown.published
 * @param {{ publish: (change: Partial<Published>) => void, graphFile: (file: File) => void }} shown.on
 */
export function published({ speech, published, on }) {
  const { from, size, mood, stored, problem } = published;
  const value = (/** @type {Event} */ event) =>
    /** @type {HTMLInputElement} */ (event.target).value;
  /** @type {[Published["from"], string][]} */
  const sources = [
    ["", speech.text("noGraph")],
    ["demo", speech.text("demo")],
    ["stored", speech.text("graphStored")],
    ["file", speech.text("graphFile")],
  ];
  const error = problem
    ? html`<p id="graph-error" class="problem" role="alert">${speech.text(problem)}</p>`
    : nothing;
  return html`<details class="card fold" id="published" ?open=${from !== ""}>
    <summary>${speech.text("published")}</summary>
    <p class="hint">${speech.text("publishedNote")}</p>
    <div class="fields">
      <div class="field">
        <label for="graph">${speech.text("graph")}</label>
        <select
          id="graph"
          @change=${(/** @type {Event} */ event) =>
            on.publish({ from: /** @type {Published["from"]} */ (value(event)) })}
        >
          ${sources.map(([key, name]) => html`<option value=${key} ?selected=${key === from}>${name}</option>`)}
        </select>
      </div>
      ${
        from === "demo"
          ? html`<div class="field">
              <label for="size">${speech.text("size")}</label>
              <select id="size" @change=${(/** @type {Event} */ event) => on.publish({ size: Number(value(event)) })}>
                ${SIZES.map(
                  (n) =>
                    html`<option value=${n} ?selected=${n === size}>${speech.text("times", { n })}</option>`,
                )}
              </select>
            </div>
            <div class="field">
              <label for="mood">${speech.text("mood")}</label>
              <select
                id="mood"
                @change=${(/** @type {Event} */ event) =>
                  on.publish({ mood: /** @type {Published["mood"]} */ (value(event)) })}
              >
                ${MOODS.map(
                  (key) => html`<option value=${key} ?selected=${key === mood}>
                    ${speech.text(`mood_${key}`)}
                  </option>`,
                )}
              </select>
            </div>`
          : nothing
      }
      ${
        from === "stored"
          ? html`<div class="field">
            <label for="stored">${speech.text("stored")}</label>
            <input
              id="stored"
              autocomplete="off"
              spellcheck="false"
              .value=${stored}
              aria-invalid=${problem ? "true" : nothing}
              aria-errormessage=${problem ? "graph-error" : nothing}
              @change=${(/** @type {Event} */ event) => on.publish({ stored: value(event).trim() })}
            />
            ${error}
          </div>`
          : nothing
      }
      ${
        from === "file"
          ? html`<div class="field">
            <label for="file">${speech.text("file")}</label>
            <input
              id="file"
              type="file"
              accept=".json,application/json"
              aria-invalid=${problem ? "true" : nothing}
              aria-errormessage=${problem ? "graph-error" : nothing}
              @change=${(/** @type {Event} */ event) => {
                const file = /** @type {HTMLInputElement} */ (event.target).files?.[0];
                if (file) on.graphFile(file);
              }}
            />
            ${error}
          </div>`
          : nothing
      }
    </div>
  </details>`;
}
