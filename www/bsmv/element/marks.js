/**
 * Marks in the draft itself, by the CSS Custom Highlight API: nothing of the draft is touched, so
 * the cursor, undo and input methods never notice.
 *
 * @import { WordShare } from "../types.js"
 */

/** Names of the highlights: straight for good, wavy for bad; colour alone doesn't tell everybody. */
const STYLE = `
  ::highlight(bsmv-good) {
    background-color: var(--bsmv-good-mark, rgb(26 127 107 / 0.16));
    text-decoration: underline 2px var(--bsmv-good, #1a7f6b);
  }
  ::highlight(bsmv-bad) {
    background-color: var(--bsmv-bad-mark, rgb(180 70 47 / 0.16));
    text-decoration: underline wavy 1px var(--bsmv-bad, #b4462f);
  }`;

/** Share of s below which a phrase is neither marked nor listed ... */
const LEAST = 0.03;
/** ... and shares of the largest, below which it isn't either, and a word belongs to no phrase. */
const OF_LARGEST = 0.3;
const WORD_OF_LARGEST = 0.1;
/** What stands between the words of one phrase, from the last letter before: no punctuation. */
const BESIDE = /^[^\p{P}]\s?$/u;

/** Whether the browser can mark text where it stands. */
export const canMark = () => typeof Highlight === "function" && "highlights" in CSS;

/** What a mark does without at its ends. */
const LEADING = /^[\p{P}\s]+/u;
const TRAILING = /[\p{P}\s]+$/u;

/** By language; each loads a dictionary. @type {Map<string | undefined, Intl.Segmenter>} */
const segmenters = new Map();

/**
 * Where the words of a text begin and end; nothing where the browser doesn't know.
 *
 * @param {string} text
 * @returns {number[]}
 */
function boundsOf(text) {
  if (!("Segmenter" in Intl)) return [];
  const language = /\p{Script=Han}/u.test(text) ? "zh" : undefined;
  const words = segmenters.get(language) ?? new Intl.Segmenter(language, { granularity: "word" });
  segmenters.set(language, words);
  return [...words.segment(text)].map(({ index }) => index).concat(text.length);
}

/**
 * Shares as those of whole words: pieces of one word are one, and one that ends inside a word goes on
 * to its end.
 *
 * @param {WordShare[]} shares in their order
 * @param {{ title?: string | null, text?: string }} post that they stand in
 * @returns {WordShare[]}
 */
function wholeWords(shares, post) {
  const bounds = { title: boundsOf(post.title ?? ""), text: boundsOf(post.text ?? "") };
  /** @type {WordShare[]} */
  const whole = [];
  for (const share of shares) {
    const of = bounds[share.field];
    const start = of.findLast((bound) => bound <= share.start) ?? share.start;
    const end = of.find((bound) => bound >= share.end) ?? share.end;
    const last = whole.at(-1);
    if (last && last.field === share.field && start < last.end) {
      whole[whole.length - 1] = {
        ...last,
        end: Math.max(last.end, end),
        s: last.s + share.s,
        t: last.t + share.t,
      };
    } else whole.push({ ...share, start, end });
  }
  return whole;
}

/** Without the punctuation at its ends. @param {WordShare} phrase @param {string} text */
function trimmed(phrase, text) {
  const words = text.slice(phrase.start, phrase.end);
  const before = LEADING.exec(words)?.[0].length ?? 0;
  // An emoticon or a tag may be punctuation alone.
  if (before === words.length) return phrase;
  const after = TRAILING.exec(words)?.[0].length ?? 0;
  return { ...phrase, start: phrase.start + before, end: phrase.end - after };
}

/** Phrases that were found: they are asked for with each key. @type {WeakMap<WordShare[], readonly WordShare[]>} */
const known = new WeakMap();

/**
 * Clauses, and words of a clause that pull the same way and stand side by side as one; those that
 * are worth naming.
 *
 * @param {WordShare[]} shares in their order
 * @param {{ title?: string | null, text?: string }} post that they stand in
 * @returns {readonly WordShare[]}
 */
export function phrasesOf(shares, post) {
  const phrases = known.get(shares) ?? found(shares, post);
  known.set(shares, phrases);
  return phrases;
}

