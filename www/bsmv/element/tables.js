/** What the score is made of, as tables: one source for eye, ear and copying. */
import { html, nothing, svg } from "lit";

/** @import { Explanation, Score } from "../types.js" */
/** @import { ElementSpeech } from "./speech.js" */

/** Rows that are shown by name. */
const SHOWN = 6;
/** Points below which a row says nothing. */
const WORTH = 1;

/**
 * @param {string} caption
 * @param {[name: string, number: string, share: number][]} rows `share` of the bar, from -1 to 1
 * @param {boolean} [diverging] whether bars go both ways from a middle
 */
function table(caption, rows, diverging = false) {
  return html`<table>
    <caption>${caption}</caption>
    <tbody>
      ${rows.map(
        ([name, number, share]) => html`<tr>
          <th scope="row">${name}</th>
          <td class="cell" aria-hidden="true">${bar(share, diverging)}</td>
          <td class="number">${number}</td>
        </tr>`,
      )}
    </tbody>
  </table>`;
}

/** @param {number} share @param {boolean} diverging */
function bar(share, diverging) {
  // A picture and not a style: pages may forbid styles of elements.
  const width = 50 * Math.min(1, Math.abs(share));
  const side = share < 0 ? "minus" : "plus";
  const x = diverging ? (share < 0 ? 50 - width : 50) : 0;
  return html`<svg preserveAspectRatio="none" viewBox="0 0 100 10" focusable="false">
    ${diverging ? svg`<path class="axis" d="M50 0V10" />` : nothing}
    <rect
      class=${diverging ? side : "neutral"}
      x=${x}
      y="1"
      width=${diverging ? width : 2 * width}
      height="8"
    />
  </svg>`;
}

/**
 * What moved a score, largest first. What is too small to name is one row, so that rows add up.
 *
 * @param {Explanation} explanation
 * @param {ElementSpeech} speech
 */
export function contributions({ base, contributions }, speech) {
  const sorted = contributions.toSorted((a, b) => Math.abs(b.points) - Math.abs(a.points));
  const named = sorted.filter(({ points }) => Math.abs(points) >= WORTH).slice(0, SHOWN);
  /** @type {[string, number][]} */
  const rows = named.map(({ feature, points }) => [speech.feature(feature), points]);
  const rest = sorted.slice(named.length);
  if (rest.length > 0) {
    const sum = rest.reduce((total, { points }) => total + points, 0);
    rows.push([speech.text("others", { n: rest.length }), sum]);
  }
  return points(speech.text("contributions", { base: speech.whole(base) }), rows, speech);
}

/** @param {Score} score @param {ElementSpeech} speech */
export const parts = ({ parts }, speech) =>
  points(
    speech.text("parts"),
    [
      [speech.text("part_sentiment"), parts.sentiment],
      [speech.text("part_topic"), parts.topic],
      [speech.text("part_diffusion"), parts.diffusion],
    ],
    speech,
  );

/**
 * @param {string} caption
 * @param {[string, number][]} rows
 * @param {ElementSpeech} speech
 */
function points(caption, rows, speech) {
  const most = Math.max(5, ...rows.map(([, points]) => Math.abs(points)));
  return table(
    caption,
    rows.map(([name, points]) => [name, speech.signed(points), points / most]),
    true,
  );
}

/** @param {Score} score @param {ElementSpeech} speech */
export const topics = ({ topics }, speech) =>
  table(
    speech.text("topics"),
    topics
      .toSorted((a, b) => b.weight - a.weight)
      .filter(({ weight }) => weight >= 0.01)
      .slice(0, SHOWN)
      .map(({ label, weight }) => [label, speech.percent(weight), weight]),
  );

/**
 * What people may do with the post, beside what they did with the author's last ones.
 *
 * @param {Score} score
 * @param {ElementSpeech} speech
 */
export const engagement = ({ engagement }, speech) => html`<ul>
  ${engagement.map(({ count, median, low, high, above, of }) => {
    const [n, from, to] = [median, low, high].map((value) => speech.count(value));
    const beside = of > 0 ? speech.text("engagementBeside", { above, of }) : "";
    const name = speech.textIfAny(`count_${count}`) ?? count;
    return html`<li data-count=${count}>
      ${speech.text("engagementOf", { name, n, from, to })}${beside}
    </li>`;
  })}
</ul>`;

/** The quantities that the formula is about. @param {Score} score @param {ElementSpeech} speech */
export function quantities({ predicted: { s, audience, t, d }, sentiment }, speech) {
  return html`${table(
    speech.text("quantities"),
    [
      [speech.text("q_tone"), speech.signed(sentiment.s, 2), sentiment.s],
      [speech.text("q_audience"), speech.signed(audience, 2), audience],
      [speech.text("q_s"), speech.signed(s, 2), s],
      [speech.text("q_t"), speech.fixed(t), t],
      [speech.text("q_d"), speech.fixed(d), d],
    ],
    true,
  )}
    <p class="hint">${speech.text("formula")}</p>`;
}
