/** The element's markup, made of a session's state. */
import { html, nothing, svg } from "lit";
import { carried } from "./carried.js";
import { phrasesOf } from "./marks.js";
import { tagOf } from "./speech.js";
import { contributions, engagement, parts, quantities, topics } from "./tables.js";
import { compare, sideOf, threeWords, verdictOf } from "./verdict.js";

/** @import { Score, SessionState } from "../types.js" */
/** @import { ElementSpeech } from "./speech.js" */

/** Phrases that are listed. */
const LISTED = 5;

/**
 * @typedef {object} Shown
 * @property {SessionState} state
 * @property {ElementSpeech} speech
 * @property {"badge" | "panel" | "full"} view
 * @property {boolean} bar whether narrow windows get a bar at their lower edge
 * @property {boolean} explains whether there will be an explanation
 * @property {(import("./verdict.js").Worth & { name: string }) | undefined} baseline
 * @property {{ retry: () => void, findWords: () => void, reveal: () => void }} on
 */

/** @param {Shown} shown */
export function view(shown) {
  const { view, bar } = shown;
  return html`
    <section class=${`card ${view}`} part="card">
      ${headline(shown)}
      ${view === "badge" ? nothing : body(shown)}
    </section>
    ${bar ? lowerBar(shown) : nothing}
  `;
}

/** @param {Shown} shown */
function headline(shown) {
  const { state, speech, view, baseline } = shown;
  const { score } = state;
  if (!score) return message(shown);
  if (score.bsmv === null) {
    return html`<div class="headline" part="score">
        <strong class="points">–</strong><span class="verdict">${speech.text("noScore")}</span>
      </div>
      <p>${score.refused.message}</p>`;
  }
  const { bsmv, interval } = score;
  return html`
    <div class="headline" part="score" data-side=${sideOf(bsmv)}>
      <strong class="points" ?data-stale=${state.stale}>${speech.whole(bsmv)}</strong>
      <span class="verdict">${speech.text(verdictOf(bsmv))}</span>
      ${state.stale && state.error ? html`<span class="hint">${speech.text("stale")}</span>` : nothing}
    </div>
    <div part="range" data-side=${sideOf(bsmv)}>
      ${scale(score)}
      <div class="ticks" aria-hidden="true">
        <span>0</span><span>${speech.text("noEffect")}</span><span>100</span>
      </div>
      <p class="hint range">
        <span>${speech.text("range", ends(score, speech))}</span>
        ${baseline ? html`<span>· ${difference({ bsmv, interval }, baseline, speech)}</span>` : nothing}
      </p>
      ${view === "badge" ? nothing : html`<p class="hint measures">${speech.text("measures")}</p>`}
    </div>
    ${state.error ? message(shown) : nothing}
  `;
}

/** @param {Score} score @param {ElementSpeech} speech */
const ends = ({ interval }, speech) => ({
  low: speech.whole(interval.low),
  high: speech.whole(interval.high),
});

/**
 * @param {import("./verdict.js").Worth} one
 * @param {import("./verdict.js").Worth & { name: string }} other
 * @param {ElementSpeech} speech
 */
export function difference(one, other, speech) {
  const { points, tie } = compare(one, other);
  const values = { points: speech.signed(points), than: other.name };
  if (points === 0) return speech.text("same", values);
  return speech.text(tie ? "tie" : "better", values);
}

/** @param {Score} score */
function scale({ bsmv, interval }) {
  const at = (/** @type {number} */ value) => String(4 * value);
  return html`<svg class="scale" viewBox="-12 0 424 34" aria-hidden="true" focusable="false">
    <rect class="track" x="0" y="12" width="400" height="10" rx="5" />
    <rect
      class="band"
      x=${at(interval.low)}
      y="10"
      width=${at(Math.max(1, interval.high - interval.low))}
      height="14"
      rx="7"
    />
    <path class="middle" d="M200 5V29" />
    <circle class="marker" cx=${at(bsmv)} cy="17" r="9" />
  </svg>`;
}

