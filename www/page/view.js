/** @import { Explanation, Score } from "../bsmv/types.js" */
/** @import { Key } from "./strings.js" */
import { element, make } from "./dom.js";
import { featureName, sentence, topicName } from "./notes.js";
import { fixed, signed } from "./numbers.js";
import { text, textIfAny } from "./strings.js";

/** Contributions shown by name; the rest are added up. */
const SHOWN = 6;

/** Colour of each verdict. */
const SIDES = { good2: "good", good1: "good", none: "none", bad1: "bad", bad2: "bad" };

/**
 * Puts an answer on the page.
 *
 * @param {Score} score
 * @param {{ brand: boolean, ms: number }} about whether a brand was chosen; time it took
 */
export function show(score, { brand, ms }) {
  const bsmv = fixed(score.bsmv, 1);
  const verdict = text(verdictOf(score.bsmv));
  const low = fixed(score.interval.low, 0);
  const high = fixed(score.interval.high, 0);
  const spoken = text("spoken", { score: fixed(score.bsmv, 0), verdict, low, high });

  element("bsmv", HTMLOutputElement).value = bsmv;
  write("verdict", verdict);
  write("brief", `${text("score")} ${bsmv}`);
  write("interval", text("interval", { low, high }));
  // Said again only when it changed, or a screen reader would repeat it with every key.
  if (element("spoken", HTMLElement).textContent !== spoken) write("spoken", spoken);

  const scale = element("scale", HTMLElement);
  scale.setAttribute("aria-label", spoken);
  scale.dataset.side = SIDES[verdictOf(score.bsmv)];
  scale.style.setProperty("--at", String(score.bsmv));
  scale.style.setProperty("--low", String(score.interval.low));
  scale.style.setProperty("--high", String(score.interval.high));

  const { parts } = score;
  diverging("parts", [
    [text("part_sentiment"), parts.sentiment],
    [text("part_topic"), parts.topic],
    [text("part_diffusion"), parts.diffusion],
  ]);
  showPredicted(score, brand);
  element("indicators", HTMLElement).replaceChildren(...score.indicators.flatMap(indicatorOf));
  showTopics(score);
  element("unseen", HTMLElement).replaceChildren(
    ...score.unseen.map((note) => make("li", "", sentence("unseen", note))),
  );
  element("flagged", HTMLElement).hidden = score.flags.length === 0;
  element("flags", HTMLElement).replaceChildren(
    ...score.flags.map((note) => make("li", "", sentence("flags", note))),
  );
  const { bundle, precision } = score;
  write("made", text("made", { bundle, precision, ms: Math.round(ms) }));
}

/**
 * @param {number} bsmv
 * @returns {keyof typeof SIDES}
 */
function verdictOf(bsmv) {
  if (bsmv >= 65) return "good2";
  if (bsmv >= 53) return "good1";
  if (bsmv > 47) return "none";
  return bsmv > 35 ? "bad1" : "bad2";
}

/**
 * A heading and a scale for an indicator, by its code where there are no words for it; nothing
 * where the model doesn't know it.
 *
 * @param {Score["indicators"][number]} indicator
 * @returns {HTMLElement[]}
 */
function indicatorOf({ code, value }) {
  if (value === null) return [];
  const words = (/** @type {string} */ part, /** @type {string} */ otherwise) =>
    textIfAny(`indicator_${code}${part}`) ?? otherwise;
  const [name, low, high] = [words("", code), words("_0", "0"), words("_1", "1")];
  const n = fixed(100 * value, 0);
  const ticks = [low, "", high].map((end) => make("span", "", end));
  const scale = make(
    "div",
    "scale",
    make("div", "track", make("div", "marker")),
    make("div", "ticks", ...ticks),
  );
  scale.setAttribute("role", "img");
  scale.setAttribute("aria-label", text("indicatorSpoken", { name, n, low, high }));
  scale.style.setProperty("--at", n);
  return [make("h3", "", name), scale];
}

/**
 * @param {Score} score
 * @param {boolean} brand
 */
function showPredicted({ predicted: { s, t, d, events }, emotion }, brand) {
  const level = Math.sign(s) * (Math.abs(s) >= 0.5 ? 2 : Math.abs(s) >= 0.15 ? 1 : 0);
  const relevance = t >= 0.6 ? "t_2" : t >= 0.3 ? "t_1" : "t_0";
  const n = events < 10 ? fixed(events, 0) : String(Number(events.toPrecision(2)));
  /** @type {[Key, string, string][]} */
  const rows = [
    ["s", signed(s, 2), textIfAny(`s_${level || 0}`) ?? ""],
    ["t", fixed(t, 2), text(brand ? relevance : "t_any")],
    ["d", fixed(d, 2), text("d_events", { n })],
  ];
  if (emotion) {
    const shown = textIfAny(`e_${emotion.label ?? "unsure"}`) ?? emotion.label ?? "";
    rows.splice(1, 0, ["e", shown, text("e_strength", { n: fixed(emotion.intensity, 0) })]);
  }
  element("predicted", HTMLElement).replaceChildren(
    ...rows.map(([name, value, meaning]) =>
      make(
        "div",
        "",
        make("dt", "", text(name)),
        make("dd", "value", value),
        make("dd", "hint", meaning),
      ),
    ),
  );
}

/**
 * What moved a score, largest first; what is too small to name is one row, so that the rows still
 * add up.
 *
 * @param {Explanation} explanation
 */
export function showContributions({ base, contributions }) {
  const sorted = contributions.toSorted((a, b) => Math.abs(b.points) - Math.abs(a.points));
  /** @type {[string, number][]} */
  const rows = sorted.slice(0, SHOWN).map(({ feature, points }) => [featureName(feature), points]);
  const rest = sorted.slice(SHOWN);
  if (rest.length > 0) {
    const sum = rest.reduce((total, { points }) => total + points, 0);
    rows.push([text("others", { n: rest.length }), sum]);
  }
  write("base", text("base", { base: fixed(base, 1) }));
  diverging("contributions", rows);
}

/** @param {Score} score */
function showTopics({ topics }) {
  const rows = topics.toSorted((a, b) => b.weight - a.weight).slice(0, SHOWN);
  element("topics", HTMLElement).replaceChildren(
    ...rows.map(({ label, weight }) => {
      const bar = make("span", "bar from-left", make("span", "fill"));
      bar.style.setProperty("--share", String(weight));
      const percent = `${fixed(100 * weight, 0)} %`;
      const name = make("span", "name", topicName(label));
      return make("div", "line", name, bar, make("span", "number", percent));
    }),
  );
}

/**
 * Rows of signed bars round a common middle, on one scale.
 *
 * @param {string} id
 * @param {[string, number][]} rows
 */
function diverging(id, rows) {
  const most = Math.max(5, ...rows.map(([, points]) => Math.abs(points)));
  element(id, HTMLElement).replaceChildren(
    ...rows.map(([name, points]) => {
      const bar = make("span", `bar ${points < 0 ? "minus" : "plus"}`, make("span", "fill"));
      bar.style.setProperty("--share", String(Math.abs(points) / most));
      return make(
        "div",
        "line",
        make("span", "name", name),
        bar,
        make("span", "number", signed(points, 1)),
      );
    }),
  );
}

/**
 * @param {string} id
 * @param {string} words
 */
function write(id, words) {
  element(id, HTMLElement).textContent = words;
}
