/** What a score comes to in words. */
/** @import { Refusal, Score } from "../types.js" */
/** @import { ElementSpeech } from "./speech.js" */

/** @typedef {"good2" | "good1" | "none" | "bad1" | "bad2"} Verdict */

/**
 * @param {number} bsmv
 * @returns {Verdict}
 */
export function verdictOf(bsmv) {
  if (bsmv >= 65) return "good2";
  if (bsmv >= 53) return "good1";
  if (bsmv > 47) return "none";
  return bsmv > 35 ? "bad1" : "bad2";
}

/** @param {number} bsmv @returns {"good" | "bad" | "none"} */
export const sideOf = (bsmv) =>
  /** @type {"good" | "bad" | "none"} */ (verdictOf(bsmv).replace(/\d/, ""));

/**
 * The score in one sentence, or the reason why there is none.
 *
 * @param {Score | Refusal} score
 * @param {ElementSpeech} speech
 */
export function spoken(score, speech) {
  if (score.bsmv === null) return `${speech.text("noScore")}. ${score.refused.message}`;
  const { bsmv, interval } = score;
  return speech.text("spoken", {
    score: speech.whole(bsmv),
    verdict: speech.text(verdictOf(bsmv)),
    low: speech.whole(interval.low),
    high: speech.whole(interval.high),
  });
}

/** A score to compare with. @typedef {{ bsmv: number, interval: { low: number, high: number } }} Worth */

/**
 * One score beside another. Between two whose likely ranges share more than half of the narrower
 * there is no clear winner.
 *
 * @param {Worth} one
 * @param {Worth} other
 * @returns {{ points: number, tie: boolean }}
 */
export function compare(one, other) {
  const points = Math.round(one.bsmv) - Math.round(other.bsmv);
  const shared =
    Math.min(one.interval.high, other.interval.high) -
    Math.max(one.interval.low, other.interval.low);
  const narrower = Math.min(
    one.interval.high - one.interval.low,
    other.interval.high - other.interval.low,
  );
  return { points, tie: shared > narrower / 2 || (shared > 0 && Math.abs(points) < 3) };
}

/** Dots of five. @param {number} share from 0 to 1 */
export const dotsOf = (share) => 1 + Math.round(4 * Math.min(1, Math.max(0, share)));

/** What an advertisement's dots mean. */
const ADVERT = /** @type {const} */ ([
  "indicator_advert_0",
  "indicator_advert_0",
  "indicator_advert_m",
  "indicator_advert_1",
  "indicator_advert_1",
]);

/** How far a post is expected to go, in a word or two. @param {Score["predicted"]} predicted @param {ElementSpeech} speech */
export const spreadOf = ({ d }, speech) =>
  speech.text(d >= 0.75 ? "d_3" : d >= 0.5 ? "d_2" : d >= 0.25 ? "d_1" : "d_0");

/**
 * Tone, fit and spread in words, each with its dots.
 *
 * @param {Score} score
 * @param {boolean} brand whether one was chosen
 * @param {ElementSpeech} speech
 * @returns {{ key: string, name: string, dots?: number, words: string }[]}
 */
export function threeWords({ sentiment, predicted, indicators }, brand, speech) {
  const { s } = sentiment;
  const level = Math.sign(s) * (Math.abs(s) >= 0.5 ? 2 : Math.abs(s) >= 0.15 ? 1 : 0);
  const { t, d, events } = predicted;
  const fit = t >= 0.6 ? "t_2" : t >= 0.3 ? "t_1" : "t_0";
  const far = spreadOf(predicted, speech);
  const advert = indicators.find(({ code }) => code === "advert")?.value ?? null;
  return [
    {
      key: "tone",
      name: speech.text("tone"),
      dots: dotsOf((s + 1) / 2),
      words: speech.textIfAny(`s_${level || 0}`) ?? "",
    },
    {
      key: "fit",
      name: speech.text("fit"),
      dots: brand ? dotsOf(t) : undefined,
      words: speech.text(brand ? fit : "t_any"),
    },
    {
      key: "spread",
      name: speech.text("spread"),
      dots: dotsOf(d),
      words: speech.text("d_events", { level: far, n: speech.count(Math.round(events)) }),
    },
    ...(advert === null
      ? []
      : [
          {
            key: "advert",
            name: speech.text("indicator_advert"),
            dots: dotsOf(advert),
            words: speech.text(ADVERT[dotsOf(advert) - 1]),
          },
        ]),
  ];
}