/** Loading, empty or failed: in the place of the score, so that it can't be missed. @param {Shown} shown */
function message({ state, speech, on }) {
  const { phase, progress, error, score } = state;
  if (phase === "failed" && error) {
    const words = mistake(error, speech);
    const detail = ["invalid_input", "too_large", "internal"].includes(error.code);
    return html`<slot name="error">
      <div class="error" role="alert" data-code=${error.code}>
        <p>${words}</p>
        ${detail ? details(error.message, speech) : nothing}
        <button type="button" @click=${on.retry}>${speech.text("retry")}</button>
      </div>
    </slot>`;
  }
  if (score) return nothing;
  if (phase === "loading") {
    const mb = (/** @type {number} */ bytes) =>
      speech.number(bytes / 1e6, { maximumFractionDigits: 1 });
    return html`<slot name="loading">
      <div class="loading">
        <label for="progress">
          ${
            progress
              ? speech.text("loaded", { loaded: mb(progress.loaded), total: mb(progress.total) })
              : speech.text("loading")
          }
        </label>
        <progress id="progress" max="1" .value=${progress ? progress.loaded / progress.total : 0}></progress>
      </div>
    </slot>`;
  }
  return html`<slot name="empty"><p class="hint">${speech.text("empty")}</p></slot>`;
}

/** What went wrong, in the page's language. @param {NonNullable<SessionState["error"]>} error @param {ElementSpeech} speech */
function mistake({ code, field }, speech) {
  // A title and a text can be wrong only in their length.
  const long = field === "post.text" || field === "post.title";
  return speech.textIfAny(`error_${long ? "too_large" : code}`) ?? speech.text("error_internal");
}

/** What only English says: open where it is the page's language. @param {string} message @param {ElementSpeech} speech */
const details = (message, speech) => html`<details ?open=${speech.language === "en"}>
  <summary>${speech.text("details")}</summary>
  <p lang="en">${message}</p>
</details>`;

/** @param {Shown} shown */
function body(shown) {
  const { state, speech, view } = shown;
  const { score, request } = state;
  if (!score || score.bsmv === null) return nothing;
  return html`
    <dl class="words" part="words">
      ${threeWords(score, request?.brand != null, speech).map(
        ({ key, name, dots, words }) => html`<div data-key=${key}>
          <dt>${name}</dt>
          <dd>${dots ? dotted(dots, speech) : nothing}<span>${words}</span></dd>
        </div>`,
      )}
    </dl>
    ${shown.explains ? reasons(shown) : nothing}
    ${
      score.flags.length > 0
        ? html`<section part="flags">
          <h3>${speech.text("flags")}</h3>
          <ul>${score.flags.map(({ code, message }) => html`<li data-code=${code}>${message}</li>`)}</ul>
        </section>`
        : nothing
    }
    ${view === "full" ? deeper(shown) : nothing}
    <details part="unseen">
      <summary>${speech.text("unseen", { n: score.unseen.length + 1 })}</summary>
      <ul>
        ${score.unseen.map(({ code, message }) => html`<li data-code=${code}>${message}</li>`)}
        <li>${speech.text("notMeasured")}</li>
      </ul>
    </details>
  `;
}

/** @param {number} dots @param {ElementSpeech} speech */
const dotted = (dots, speech) => html`<svg
  class="dots"
  viewBox="0 0 60 12"
  role="img"
  aria-label=${speech.text("dots", { n: dots })}
>
  ${[0, 1, 2, 3, 4].map(
    (i) => svg`<circle class=${i < dots ? "on" : "off"} cx=${6 + 12 * i} cy="6" r="4" />`,
  )}
</svg>`;

/** What the score depends on, and which words carry its tone. @param {Shown} shown */
function reasons({ state, speech }) {
  const { explanation, explained, request } = state;
  const weighed = (request?.weights ?? request?.brand?.weights) != null;
  const sentence = explanation?.sentence ?? speech.text("explaining");
  return html`<section part="reasons" class="reasons">
    <h3>${speech.text("reasons")}</h3>
    <p class="sentence" ?data-stale=${!explained}>
      ${weighed && explanation ? speech.text("atBalanced", { sentence }) : sentence}
    </p>
    ${
      explanation && explanation.hints.length > 0
        ? html`<ul ?data-stale=${!explained}>
          ${explanation.hints.map(({ code, message }) => html`<li data-code=${code}>${message}</li>`)}
        </ul>`
        : nothing
    }
  </section>`;
}