/** @param {WordShare[]} shares @param {{ title?: string | null, text?: string }} post */
function found(shares, post) {
  const words = wholeWords(shares, post);
  const largest = (/** @type {WordShare[]} */ of) => Math.max(0, ...of.map(({ s }) => Math.abs(s)));
  const least = WORD_OF_LARGEST * largest(words);
  /** @type {WordShare[]} */
  const phrases = [];
  for (const word of words) {
    if (Math.abs(word.s) < least) continue;
    const last = phrases.at(-1);
    const between = last && (post[last.field] ?? "").slice(last.end - 1, word.start);
    const beside = last && last.field === word.field && BESIDE.test(between ?? "");
    if (beside && Math.sign(last.s) === Math.sign(word.s)) {
      phrases[phrases.length - 1] = { ...last, end: word.end, s: last.s + word.s };
    } else phrases.push(word);
  }
  const worth = Math.max(LEAST, OF_LARGEST * largest(phrases));
  return phrases
    .filter(({ s }) => Math.abs(s) >= worth)
    .map((phrase) => trimmed(phrase, post[phrase.field] ?? ""));
}

/**
 * The text of an element that is edited, and where its parts are.
 *
 * @param {Node} root
 * @returns {{ text: string, nodes: { node: Text, start: number }[] }}
 */
export function readEditable(root) {
  let text = "";
  /** @type {{ node: Text, start: number }[]} */
  const nodes = [];
  const walk = (/** @type {Node} */ node) => {
    for (const child of node.childNodes) {
      if (child instanceof Text) {
        nodes.push({ node: child, start: text.length });
        text += child.data;
      } else if (child instanceof HTMLBRElement) {
        text += "\n";
      } else if (child instanceof HTMLImageElement) {
        // Some editors draw emoji.
        text += child.alt;
      } else if (child instanceof Element) {
        // Some make a paragraph of each line, and a part of one of each tag or link.
        const block = !getComputedStyle(child).display.startsWith("inline");
        if (block && text !== "" && !text.endsWith("\n")) text += "\n";
        walk(child);
      }
    }
  };
  walk(root);
  // The last line break only holds the cursor's line open.
  if (text.endsWith("\n")) text = text.slice(0, -1);
  return { text, nodes };
}

/** The marks of one draft. */
export class Marks {
  /** @type {{ name: string, range: Range }[]} */
  #ranges = [];

  /**
   * Prepares the page that an element stands in: done with the first marks, while somebody writes, its style
   * would hold up a key.
   *
   * @param {HTMLElement} root
   */
  prepare(root) {
    if (canMark()) style(root.getRootNode());
  }

  /**
   * Marks words where they stand in an element's text; those of before go.
   *
   * @param {HTMLElement} root
   * @param {WordShare[]} words of the text
   * @param {{ title?: string | null, text?: string }} post that the shares are of: marks of an older one would
   *   stand wrong
   */
  show(root, words, post) {
    this.clear();
    if (!canMark()) return;
    const { text, nodes } = readEditable(root);
    if (text !== post.text) return;
    for (const { start, end, s, field } of phrasesOf(words, post)) {
      if (field !== "text") continue;
      const range = rangeOf(nodes, start, end);
      if (!range) continue;
      const name = s < 0 ? "bsmv-bad" : "bsmv-good";
      const highlight = CSS.highlights.get(name) ?? new Highlight();
      highlight.add(range);
      CSS.highlights.set(name, highlight);
      this.#ranges.push({ name, range });
    }
  }

  clear() {
    for (const { name, range } of this.#ranges) CSS.highlights.get(name)?.delete(range);
    this.#ranges = [];
  }
}

/**
 * @param {{ node: Text, start: number }[]} nodes
 * @param {number} start
 * @param {number} end
 */
function rangeOf(nodes, start, end) {
  const at = (/** @type {number} */ offset) =>
    nodes.findLast(({ node, start }) => start <= offset && offset <= start + node.length);
  const [from, to] = [at(start), at(end)];
  if (!from || !to) return undefined;
  const range = new Range();
  range.setStart(from.node, start - from.start);
  range.setEnd(to.node, end - to.start);
  return range;
}

/** Documents and shadow roots that have the style. @type {WeakSet<Node>} */
const styled = new WeakSet();

/** @param {Node} root */
function style(root) {
  if (styled.has(root)) return;
  styled.add(root);
  if (!(root instanceof Document || root instanceof ShadowRoot)) return;
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
}
