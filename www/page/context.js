/** One line that says for whom and where: set once, and remembered. */
import { html, nothing } from "lit";
import { PLATFORMS, PRESETS } from "../pkg/constants.js";

/** @import { PageSpeech } from "./strings.js" */

/**
 * @param {object} shown
 * @param {PageSpeech} shown.speech
 * @param {import("./settings.js").Settings} shown.settings
 * @param {number | undefined} shown.followers as past posts tell them
 * @param {boolean} shown.wrong whether the followers can't be read
 * @param {string | undefined} shown.brand its name
 * @param {{ set: (name: string, value: string) => void, brands: () => void }} shown.on
 */
export function context({ speech, settings, followers, wrong, brand, on }) {
  const set = (/** @type {string} */ name) => (/** @type {Event} */ event) =>
    on.set(name, /** @type {HTMLInputElement} */ (event.target).value);
  return html`<form
    class="context"
    aria-label=${speech.text("context")}
    @submit=${(/** @type {Event} */ event) => event.preventDefault()}
  >
    <div class="field">
      <label for="platform">${speech.text("platform")}</label>
      <select id="platform" @change=${set("platform")}>
        ${PLATFORMS.map(
          (name) => html`<option value=${name} ?selected=${name === settings.platform}>
            ${speech.platform(name)}
          </option>`,
        )}
      </select>
    </div>
    <div class="field">
      <span class="label" id="brand-label">${speech.text("brand")}</span>
      <button type="button" id="brand" aria-labelledby="brand-label brand" @click=${on.brands}>
        <bdi>${brand ?? speech.text("noBrand")}</bdi>
      </button>
    </div>
    <div class="field">
      <label for="followers">${speech.text("followers")}</label>
      <input
        id="followers"
        inputmode="decimal"
        autocomplete="off"
        placeholder=${followers === undefined ? speech.text("unknown") : speech.text("followersTold", { n: speech.count(followers) })}
        .value=${settings.followers}
        aria-invalid=${wrong ? "true" : nothing}
        aria-errormessage=${wrong ? "followers-error" : nothing}
        @input=${set("followers")}
      />
      ${
        wrong
          ? html`<p id="followers-error" class="problem" role="alert">
            ${speech.text("followersWrong")}
          </p>`
          : nothing
      }
    </div>
    <div class="field">
      <label for="goal">${speech.text("goal")}</label>
      <select id="goal" @change=${set("goal")}>
        ${Object.keys(PRESETS).map(
          (preset) => html`<option value=${preset} ?selected=${preset === settings.goal}>
            ${speech.textIfAny(preset) ?? preset}
          </option>`,
        )}
      </select>
    </div>
  </form>`;
}
