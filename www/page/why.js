/** @import { Explanation, Scorer, ScoreRequest, WordShares } from "../bsmv/types.js" */
import { element, make } from "./dom.js";
import { sentence } from "./notes.js";
import { showSpread } from "./spread.js";
import { text } from "./strings.js";
import { showContributions } from "./view.js";
import { showWords } from "./words.js";

/** Milliseconds that a score must stand before it is explained: that computes it once more. */
const PAUSE = 300;
/** Milliseconds more before the words: a few of a long post take longer than its score, which waits. */
const WORDS_PAUSE = 500;

/** The explanation on the page. @type {{ request: ScoreRequest, explanation: Explanation } | undefined} */
let last;
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
    if (signal.aborted || explanation.bsmv === null) return;
    last = { request, explanation };
    showExplanation(last);
    const why = element("why", HTMLElement);
    why.hidden = false;
    delete why.dataset.stale;
    await explainWords(scorer, request, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** Shows the explanation again, in the page's language. */
export function showWhyAgain() {
  if (!last) return;
  showExplanation(last);
  const { post } = last.request;
  if (known?.of === wordsOf(last.request)) showWords(post.text, known.shares.words, known.shares);
}

/** @param {NonNullable<typeof last>} shown */
function showExplanation({ request, explanation }) {
  const { summary, hints, events } = explanation;
  // The sentence knows nothing of other weights.
  const weighed = (request.weights ?? request.brand?.weights) != null;
  const before = weighed ? `${text("atBalanced")} ` : "";
  element("sentence", HTMLElement).textContent = before + sentence("summary", summary);
  element("hints", HTMLElement).replaceChildren(
    ...hints.map((hint) => make("li", "", sentence("hints", hint))),
  );
  showContributions(explanation);
  showSpread(request.graph ?? undefined, events);
}

/**
 * All that the shares of words depend on: neither the diffusion nor the weights change them.
 *
 * @param {ScoreRequest} request
 */
const wordsOf = ({ post, brand }) => JSON.stringify([post.text, post.language, brand]);

/**
 * Colours the words as their shares come, and lists the strongest when all are there.
 *
 * @param {Scorer} scorer
 * @param {ScoreRequest} request
 * @param {AbortSignal} signal
 */
async function explainWords(scorer, request, signal) {
  const { post } = request;
  const of = wordsOf(request);
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
