/** What the extension keeps in the browser: nothing of any post. */

/**
 * @typedef {object} Settings
 * @property {string} brand as it was written; empty: any
 * @property {string} followers as they were written; empty: unknown
 * @property {string[]} off platforms on whose site there is no button
 */

/** @type {Settings} */
const DEFAULTS = { brand: "", followers: "", off: [] };

export const recall = () => chrome.storage.local.get(DEFAULTS);

/** @param {Partial<Settings>} change */
export const keep = (change) => chrome.storage.local.set(change);

/**
 * Tells the settings, now and after each change, wherever it was made.
 *
 * @param {(settings: Settings) => void} heard
 */
export async function follow(heard) {
  chrome.storage.local.onChanged.addListener(async () => heard(await recall()));
  heard(await recall());
}
