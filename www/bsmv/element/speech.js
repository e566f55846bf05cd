/**
 * How the element and the page say things in one language: texts, numbers, and the scorer's names.
 */
import { WORDS } from "../../pkg/constants.js";
import { STRINGS } from "./strings.js";

/** @typedef {"en" | "zh"} Language */
/** @typedef {import("./strings.js").Text} Text */
/** @typedef {Record<string, string | number>} Values */
/** @typedef {Speech<import("./strings.js").Key>} ElementSpeech */

/** Units of time and their seconds, the longest first. */
const UNITS = /** @type {const} */ ([
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
]);

/**
 * The language that a BCP 47 tag asks for, of those that there are.
 *
 * @param {string} [tag]
 * @returns {Language}
 */
export const languageOfTag = (tag = "") => (/^zh\b/i.test(tag) ? "zh" : "en");

/**
 * Tag of the language of words that are not our own: a post's.
 *
 * @param {string} words
 */
export function tagOf(words) {
  if (/\p{Script=Han}/u.test(words)) return "zh-Hans";
  return /\p{Script=Latin}/u.test(words) ? "en" : "";
}

/**
 * One language, with a table of texts.
 *
 * @template {string} K keys of the table
 */
export class Speech {
  /** @type {Intl.PluralRules} */
  #plural;
  /** @type {Map<string, Intl.NumberFormat>} */
  #numbers = new Map();
  /** @type {Map<string, Intl.DateTimeFormat>} */
  #times = new Map();
  /** @type {Intl.ListFormat | undefined} */
  #list;

  /**
   * @param {Language} language
   * @param {Record<K, Text>} table
   */
  constructor(language, table) {
    this.language = language;
    this.table = table;
    this.#plural = new Intl.PluralRules(language);
  }

  /** As `lang` has it. */
  get tag() {
    return this.language === "zh" ? "zh-Hans" : "en";
  }

  /**
   * A text with its `{places}` filled in; `n` chooses its form.
   *
   * @param {K} key
   * @param {Values} [values]
   */
  text(key, values = {}) {
    const found = this.table[key];
    const form =
      typeof found === "string"
        ? found
        : (this.#plural.select(Number(values.n)) === "one" && found.one) || found.other;
    return form.replace(/\{(\w+)\}/g, (_, name) => {
      const value = values[name];
      return typeof value === "number" ? this.number(value) : String(value);
    });
  }

  /**
   * A text whose key is put together from data.
   *
   * @param {string} key
   * @param {Values} [values]
   * @returns {string | undefined}
   */
  textIfAny(key, values) {
    return key in this.table ? this.text(/** @type {K} */ (key), values) : undefined;
  }

  /**
   * @param {number} value
   * @param {Intl.NumberFormatOptions} [options]
   */
  number(value, options = {}) {
    const key = JSON.stringify(options);
    let format = this.#numbers.get(key);
    if (!format) {
      format = new Intl.NumberFormat(this.language, { signDisplay: "negative", ...options });
      this.#numbers.set(key, format);
    }
    // One minus everywhere, as wide as the plus.
    return format.format(value).replace("-", "−");
  }

  /** A score, or an end of its range: never more exact than it is. @param {number} value */
  whole(value) {
    return this.number(Math.round(value));
  }

  /** @param {number} value @param {number} [digits] */
  fixed(value, digits = 2) {
    return this.number(value, { minimumFractionDigits: digits, maximumFractionDigits: digits });
  }

  /** With its sign. @param {number} value @param {number} [digits] */
  signed(value, digits = 0) {
    return this.number(value, {
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
      signDisplay: "exceptZero",
    });
  }

  /** @param {number} share */
  percent(share) {
    const digits = share > 0 && share < 0.01 ? 1 : 0;
    return this.number(share, { style: "percent", maximumFractionDigits: digits });
  }

  /** A large count as people write it: 1.2万, 12K. @param {number} count */
  count(count) {
    return this.number(count, { notation: "compact", maximumSignificantDigits: 2 });
  }

  /** Seconds in words, as in "4 minutes". @param {number} seconds */
  duration(seconds) {
    const [unit, length] = UNITS.find(([, length]) => seconds >= length) ?? ["second", 1];
    const words = this.number(Math.round(seconds / length), {
      style: "unit",
      unit,
      unitDisplay: "long",
    });
    // As between all other numbers and what they count.
    return words.replace(/(\d)(\p{Script=Han})/gu, "$1 $2");
  }

  /** Several things of one kind, one behind the other. @param {string[]} items */
  list(items) {
    // The only form that parts Chinese items by a mark.
    this.#list ??= new Intl.ListFormat(this.language, { type: "conjunction", style: "narrow" });
    return this.#list.format(items);
  }

  /** How times are written. @param {Intl.DateTimeFormatOptions} options */
  times(options) {
    const key = JSON.stringify(options);
    const format = this.#times.get(key) ?? new Intl.DateTimeFormat(this.language, options);
    this.#times.set(key, format);
    return format;
  }

  /** What something is, behind its name. @param {string} name @param {string} what */
  labelled(name, what) {
    return this.language === "zh" ? `${name}：${what}` : `${name}: ${what}`;
  }

  /** Sentences, one behind the other, each with its mark. @param {string[]} sentences */
  sentences(sentences) {
    const [mark, space] = this.language === "zh" ? ["。", ""] : [".", " "];
    return sentences.map((one) => (/[.!?。！？]$/.test(one) ? one : one + mark)).join(space);
  }

  /** Name of a platform. @param {string} platform */
  platform(platform) {
    const names = /** @type {Record<string, string>} */ (WORDS[this.language].platform);
    return names[platform] ?? platform;
  }

  /** A feature's name as a heading; one that has no words reads as it is. @param {string} feature */
  feature(feature) {
    const names = /** @type {Record<string, string>} */ (WORDS[this.language].feature);
    if (!feature.startsWith("topic:")) return names[feature] ?? feature.replaceAll("_", " ");
    return names.topics.replace("{label}", feature.slice("topic:".length));
  }
}

/**
 * The speech of a language that there is one of: its formats take longer to make than a page to draw.
 *
 * @template {string} K
 * @param {Record<Language, Record<K, Text>>} tables
 * @returns {(language: Language) => Speech<K>}
 */
export function speechesOf(tables) {
  /** @type {Partial<Record<Language, Speech<K>>>} */
  const made = {};
  return (language) => {
    made[language] ??= new Speech(language, tables[language]);
    return made[language];
  };
}

/** The element's speech in a language. @type {(language: Language) => ElementSpeech} */
export const elementSpeech = speechesOf(STRINGS);