/** The phrases that are marked in the draft, for who can't see marks there. @param {Shown} shown */
function phrases({ state, speech, on }) {
  const { words, wordsPost, phase } = state;
  const busy = phase !== "settled";
  if (!words || !wordsPost) {
    return html`<p class="hint">
      ${
        busy
          ? speech.text("explaining")
          : html`${speech.text("phraseLong")}
        <button type="button" @click=${on.findWords}>${speech.text("phraseFind")}</button>`
      }
    </p>`;
  }
  const strong = [...phrasesOf(words.words, wordsPost)]
    .sort((a, b) => Math.abs(b.s) - Math.abs(a.s))
    .slice(0, LISTED);
  if (strong.length === 0) return html`<p class="hint">${speech.text("phraseNone")}</p>`;
  return html`${words.hint ? html`<p data-code=${words.hint.code}>${words.hint.message}</p>` : nothing}
    <ul class="phrases" ?data-stale=${busy}>
      ${strong.map(({ field, start, end, s }) => {
        const phrase = (wordsPost[field] ?? "").slice(start, end);
        return html`<li>
          <bdi class=${s < 0 ? "minus" : "plus"} lang=${tagOf(phrase)}>${phrase}</bdi>
          <span class="hint">${speech.text(s < 0 ? "phraseDown" : "phraseUp")}</span>
        </li>`;
      })}
    </ul>
    <p class="hint">${speech.text("phraseHelp")}</p>`;
}

/** What few want to know. @param {Shown} shown */
function deeper(shown) {
  const { state, speech } = shown;
  const { explanation, request, ms = 0 } = state;
  const score = /** @type {Score} */ (state.score);
  const shares = explanation?.events ?? [];
  const { graph } = request ?? {};
  return html`
    ${
      // It is a forecast of the text's alone: of a post that is out, the counts so far say otherwise.
      score.engagement.length > 0 && !graph
        ? html`<section part="engagement">
          <h3>${speech.text("engagement")}</h3>
          ${engagement(score, speech)}
        </section>`
        : nothing
    }
    ${
      graph && shares.length > 0
        ? html`<section part="carried">
          <h3>${speech.text("carried")}</h3>
          ${carried(graph, shares, speech)}
        </section>`
        : nothing
    }
    <details part="phrases">
      <summary>${speech.text("phrases")}</summary>
      ${phrases(shown)}
    </details>
    <details part="how">
      <summary>${speech.text("how")}</summary>
      ${explanation ? contributions(explanation, speech) : nothing} ${parts(score, speech)}
      ${quantities(score, speech)} ${emotion(score, speech)} ${topics(score, speech)}
      <p class="hint">
        ${speech.text("made", {
          bundle: score.bundle,
          precision: score.precision,
          ms: Math.max(1, Math.round(ms)),
        })}
      </p>
    </details>
  `;
}

/** @param {Score} score @param {ElementSpeech} speech */
function emotion({ emotion }, speech) {
  // "No emotion" and "unsure" have no strength, and say nothing.
  if (!emotion?.label || emotion.label === "none") return nothing;
  const name = speech.textIfAny(`e_${emotion.label}`) ?? emotion.label;
  return html`<p class="hint">${speech.labelled(speech.text("emotion"), name)}</p>`;
}

/** Score, progress and errors where a narrow window always shows them. @param {Shown} shown */
function lowerBar({ state, speech, on }) {
  const { score, error, phase, progress } = state;
  if (phase === "failed" && error && !score) {
    const words = mistake(error, speech);
    return html`<button type="button" class="bar error" part="bar" @click=${on.retry}>
      <span>${words}</span><slot name="bar"></slot><strong>${speech.text("retry")}</strong>
    </button>`;
  }
  if (!score) {
    const share = progress ? progress.loaded / progress.total : 0;
    const words =
      phase === "loading"
        ? `${speech.text("loading")} ${progress ? speech.percent(share) : ""}`
        : speech.text(phase === "empty" ? "waiting" : "explaining");
    return html`<div class="bar" part="bar" aria-hidden="true">
      <span>${words}</span>
      <slot name="bar"></slot>
      ${phase === "loading" ? html`<progress max="1" .value=${share}></progress>` : nothing}
    </div>`;
  }
  const { bsmv } = score;
  return html`<button
    type="button"
    class="bar"
    part="bar"
    data-side=${bsmv === null ? "none" : sideOf(bsmv)}
    @click=${on.reveal}
  >
    <strong class="points">${bsmv === null ? "–" : speech.whole(bsmv)}</strong>
    <span>${bsmv === null ? speech.text("noScore") : speech.text(verdictOf(bsmv))}</span>
    ${error ? html`<span class="bad">!</span>` : nothing}
    <slot name="bar"></slot>
    <span class="spoken">
      ${speech.sentences([
        bsmv === null ? score.refused.message : speech.text("range", ends(score, speech)),
        speech.text("reveal"),
      ])}
    </span>
    <span class="hint" aria-hidden="true">▾</span>
  </button>`;
}
