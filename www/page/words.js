/** @import { WordShare, WordShares } from "../bsmv/types.js" */
import { element, make } from "./dom.js";
import { sentence } from "./notes.js";
import { signed } from "./numbers.js";
import { languageOf, text } from "./strings.js";

/** Shares from which a word is marked faintly, clearly, strongly. s goes from -1 to 1. */
const LEVELS = [0.05, 0.15, 0.4];
/** Strongest words that are listed. */
const LISTED = 5;

/**
 * The post with its words marked by their share of s.
 *
 * @param {string} post
 * @param {WordShare[]} words as far as they are known, in their order
 * @param {WordShares} [all] once all are: the strongest are then listed and the hint said
 */
export function showWords(post, words, all) {
  /** @type {(string | Node)[]} */
  const pieces = [];
  let at = 0;
  for (const { start, end, s } of words) {
    if (level(s) === 0) continue;
    pieces.push(post.slice(at, start), marked(post.slice(start, end), s));
    at = end;
  }
  pieces.push(post.slice(at));
  const shown = element("marked", HTMLElement);
  shown.lang = languageOf(post);
  shown.replaceChildren(...pieces);
  // Until then those of the last post stand there faded: better than a page that jumps.
  if (!all) return;
  list("tone-words", post, words, "s");
  list("brand-words", post, words, "t");
  say(all);
}

/**
 * The strongest words in s or T as a list; it is hidden where there is none.
 *
 * @param {string} id
 * @param {string} post
 * @param {WordShare[]} words
 * @param {"s" | "t"} of
 */
function list(id, post, words, of) {
  const strong = words.filter((word) => level(word[of]) > 0);
  strong.sort((a, b) => Math.abs(b[of]) - Math.abs(a[of]));
  const items = strong.slice(0, LISTED).map((word) => {
    const letters = post.slice(word.start, word.end);
    const name = of === "s" ? marked(letters, word.s) : make("span", "", letters);
    name.lang = languageOf(letters);
    return make("li", "", name, " ", make("span", "number", signed(word[of], 2)));
  });
  const box = element(id, HTMLElement);
  box.querySelector("ul")?.replaceChildren(...items);
  box.hidden = items.length === 0;
}

/**
 * Says in one sentence what the words come to: the only part of it that is announced.
 *
 * @param {WordShares} all
 */
function say({ hint, skipped }) {
  const note = element("word-note", HTMLElement);
  const words = hint ? sentence("hints", hint) : text("noWord");
  if (note.textContent !== words) note.textContent = words;
  const rest = element("skipped", HTMLElement);
  rest.hidden = skipped === 0;
  rest.textContent = text("skipped", { n: skipped });
}

/**
 * A word with its colour, and a line that says the same without colour.
 *
 * @param {string} letters
 * @param {number} s
 */
function marked(letters, s) {
  const mark = make("mark", s < 0 ? "minus" : "plus", letters);
  mark.dataset.level = String(level(s));
  return mark;
}

/**
 * How strongly a share is marked, 0 for not at all.
 *
 * @param {number} share
 */
function level(share) {
  return LEVELS.filter((least) => Math.abs(share) >= least).length;
}
