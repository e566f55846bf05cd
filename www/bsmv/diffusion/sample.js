/** Steps up the tree per event, over the whole sample, that the search may take. */
const STEPS = 20;

/**
 * Chooses at most `most` events of a tree, so that each one's parent is chosen too.
 *
 * Every event has a rank that depends on its index alone (the finaliser of MurmurHash3): the
 * sample is the same each time, and as the tree grows it mostly stays. In the order of their
 * ranks, events enter with all their ancestors, if there is room for all; those that don't fit
 * are passed over. So every event has the same chance to enter by itself, and those with many
 * descendants, the spreaders, a higher one.
 *
 * @param {number[]} parent of event i + 1, below i + 1; 0 is the post, which isn't counted
 * @param {number} most
 * @returns {number[]} indices from 1 on, in order
 */
export function sample(parent, most) {
  const n = parent.length;
  if (n <= most) return parent.map((_, i) => i + 1);
  // Rank and index in one number: sorting numbers is fast. Below 2^53 for n < 2^21.
  const order = new Float64Array(n);
  for (let i = 0; i < n; i++) order[i] = rank(i + 1) * 2 ** 21 + i;
  order.sort();
  const chosen = new Uint8Array(n + 1);
  chosen[0] = 1;
  let room = most;
  // A tree made to be slow: a bound on all walks, which honest ones stay far below.
  let steps = STEPS * n;
  for (let next = 0; next < n && room > 0 && steps > 0; next++) {
    const event = (order[next] % 2 ** 21) + 1;
    /** @type {number[]} */
    const path = [];
    for (let at = event; !chosen[at] && path.length <= room; at = parent[at - 1]) path.push(at);
    steps -= path.length;
    if (path.length > room) continue;
    for (const at of path) chosen[at] = 1;
    room -= path.length;
  }
  return parent.map((_, i) => i + 1).filter((event) => chosen[event]);
}

/** @param {number} x */
function rank(x) {
  let h = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
