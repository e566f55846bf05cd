/**
 * @import { Explanation, Score, Scorer, ScoreRequest, SessionOptions, SessionState, WordShares } from "./types.js"
 */
import { ScorerError } from "./errors.js";

/** Milliseconds that a score must stand before it is explained: that computes it once more. */
const EXPLAIN_AFTER = 300;
/** Milliseconds more before the words: a few of them take longer than the score of the next draft. */
const WORDS_AFTER = 500;
/** Letters of a text whose words are looked at unasked: those of a longer one may take seconds. */
const WORDS_UP_TO = 1000;
/** Milliseconds before loading is tried again; doubled each time, up to the longest. */
const RETRY_AFTER = 2000;
const RETRY_LONGEST = 60_000;

/** Codes after which the scorer is gone. */
const GONE = ["panic", "disposed"];

/** A request with its JSON. @typedef {{ request: ScoreRequest, json: string }} Wanted */

/** @type {SessionState} */
const EMPTY = { phase: "empty", stale: false };

/**
 * One draft and what is known of its score: what a user interface shows, without one. It takes
 * requests as they come, scores the newest as soon as the one before is done, and explains it
 * when it stands. Each change of `state` is an event `change`.
 */
export class Session extends EventTarget {
  /** @type {SessionOptions["load"]} */
  #load;
  /** @type {NonNullable<SessionOptions["clock"]>} */
  #clock;
  /** @type {NonNullable<SessionOptions["explain"]>} */
  #explain;
  /** @type {SessionState} */
  #state = EMPTY;
  /** What is to be scored. @type {Wanted | undefined} */
  #wanted;
  /** Whether it has still to be scored. */
  #due = false;
  #working = false;
  #paused = false;
  #over = false;
  /** @type {Scorer | undefined} */
  #scorer;
  /** Ends what is being done for the draft before. */
  #stop = new AbortController();
  /** Ends loading when the session is over. */
  #end = new AbortController();
  /** Times in a row that loading failed. */
  #failures = 0;
  /** @type {unknown} */
  #timer;
  /** The shares found last, and of which words. @type {{ of: string, words: WordShares, wordsPost: ScoreRequest["post"] } | undefined} */
  #known;

  /** @param {SessionOptions} options */
  constructor({ load, clock = globalThis, explain = "words" }) {
    super();
    this.#load = load;
    this.#clock = clock;
    this.#explain = explain;
  }

  /** What there is to show. It is never changed, but replaced. */
  get state() {
    return this.#state;
  }

