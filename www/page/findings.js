/** What rules found in the draft: facts beside the score, there before the model is. */
import { html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";

/** @import { Checks } from "../bsmv/types.js" */
/** @import { PageSpeech } from "./strings.js" */

/** @typedef {Checks["findings"][number]} Finding */

/**
 * @param {object} shown
 * @param {PageSpeech} shown.speech
 * @param {Checks | undefined} shown.checks
 * @param {string[]} shown.silenced rules that are not shown
 * @param {{ find: (finding: Finding) => void, mend: (finding: Finding) => void,
 *   silence: (rule: string) => void, unsilence: () => void }} shown.on
 */
export function findings({ speech, checks, silenced, on }) {
  const shown = shownOf(checks, silenced);
  const hidden = (checks?.findings.length ?? 0) - shown.length;
  return html`<section class="card" id="checks" aria-labelledby="checks-title">
    <h2 id="checks-title">${speech.text("checks")} <span class="hint">${shown.length || nothing}</span></h2>
    <p class="hint">${speech.text("checksNote")}</p>
    ${checks && shown.length === 0 ? html`<p>${speech.text("checksNone")}</p>` : nothing}
    <ul class="findings">
      ${repeat(
        shown,
        ({ rule, field, start }) => `${rule} ${field} ${start}`,
        (finding) => item(finding, speech, on),
      )}
    </ul>
    ${
      hidden > 0
        ? html`<p class="hint">
          ${speech.text("checksSilenced", { n: hidden })}
          <button type="button" class="quiet" @click=${on.unsilence}>${speech.text("checksRestore")}</button>
        </p>`
        : nothing
    }
  </section>`;
}

/** What isn't silenced of what was found. @param {Checks | undefined} checks @param {string[]} silenced */
export const shownOf = (checks, silenced) =>
  (checks?.findings ?? []).filter(({ rule }) => !silenced.includes(rule));

/** @param {Finding} finding @param {PageSpeech} speech @param {Parameters<typeof findings>[0]["on"]} on */
function item(finding, speech, on) {
  const { code, rule, level, field, message, start, end, replacement, add, source } = finding;
  return html`<li data-level=${level} data-code=${code}>
    <p><strong>${speech.text(`level_${level}`)}</strong> ${message}</p>
    <div class="row">
      ${
        end > start
          ? html`<button type="button" @click=${() => on.find(finding)}>${speech.text(`find_${field}`)}</button>`
          : nothing
      }
      ${
        replacement != null
          ? html`<button type="button" data-act="mend" @click=${() => on.mend(finding)}>
            ${speech.text("replaceWith", { with: replacement })}
          </button>`
          : nothing
      }
      ${
        add != null
          ? html`<button type="button" data-act="mend" @click=${() => on.mend(finding)}>
            ${speech.text("add", { with: add.trim() })}
          </button>`
          : nothing
      }
      <button
        type="button"
        class="quiet"
        aria-label=${speech.text("silenceThis", { what: message })}
        @click=${() => on.silence(rule)}
      >
        ${speech.text("silence")}
      </button>
      ${
        source
          ? html`<a href=${source.url} target="_blank" rel="noreferrer" class="hint">
            ${speech.text("source", { name: source.name })}
          </a>`
          : nothing
      }
    </div>
  </li>`;
}
