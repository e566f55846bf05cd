/** How a post travelled: its events over time, and those that most others came from. */
import { html, svg } from "lit";

/** @import { DiffusionPage } from "../types.js" */
/** @import { ElementSpeech } from "./speech.js" */

/** Events that are marked and named. */
const NAMED = 3;
/** Points of the curve at most. */
const POINTS = 200;
/** Width of the picture, in its own units. */
const WIDTH = 400;
const HEIGHT = 100;

/**
 * @param {DiffusionPage} page
 * @param {number[]} shares of the diffusion, by event
 * @param {ElementSpeech} speech
 */
export function carried(page, shares, speech) {
  const until = Math.max(page.observed_until, 1);
  // Most happens early: on an even scale all of that would be one step.
  const place = (/** @type {number} */ t) => WIDTH * Math.sqrt(t / until);
  const leaders = [...shares.keys()]
    .filter((i) => shares[i] > 0)
    .sort((a, b) => shares[b] - shares[a] || a - b)
    .slice(0, NAMED);
  const xs = page.t.slice(0, shares.length).map(place);
  return html`<svg class="curve" viewBox="-10 -20 420 122" aria-hidden="true" focusable="false">
      <path d=${curve(xs)} />
      ${leaders.map(
        (i, n) =>
          svg`<g transform="translate(${Math.min(xs[i] + 26 * n, WIDTH)} ${
            HEIGHT - (HEIGHT * (i + 1)) / shares.length - 10
          })"><circle r="10" /><text text-anchor="middle" dy="0.35em">${n + 1}</text></g>`,
      )}
    </svg>
    <p class="hint">
      ${speech.text("carriedUntil", { n: shares.length, time: speech.duration(until) })}
    </p>
    ${
      leaders.length === 0
        ? html`<p class="hint">${speech.text("carriedNone")}</p>`
        : html`<ol>
          ${leaders.map((i) => html`<li>${sentence(page, shares, i, speech)}</li>`)}
        </ol>`
    }`;
}

/**
 * @param {DiffusionPage} page
 * @param {number[]} shares
 * @param {number} i
 * @param {ElementSpeech} speech
 */
function sentence(page, shares, i, speech) {
  // The events of a sample have lost their numbers.
  const numbered = page.total === page.t.length;
  const kind = speech.textIfAny(`kind_${page.kind[i]}`) ?? "";
  const followers = page.followers[i];
  return speech.text("event", {
    event: numbered ? speech.text("nth", { kind, n: i + 1 }) : kind,
    after: speech.text("eventAfter", { time: speech.duration(page.t[i]) }),
    by: followers == null ? "" : speech.text("eventBy", { n: followers }),
    share: speech.percent(shares[i]),
  });
}

/** @param {number[]} xs place of each event in time */
function curve(xs) {
  const every = Math.ceil(xs.length / POINTS);
  let path = `M0 ${HEIGHT}`;
  for (const [i, x] of xs.entries()) {
    if ((i + 1) % every !== 0 && i + 1 !== xs.length) continue;
    path += `H${x.toFixed(1)}V${(HEIGHT - (HEIGHT * (i + 1)) / xs.length).toFixed(1)}`;
  }
  return `${path}H${WIDTH}V${HEIGHT}Z`;
}
