/** The creator's own past posts: taken from files, kept on the device, and the draft among them. */
import { html, nothing, svg } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { PLATFORMS } from "../pkg/constants.js";
import { undoLine } from "./dialog.js";
import { fileField, troubles } from "./files.js";
import { countsOf, placedBy } from "./own-posts.js";

/** @import { ElementSpeech } from "../bsmv/element/speech.js" */
/** @import { Score, Trouble } from "../bsmv/types.js" */
/** @import { Import, Recent } from "./own-posts.js" */
/** @import { PageSpeech } from "./strings.js" */

/**
 * @typedef {object} Reading
 * @property {boolean} busy whether a file is being read
 * @property {string} [problem] code of what was wrong with the last one
 * @property {number} [taken] posts that the last one had
 * @property {Trouble[]} [skipped] rows of a file of which nothing was taken
 */

/**
 * @param {object} shown
 * @param {PageSpeech} shown.speech
 * @param {ElementSpeech} shown.scoreSpeech
 * @param {string} shown.platform the draft's
 * @param {Import[]} shown.imports of all platforms
 * @param {Recent[]} shown.recent what is known of the account's last posts on the platform
 * @param {Reading} shown.reading
 * @param {Score["engagement"]} shown.engagement what the draft may come to
 * @param {{ above: number, of: number } | undefined} shown.place of the draft's score
 * @param {import("./dialog.js").Removed | undefined} shown.removed
 * @param {{ read: (file: File) => void, move: (id: string, platform: string) => void,
 *   score: (platform: string) => void, remove: (id: string) => void, undo: () => void }} shown.on
 */
export function pastPosts(shown) {
  const { speech, platform, imports, recent, reading, removed, on } = shown;
  const name = speech.platform(platform);
  return html`<details class="card fold" id="past">
    <summary>
      ${speech.text("past")}${recent.length > 0 ? html` <span class="hint">${speech.text("pastCount", { n: recent.length })}</span>` : nothing}
    </summary>
    <p class="hint">${speech.text("pastNote")}</p>
    ${among(shown)}
    ${
      imports.length > 0 && recent.length === 0
        ? html`<p>${speech.text("pastElsewhere", { platform: name })}</p>`
        : nothing
    }
    ${fileField({
      id: "past-file",
      label: speech.text("pastFile"),
      speech,
      busy: reading.busy,
      problem: reading.problem,
      onFile: on.read,
    })}
    <p class="hint" role="status">
      ${reading.taken === undefined ? "" : speech.text("pastRead", { n: reading.taken })}
    </p>
    ${reading.skipped ? troubles(reading.skipped, speech) : nothing}
    ${undoLine(removed, ["past"], speech, on.undo)}
    <ul class="imports">
      ${repeat(
        imports,
        ({ id }) => id,
        (one) => imported(one, speech, on),
      )}
    </ul>
    ${
      recent.length > 0
        ? html`<div class="row">
          <button type="button" id="score-past" @click=${() => on.score(platform)}>
            ${speech.text("pastScore", { platform: name })}
          </button>
          <span class="hint">${speech.text("pastScoreNote")}</span>
        </div>`
        : nothing
    }
  </details>`;
}

/** @param {Import} one @param {PageSpeech} speech @param {Parameters<typeof pastPosts>[0]["on"]} on */
function imported(one, speech, on) {
  const { id, name, tools, platform, assumed, posts, first, last, skipped } = one;
  const day = speech.times({ dateStyle: "medium" });
  return html`<li>
    <p>
      <strong><bdi>${name}</bdi></strong>
      <span class="hint">
        ${speech.text("pastTaken", { n: posts.length })} · ${day.formatRange(first, last)} · ${toolsIn(tools, speech)}
      </span>
    </p>
    ${assumed ? html`<p class="hint">${speech.text("pastAssumed")}</p>` : nothing}
    <div class="row">
      <select
        aria-label=${speech.labelled(speech.text("platform"), name)}
        @change=${(/** @type {Event} */ event) =>
          on.move(id, /** @type {HTMLSelectElement} */ (event.target).value)}
      >
        ${PLATFORMS.map(
          (one) =>
            html`<option value=${one} ?selected=${one === platform}>${speech.platform(one)}</option>`,
        )}
      </select>
      <button
        type="button"
        class="quiet"
        aria-label=${speech.labelled(speech.text("remove"), name)}
        @click=${() => on.remove(id)}
      >
        ${speech.text("remove")}
      </button>
    </div>
    ${troubles(skipped, speech)}
  </li>`;
}

/**
 * The programs that wrote a file; those that have no words of the language by their name alone.
 *
 * @param {string[]} tools
 * @param {PageSpeech} speech
 */
export function toolsIn(tools, speech) {
  const names = tools.map((tool) => speech.textIfAny(`tool_${tool}`) ?? tool.split(", ")[0]);
  return speech.list([...new Set(names)]);
}

/** Where the draft lies. @param {Parameters<typeof pastPosts>[0]} shown */
function among({ speech, scoreSpeech, engagement, recent, place }) {
  const by = placedBy(engagement);
  if (!by && !place) return nothing;
  return html`<section class="among" aria-labelledby="among-title">
    <h3 id="among-title">${speech.text("among")}</h3>
    <ul>
      ${
        place
          ? html`<li data-place="score">
            ${speech.labelled(speech.text("column_score"), speech.text("amongAbove", place))}
          </li>`
          : nothing
      }
      ${by ? html`<li data-place=${by.count}>${speech.labelled(nameOf(by.count, scoreSpeech), amongCount(by, speech))}</li>` : nothing}
    </ul>
    ${by ? strip(by, countsOf(recent, by.count), speech, scoreSpeech) : nothing}
  </section>`;
}

/** @param {Score["engagement"][number]} by @param {PageSpeech} speech */
const amongCount = ({ median, above, of }, speech) =>
  speech.text("amongCount", { n: speech.count(median), above, of });

/** @param {string} count @param {ElementSpeech} speech */
const nameOf = (count, speech) => speech.textIfAny(`count_${count}`) ?? count;

/**
 * Past posts as strokes on a line, and where the draft is expected.
 *
 * @param {Score["engagement"][number]} expected
 * @param {number[]} counts
 * @param {PageSpeech} speech
 * @param {ElementSpeech} scoreSpeech
 */
function strip({ count, median, low, high }, counts, speech, scoreSpeech) {
  const log = (/** @type {number} */ n) => Math.log1p(n);
  const [least, most] = [Math.min(low, ...counts), Math.max(high, ...counts)];
  const at = (/** @type {number} */ n) =>
    4 + (392 * (log(n) - log(least))) / Math.max(0.1, log(most) - log(least));
  const name = nameOf(count, scoreSpeech);
  return html`<figure class="strip">
    <svg viewBox="0 0 400 40" aria-hidden="true" focusable="false">
      <rect class="band" x=${at(low)} y="8" width=${Math.max(2, at(high) - at(low))} height="24" rx="4" />
      ${counts.map((n) => svg`<path class="post" d=${`M${at(n)} 12V28`} />`)}
      <path class="draft" d=${`M${at(median)} 2V38`} />
    </svg>
    <div class="ticks" aria-hidden="true">
      <span>${speech.count(least)}</span><span>${speech.count(most)}</span>
    </div>
    <figcaption class="hint">${speech.text("stripHelp", { name })}</figcaption>
  </figure>`;
}
