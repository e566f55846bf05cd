/** The scorer's words, in the page's language: notes, features, platforms and topics. */
/** @import { Score } from "../bsmv/types.js" */
import { WORDS } from "../pkg/constants.js";
import { current } from "./strings.js";

/** @typedef {Score["unseen"][number]} Note */
/** @typedef {Note["values"]} Values */
/** @typedef {Record<string, Record<string, string>>} Words */

/** @returns {Words} */
const words = () => WORDS[current()];

/** Names of the bundle's topics. @type {{ zh: string, en: string }[]} */
let topics = [];

/**
 * Reads the names of the topics; without them a topic is called as answers call it.
 *
 * @param {URL} manifest
 */
export async function loadTopics(manifest) {
  try {
    const response = await fetch(manifest);
    if (response.ok) topics = (await response.json()).topics;
  } catch {
    // The scorer says what is wrong with the bundle.
  }
}

/**
 * The sentence of a note.
 *
 * @param {"unseen" | "flags" | "hints" | "summary"} group of the words
 * @param {Note} note
 */
export function sentence(group, { code, values, message }) {
  const template = words()[group][code];
  return template === undefined ? message : fill(template, values);
}

/** @param {string} platform */
export const platformName = (platform) => words().platform[platform] ?? platform;

/**
 * A feature's name as a heading; one that has no words reads as it is.
 *
 * @param {string} feature
 */
export function featureName(feature) {
  const { feature: names } = words();
  if (!feature.startsWith("topic:")) return names[feature] ?? feature.replaceAll("_", " ");
  return fill(names.topics, { label: topicName(feature.slice("topic:".length)) });
}

/**
 * A topic's name.
 *
 * @param {string} label in either language, as answers call it
 */
export function topicName(label) {
  return topics.find(({ zh, en }) => label === zh || label === en)?.[current()] ?? label;
}

/**
 * A template with its values, as src/scorer/words/ fills it in.
 *
 * @param {string} template
 * @param {Values} values
 * @returns {string}
 */
function fill(template, values) {
  return template.replace(/\{(\w+)(?::\+\.(\d))?\}/g, (_, name, digits) => {
    const value = values[name];
    if (Array.isArray(value)) {
      const { item, separator } = words().list;
      return value.map((values) => fill(item, values)).join(separator);
    }
    if (digits !== undefined) {
      // A minus that is as wide as the plus.
      return `${Number(value) < 0 ? "−" : "+"}${Math.abs(Number(value)).toFixed(digits)}`;
    }
    const own = words()[name]?.[value];
    return own === undefined ? String(value) : fill(own, values);
  });
}
