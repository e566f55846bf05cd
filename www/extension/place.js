/** Finding room beside a composer, so that it is never covered. */

/** @typedef {{ left: number, top: number, right: number, bottom: number }} Box in pixels of the window */
/** @typedef {{ width: number, height: number }} Size */
/** @typedef {{ left: number, top: number, height: number }} Place */

/** Pixels between the composer, what stands beside it, and the window's edges. */
const GAP = 8;

/**
 * Room for something beside a box: at its right, below, above or at its left. Where it has to be
 * lower than it would like, it may; the least is given.
 *
 * @param {Box} taken
 * @param {Size} size
 * @param {number} least height
 * @param {Size} view the window
 * @returns {Place | undefined} nothing where there is no room, or the box can't be seen
 */
export function place(taken, { width, height }, least, view) {
  const { left, top, right, bottom } = taken;
  if (bottom <= 0 || right <= 0 || top >= view.height || left >= view.width) return undefined;
  const highest = Math.min(height, view.height - 2 * GAP);
  const beside = { top: between(GAP, top, view.height - GAP - highest), height: highest };
  const fits = highest >= least;
  if (fits && view.width - right >= width + 2 * GAP) return { left: right + GAP, ...beside };
  if (view.width >= width + 2 * GAP) {
    const aligned = between(GAP, right - width, view.width - GAP - width);
    const below = Math.min(height, view.height - bottom - 2 * GAP);
    const above = Math.min(height, top - 2 * GAP);
    if (below >= least && below >= above) {
      return { left: aligned, top: bottom + GAP, height: below };
    }
    if (above >= least) return { left: aligned, top: top - GAP - above, height: above };
  }
  if (fits && left >= width + 2 * GAP) return { left: left - GAP - width, ...beside };
  return undefined;
}

/** @param {number} least @param {number} value @param {number} most */
const between = (least, value, most) => Math.min(Math.max(least, value), most);
