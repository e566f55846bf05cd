/** Two drafts side by side, each with its score, and what differs in plain words. */
import { diffChars, diffWordsWithSpace } from "diff";
import { html, nothing } from "lit";
import { tagOf } from "../bsmv/element/speech.js";
import { compare } from "../bsmv/element/verdict.js";
import { dialog } from "./dialog.js";

/** @import { Score, ScoreRequest } from "../bsmv/types.js" */
/** @import { PageSpeech } from "./strings.js" */

/** What a draft can be compared with. @typedef {{ id: string, name: string, title: string, text: string }} Other */

/**
 * @param {object} shown
 * @param {PageSpeech} shown.speech
 * @param {string} shown.model
 * @param {ScoreRequest} shown.request of the draft as it is now
 * @param {Other[]} shown.others
 * @param {Other | undefined} shown.other
 * @param {Record<"now" | "other", Score | undefined>} shown.scores
 * @param {{ compareWith: (id: string) => void, compared: (which: "now" | "other", score: Score) => void, close: () => void }} shown.on
 */
export function compareDialog({ speech, model, request, others, other, scores, on }) {
  const frame = { id: "compare", title: speech.text("compareTitle"), speech, onClose: on.close };
  if (!other) return dialog(frame, html`<p class="hint">${speech.text("compareNone")}</p>`);
  const { title = "", text } = request.post;
  const join = (/** @type {{ title?: string | null, text: string }} */ of) =>
    of.title ? `${of.title}\n\n${of.text}` : of.text;
  const [before, now] = [join(other), join({ title, text })];
  // Chinese has no spaces to cut at.
  const diff = /\p{Script=Han}/u.test(before + now) ? diffChars : diffWordsWithSpace;
  const changes = before.length + now.length > 8000 ? [] : diff(before, now);
  const otherPost = { ...request.post, title: other.title || null, text: other.text };
  return dialog(
    frame,
    html`
      <div class="field">
        <label for="compare-with">${speech.text("compareWith")}</label>
        <select
          id="compare-with"
          @change=${(/** @type {Event} */ event) =>
            on.compareWith(/** @type {HTMLSelectElement} */ (event.target).value)}
        >
          ${others.map(({ id, name }) => html`<option value=${id} ?selected=${id === other.id}>${name}</option>`)}
        </select>
      </div>
      <p id="winner" role="status">${winner(scores, other.name, speech)}</p>
      <div class="columns">
        ${column("now", speech.text("compareNow"), now, changes, request)}
        ${column("other", other.name, before, changes, { ...request, post: otherPost })}
      </div>
    `,
  );

  /**
   * @param {"now" | "other"} which
   * @param {string} name
   * @param {string} text
   * @param {import("diff").Change[]} changes
   * @param {ScoreRequest} request
   */
  function column(which, name, text, changes, request) {
    const skipped = which === "now" ? "removed" : "added";
    return html`<section data-which=${which}>
      <h3>${name}</h3>
      <p class="text" lang=${tagOf(text)} dir="auto">${marked(text, changes, skipped)}</p>
      <bsmv-scorer
        model=${model}
        view="panel"
        explain="none"
        .request=${request}
        @bsmv-score=${(/** @type {CustomEvent} */ event) => on.compared(which, event.detail)}
      ></bsmv-scorer>
    </section>`;
  }
}

/**
 * A text with what only it has.
 *
 * @param {string} text
 * @param {import("diff").Change[]} changes none where there is too much to compare
 * @param {"added" | "removed"} skipped
 */
function marked(text, changes, skipped) {
  if (changes.length === 0) return text;
  const own = changes.filter((change) => !change[skipped]);
  return own.map(({ added, removed, value }) => {
    if (added) return html`<ins>${value}</ins>`;
    return removed ? html`<del>${value}</del>` : value;
  });
}

/**
 * Which is better, and by what.
 *
 * @param {Record<"now" | "other", Score | undefined>} scores
 * @param {string} name of the other
 * @param {PageSpeech} speech
 */
export function winner({ now, other }, name, speech) {
  if (now?.bsmv == null || other?.bsmv == null) return "";
  const { points, tie } = compare(now, other);
  const part = (/** @type {keyof Score["parts"]} */ key) =>
    Math.round(now.parts[key]) - Math.round(other.parts[key]);
  const parts = [
    [speech.text("compareTone"), part("sentiment")],
    [speech.text("compareFit"), part("topic")],
    [speech.text("compareSpread"), part("diffusion")],
  ].filter(([, points]) => points !== 0);
  const said =
    parts.length === 0
      ? ""
      : speech.text("compareParts", {
          parts: speech.list(
            parts.map(([name, points]) => `${name} ${speech.signed(Number(points))}`),
          ),
        });
  const first =
    tie || points === 0
      ? speech.text("compareTie")
      : speech.text("compareWin", {
          name: points > 0 ? speech.text("compareNow") : speech.text("quoted", { name }),
          points: Math.abs(points),
        });
  return html`<strong>${first}</strong> ${said || nothing}`;
}
