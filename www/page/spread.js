/** @import { DiffusionPage } from "../bsmv/types.js" */
import { element, make } from "./dom.js";
import { duration, fixed } from "./numbers.js";
import { current, text } from "./strings.js";

/** Events that are marked and named. */
const NAMED = 3;
/** Points of the curve at most. */
const POINTS = 200;
/** Percent of the width that two marks keep between them. */
const APART = 7;
/** Times that are written below the curve where there is room: a minute, an hour, a day. */
const TIMES = [60, 3600, 86_400];

/**
 * How a post travelled: its events over time, and those that most others came from.
 *
 * @param {DiffusionPage | undefined} page
 * @param {number[]} shares of the diffusion, by event
 */
export function showSpread(page, shares) {
  const section = element("spread", HTMLElement);
  section.hidden = shares.length === 0;
  if (!page || shares.length === 0) return;
  const until = Math.max(page.observed_until, 1);
  // Most happens early: on an even scale all of that would be one step.
  const place = (/** @type {number} */ t) => 100 * Math.sqrt(t / until);
  const leaders = [...shares.keys()]
    .filter((i) => shares[i] > 0)
    .sort((a, b) => shares[b] - shares[a] || a - b)
    .slice(0, NAMED);

  element("curve", HTMLElement).replaceChildren(
    curve(page.t.slice(0, shares.length).map(place)),
    ...marks(leaders.map((i) => ({ x: place(page.t[i]), y: (100 * (i + 1)) / shares.length }))),
  );
  const ticks = TIMES.filter((t) => place(t) > 8 && place(t) < 70).map((t) =>
    tick(place(t), duration(t)),
  );
  element("times", HTMLElement).replaceChildren(
    ...ticks,
    tick(100, text("spreadUntil", { n: shares.length, time: duration(until) })),
  );
  element("leaders", HTMLElement).replaceChildren(
    ...leaders.map((i) => make("li", "", sentence(page, shares, i))),
  );
  element("no-leader", HTMLElement).hidden = leaders.length > 0;
}

/**
 * @param {DiffusionPage} page
 * @param {number[]} shares
 * @param {number} i
 */
function sentence(page, shares, i) {
  // The events of a sample have lost their numbers.
  const n = page.total === page.t.length ? i + 1 : "";
  const followers = page.followers[i];
  const share = 100 * shares[i];
  const event = text(`kind_${page.kind[i]}`, { n }).trim();
  const after = text("eventAfter", { time: duration(page.t[i]) });
  const by = followers == null ? "" : text("eventBy", { n: followers.toLocaleString(current()) });
  return text("event", { event, after, by, share: fixed(share, share < 1 ? 1 : 0) });
}

/**
 * @param {number[]} xs place of each event in time, in percent
 */
function curve(xs) {
  const every = Math.ceil(xs.length / POINTS);
  let path = "M0 100";
  for (const [i, x] of xs.entries()) {
    if ((i + 1) % every !== 0 && i + 1 !== xs.length) continue;
    path += `H${x.toFixed(2)}V${(100 - (100 * (i + 1)) / xs.length).toFixed(2)}`;
  }
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 100 100");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  const area = document.createElementNS("http://www.w3.org/2000/svg", "path");
  area.setAttribute("d", `${path}H100V100Z`);
  svg.append(area);
  return svg;
}

/**
 * Numbered marks, moved to the right where they would hide one another.
 *
 * @param {{ x: number, y: number }[]} places
 */
function marks(places) {
  const all = places.map(({ x, y }, i) => ({ x, y, mark: make("span", "leader", String(i + 1)) }));
  let free = 0;
  for (const { x, y, mark } of all.toSorted((a, b) => a.x - b.x)) {
    const at = Math.max(x, free);
    free = at + APART;
    mark.style.setProperty("--x", String(at));
    mark.style.setProperty("--y", String(y));
  }
  return all.map(({ mark }) => mark);
}

/**
 * @param {number} x
 * @param {string} words
 */
function tick(x, words) {
  const made = make("span", "", words);
  made.style.setProperty("--x", String(x));
  return made;
}
