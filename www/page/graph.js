/** @import { DiffusionPage } from "../bsmv/types.js" */

/** Seconds that a demonstration graph covers. */
const HOUR = 3600;

/**
 * A made-up hour of `size` reposts: fast at first, two in three from the post itself, the
 * others from earlier reposts, early ones most. The same for the same size.
 *
 * @param {number} size
 * @returns {DiffusionPage}
 */
export function demoGraph(size) {
  let state = size;
  const random = () => {
    // Park and Miller's generator: small, and enough for a picture of a cascade.
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
  const events = Array.from({ length: size }, (_, i) => i + 1);
  return {
    schema: 1,
    post: `demo-${size}`,
    created_at: new Date(Date.now() - HOUR * 1000).toISOString(),
    observed_until: HOUR,
    total: size,
    start: 1,
    t: events.map(() => 1 + Math.floor((HOUR - 1) * random() ** 2)).sort((a, b) => a - b),
    parent: events.map((i) => (random() < 2 / 3 ? 0 : Math.floor(i * random() ** 2))),
    kind: events.map(() => (random() < 0.8 ? "repost" : "quote")),
    user: events,
    followers: events.map(() => Math.floor(10 ** (1 + 3.5 * random()))),
    verified: events.map(() => null),
    s: events.map(() => null),
    next: null,
  };
}
