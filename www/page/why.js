/** @import { Scorer, ScoreRequest, WordShares } from "../bsmv/types.js" */
import { element, make } from "./dom.js";
import { showSpread } from "./spread.js";
import { languageOf, text } from "./strings.js";
import { showContributions } from "./view.js";
import { showWords } from "./words.js";

/** Milliseconds that a score must stand before it is explained: that computes it once more. */
const PAUSE = 300;
/** Milliseconds more before the words: a few of a long post take longer than its score, which waits. */
const WORDS_PAUSE = 500;

/** Stops the explanation that is waiting or under way. */
let stop = new AbortController();
/** The shares found last, and of which post. @type {{ of: string, shares: WordShares } | undefined} */
let known;

const wait = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Ends the explanation that is under way: what it was about has changed. */
export function stopExplaining() {
  stop.abort();
  element("why", HTMLElement).dataset.stale = "";
}

/** Takes the explanation off the page. */
export function hideWhy() {
  stopExplaining();
  element("why", HTMLElement).hidden = true;
}

/**
 * Explains a score that was just shown, unless it is stopped first.
 *
 * @param {Scorer} scorer
 * @param {ScoreRequest} request
 * @returns {Promise<void>} fails as the scorer does
 */
export async function explainSoon(scorer, request) {
  stopExplaining();
  stop = new AbortController();
  const { signal } = stop;
  await wait(PAUSE);
  if (signal.aborted) return;
  try {
    const explanation = await scorer.explain(request);
    if (signal.aborted) return;
    const weighed = (request.weights ?? request.brand?.weights) != null;
    showSentence(explanation.sentence, explanation.hints, weighed);
    showContributions(explanation);
    showSpread(request.graph ?? undefined, explanation.events);
    const why = element("why", HTMLElement);
    why.hidden = false;
    delete why.dataset.stale;
    await explainWords(scorer, request, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/**
 * @param {string} sentence
 * @param {WordShares["hint"][]} hints
 * @param {boolean} weighed whether the score stands at weights that the sentence knows nothing of
 */
function showSentence(sentence, hints, weighed) {
  const said = make("span", "", sentence);
  said.lang = languageOf(sentence);
  const before = weighed ? [text("atBalanced"), " "] : [];
  element("sentence", HTMLElement).replaceChildren(...before, said);
  element("hints", HTMLElement).replaceChildren(
    ...hints.map((hint) => {
      const item = make("li", "", hint?.message ?? "");
      // A Chinese brand's name in an English hint makes that no Chinese one.
      item.lang = said.lang;
      return item;
    }),
  );
}

/**
 * Colours the words as their shares come, and lists the strongest when all are there.
 *
 * @param {Scorer} scorer
 * @param {ScoreRequest} request
 * @param {AbortSignal} signal
 */
async function explainWords(scorer, request, signal) {
  const { post, brand } = request;
  // Neither the diffusion nor the weights change what the words say.
  const of = JSON.stringify([post.text, post.language, brand]);
  const section = element("words", HTMLElement);
  if (known?.of !== of) {
    /** @type {WordShares["words"]} */
    const soFar = [];
    section.setAttribute("aria-busy", "true");
    showWords(post.text, soFar);
    await wait(WORDS_PAUSE);
    signal.throwIfAborted();
    const shares = await scorer.explainWords(request, {
      signal,
      onWords: (words) => {
        soFar.push(...words);
        showWords(post.text, soFar);
      },
    });
    known = { of, shares };
  }
  showWords(post.text, known.shares.words, known.shares);
  section.setAttribute("aria-busy", "false");
}
