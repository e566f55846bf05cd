/** @import { Clock } from "../types.js" */

/** Milliseconds without a new score before anything is said. */
const QUIET = 1200;
/** Points that are worth saying. */
const WORTH = 2;

/**
 * Says scores to who can't see them: only when typing has paused, and only what changed.
 */
export class Announcer {
  #say;
  #clock;
  /** @type {unknown} */
  #timer;
  /** What was said last. @type {{ verdict: string, score: number } | undefined} */
  #said;

  /**
   * @param {(words: string) => void} say
   * @param {Clock} [clock]
   */
  constructor(say, clock = globalThis) {
    this.#say = say;
    this.#clock = clock;
  }

  /**
   * A score was shown.
   *
   * @param {{ verdict: string, score: number, words: string }} shown
   */
  note({ verdict, score, words }) {
    this.#clock.clearTimeout(this.#timer);
    this.#timer = this.#clock.setTimeout(() => {
      const said = this.#said;
      if (said?.verdict === verdict && Math.abs(said.score - score) < WORTH) return;
      this.#said = { verdict, score };
      this.#say(words);
    }, QUIET);
  }

  /** There is no score any more. */
  forget() {
    this.#clock.clearTimeout(this.#timer);
    this.#said = undefined;
  }
}
