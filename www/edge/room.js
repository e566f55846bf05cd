/** Memory that requests may hold at once, so that no number of them fills an isolate. */
import { ScorerError } from "../bsmv/errors.js";

export class Room {
  #free;

  /** @param {number} bytes in all */
  constructor(bytes) {
    this.#free = bytes;
  }

  /** What one request holds of it: takes more and more, and gives all back at its end. */
  share() {
    let held = 0;
    return {
      take: (/** @type {number} */ bytes) => {
        if (bytes > this.#free) {
          throw new ScorerError("overloaded", "too much at once: try again in a second");
        }
        this.#free -= bytes;
        held += bytes;
      },
      giveBack: () => {
        this.#free += held;
        held = 0;
      },
    };
  }
}
