/** What is set once and remembered; an address may bring it, without any text. */
import { languageOfTag } from "../bsmv/element/speech.js";
import { PLATFORMS, PRESETS } from "../pkg/constants.js";
import { keep, recall } from "./keep.js";

/** @import { Language } from "../bsmv/element/speech.js" */

/**
 * @typedef {object} Settings
 * @property {Language} language
 * @property {string} platform
 * @property {string} brand id of a profile, or empty
 * @property {string} followers as it was written
 * @property {string} goal name of a preset
 * @property {string[]} silenced codes of checks that are not shown
 */

/** Settings that an address may name. */
const NAMED = /** @type {const} */ (["language", "platform", "brand", "followers", "goal"]);

/**
 * The settings of this visit: those of the address, else of the last visit, else what suits the
 * browser's language.
 *
 * @param {URLSearchParams} address
 * @returns {Promise<Settings>}
 */
export async function loadSettings(address) {
  const kept = await recall("settings", "page");
  const language = languageOfTag(navigator.language);
  /** @type {Settings} */
  const settings = {
    language,
    platform: language === "zh" ? "xiaohongshu" : "x",
    brand: "",
    followers: "",
    goal: "balanced",
    silenced: [],
    ...kept,
  };
  for (const name of NAMED) {
    const value = address.get(name);
    if (value !== null) Object.assign(settings, { [name]: value });
  }
  settings.language = languageOfTag(settings.language);
  if (!PLATFORMS.some((name) => name === settings.platform)) settings.platform = "other";
  if (!(settings.goal in PRESETS)) settings.goal = "balanced";
  return settings;
}

/**
 * What a draft is written for, for the settings to follow.
 *
 * @param {import("./keep.js").Draft} draft
 * @returns {Partial<Settings>}
 */
export const settingsOf = ({ platform, brand }) => ({
  ...(platform !== undefined && { platform }),
  ...(brand !== undefined && { brand }),
});

/** @param {Settings} settings */
export const keepSettings = (settings) => keep("settings", "page", settings);

/**
 * An address that opens the page with these settings, and no text.
 *
 * @param {Settings} settings
 */
export function addressOf(settings) {
  const url = new URL(globalThis.location.pathname, globalThis.location.origin);
  for (const name of NAMED) if (settings[name] !== "") url.searchParams.set(name, settings[name]);
  return url.href;
}