  /**
   * Takes the draft as it stands now; `undefined` where there is nothing to score. The same again
   * is nothing new.
   *
   * @param {ScoreRequest} [request]
   */
  update(request) {
    const json = request && JSON.stringify(request);
    if (json === this.#wanted?.json) return;
    this.#stop.abort();
    this.#wanted = request && json ? { request, json } : undefined;
    this.#due = this.#wanted !== undefined;
    if (!this.#due) {
      // Loading goes on, and is still shown.
      const { phase, progress, error } = this.#state;
      const kept = phase === "loading" || (phase === "failed" && !this.#scorer);
      this.#set(kept ? { phase, stale: false, progress, error } : EMPTY);
      return;
    }
    if (this.#state.score) this.#set({ ...this.#state, stale: true });
    this.#work();
  }

  /** Loads the scorer before there is anything to score. */
  prepare() {
    this.#work();
  }

  /** Tries again what failed. */
  retry() {
    this.#clock.clearTimeout(this.#timer);
    if (this.#state.phase !== "failed" || this.#over) return;
    this.#due = this.#wanted !== undefined;
    this.#work();
  }

  /** Computes nothing until `resume`: nobody looks. */
  pause() {
    this.#paused = true;
    this.#stop.abort();
    this.#clock.clearTimeout(this.#timer);
  }

  /** Goes on where `pause` stopped. */
  resume() {
    if (!this.#paused) return;
    this.#paused = false;
    if (this.#state.phase === "failed") return this.retry();
    if (this.#state.phase === "explaining") this.#explainSoon();
    this.#work();
  }

  /** Looks at the words of a text of any length, as far as the next change of it. */
  explainWords() {
    if (this.#state.score && !this.#state.stale) this.#explainSoon(true);
  }

  /** Ends it, and the scorer that it loaded. */
  dispose() {
    this.#over = true;
    this.#stop.abort();
    this.#end.abort();
    this.#clock.clearTimeout(this.#timer);
    this.#scorer?.dispose();
    this.#scorer = undefined;
  }

  /** @param {SessionState} state */
  #set(state) {
    this.#state = Object.freeze(state);
    this.dispatchEvent(new Event("change"));
  }

  /** Loads the scorer, and scores for as long as there is something newer. */
  async #work() {
    if (this.#working || this.#paused || this.#over) return;
    this.#working = true;
    try {
      this.#scorer ??= await this.#loaded();
      while (this.#due && this.#scorer && !this.#paused && !this.#over) await this.#scoreNewest();
    } finally {
      this.#working = false;
    }
  }

  /** @returns {Promise<Scorer | undefined>} nothing where it failed, which is then shown */
  async #loaded() {
    this.#set({ ...this.#state, phase: "loading", error: undefined });
    try {
      const scorer = await this.#load({
        signal: this.#end.signal,
        onProgress: (progress) => {
          if (this.#state.phase === "loading") this.#set({ ...this.#state, progress });
        },
      });
      if (this.#over) {
        scorer.dispose();
        return undefined;
      }
      this.#failures = 0;
      const phase = this.#due ? "scoring" : this.#state.score ? "settled" : "empty";
      this.#set({ ...this.#state, progress: undefined, phase });
      return scorer;
    } catch (error) {
      if (this.#over) return undefined;
      this.#fail(error);
      if (codeOf(error) === "download") {
        const wait = Math.min(RETRY_AFTER * 2 ** this.#failures, RETRY_LONGEST);
        this.#failures += 1;
        this.#timer = this.#clock.setTimeout(() => this.retry(), wait);
      }
      return undefined;
    }
  }

  async #scoreNewest() {
    const scorer = /** @type {Scorer} */ (this.#scorer);
    const wanted = /** @type {Wanted} */ (this.#wanted);
    this.#due = false;
    this.#set({ ...this.#state, phase: "scoring" });
    const begin = this.#now();
    try {
      const score = await scorer.score(wanted.request);
      if (this.#over || !this.#wanted) return;
      const { explanation } = this.#state;
      const newest = wanted === this.#wanted;
      const known = this.#known?.of === wordsOf(wanted.request) ? this.#known : this.#state;
      this.#set({
        phase: newest ? "explaining" : "scoring",
        stale: !newest,
        request: wanted.request,
        score,
        ms: this.#now() - begin,
        // What was said of the draft before stands until there is something newer.
        explanation,
        words: known.words,
        wordsPost: known.wordsPost,
        explained: false,
      });
      if (newest) this.#explainSoon();
    } catch (error) {
      if (this.#over) return;
      const code = codeOf(error);
      if (code === "superseded") {
        // Somebody else asked the same scorer: this draft is still wanted.
        this.#due ||= wanted === this.#wanted;
        await this.#wait(0);
        return;
      }
      if (GONE.includes(code)) this.#lose();
      if (wanted === this.#wanted) this.#fail(error);
    }
  }

  /** @param {boolean} [asked] also the words of a long text */
  async #explainSoon(asked = false) {
    this.#stop.abort();
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    const { request, score } = this.#state;
    const scorer = this.#scorer;
    if (!request || !score || !scorer) return;
    if (this.#explain === "none" || score.bsmv === null) return this.#settle();
    try {
      if (!this.#state.explained) {
        await this.#wait(EXPLAIN_AFTER);
        signal.throwIfAborted();
        const explanation = await scorer.explain(request);
        signal.throwIfAborted();
        if (explanation.bsmv !== null) this.#set({ ...this.#state, explanation, explained: true });
      }
      await this.#findWords(scorer, request, signal, asked);
      this.#settle();
    } catch (error) {
      if (signal.aborted || this.#over) return;
      if (GONE.includes(codeOf(error))) this.#lose();
      this.#fail(error);
    }
  }

  /**
   * @param {Scorer} scorer
   * @param {ScoreRequest} request
   * @param {AbortSignal} signal
   * @param {boolean} asked
   */
  async #findWords(scorer, request, signal, asked) {
    if (this.#explain !== "words") return;
    const of = wordsOf(request);
    if (this.#known?.of !== of) {
      const { title, text = "" } = request.post;
      if (!asked && `${title ?? ""}${text}`.length > WORDS_UP_TO) {
        this.#set({ ...this.#state, words: undefined, wordsPost: undefined });
        return;
      }
      await this.#wait(WORDS_AFTER);
      signal.throwIfAborted();
      const words = await scorer.explainWords(request, { signal });
      this.#known = { of, words, wordsPost: request.post };
    }
    const { words, wordsPost } = this.#known;
    this.#set({ ...this.#state, words, wordsPost });
  }

  #settle() {
    this.#set({ ...this.#state, phase: "settled" });
  }

  /** @param {unknown} error */
  #fail(error) {
    const told =
      error instanceof ScorerError
        ? error
        : new ScorerError("internal", String(error), { cause: error });
    // The last score stays: it is still that of the draft before.
    this.#set({ ...this.#state, phase: "failed", error: told, progress: undefined });
  }

  /** Gives up a scorer that broke; the next draft gets a new one. */
  #lose() {
    this.#scorer?.dispose();
    this.#scorer = undefined;
    this.#known = undefined;
  }

  #now() {
    return this.#clock.performance.now();
  }

  /** @param {number} ms @returns {Promise<void>} */
  #wait(ms) {
    return new Promise((resolve) => this.#clock.setTimeout(resolve, ms));
  }
}

/** @param {unknown} error */
const codeOf = (error) => (error instanceof ScorerError ? error.code : "internal");

/**
 * All that the shares of words and the hint at them depend on: neither the diffusion nor the weights
 * change them.
 *
 * @param {ScoreRequest} request
 */
const wordsOf = ({ post, brand, locale }) =>
  JSON.stringify([post.title, post.text, post.language, brand, locale]);
