/** @import { DiffusionPage } from "../bsmv/types.js" */

/** Seconds that a demonstration graph covers. */
const HOUR = 3600;

/**
 * Whether a file may be a page of the diffusion API: what else is wrong with it the scorer says.
 *
 * @param {any} read
 * @returns {read is DiffusionPage}
 */
export const isGraph = (read) =>
  Number.isInteger(read?.schema) && Array.isArray(read.t) && Array.isArray(read.parent);

/** How an audience takes a post. @typedef {"agree" | "divided" | "against"} Mood */

/** Share of an audience's voices that say what the post says: a divided one doesn't turn its tone round. */
const AGREEING = { agree: 1, divided: 0.7, against: 0.05 };

/**
 * A made-up hour of `size` reposts and quotes: fast at first, two in three from the post itself,
 * the others from earlier ones, early ones most. The same for the same size and mood.
 *
 * @param {number} size
 * @param {Mood} mood
 * @param {number} s tone of the post, which the audience agrees with or not
 * @returns {DiffusionPage}
 */
export function demoGraph(size, mood, s) {
  let state = size;
  const random = () => {
    // Park and Miller's generator: small, and enough for a picture of a cascade.
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
  // Whoever agrees says as much as the post, and to one that takes no side something.
  const tone = (s < 0 ? -1 : 1) * Math.max(0.5, Math.abs(s));
  const events = Array.from({ length: size }, (_, i) => i + 1);
  const kind = events.map(() => (random() < 0.8 ? "repost" : "quote"));
  return {
    schema: 1,
    post: `demo-${size}-${mood}`,
    // A whole hour, so that the same draft is the same request.
    created_at: new Date(HOUR * 1000 * Math.floor(Date.now() / HOUR / 1000 - 1)).toISOString(),
    observed_until: HOUR,
    total: size,
    start: 1,
    t: events.map(() => 1 + Math.floor((HOUR - 1) * random() ** 2)).sort((a, b) => a - b),
    parent: events.map((i) => (random() < 2 / 3 ? 0 : Math.floor(i * random() ** 2))),
    kind: /** @type {DiffusionPage["kind"]} */ (kind),
    user: events,
    followers: events.map(() => Math.floor(10 ** (1 + 3.5 * random()))),
    verified: events.map(() => null),
    s: kind.map((kind) => (kind === "quote" ? (random() < AGREEING[mood] ? tone : -tone) : null)),
    next: null,
  };
}
