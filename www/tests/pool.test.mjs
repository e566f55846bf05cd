/** Many requests by several scorers, with scorers of its own: no browser, no model. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ofEntry, ScorerError } from "../bsmv/errors.js";
import { scoreMany } from "../bsmv/pool.js";

/** @typedef {import("../bsmv/types.js").ScoreRequest} ScoreRequest */

/** @param {string[]} texts @returns {ScoreRequest[]} */
const requests = (...texts) => texts.map((text) => ({ post: { text } }));

/**
 * Scorers whose score of a text is its length; a text "broken" breaks one, a text "wrong" is refused.
 *
 * @param {{ most?: number }} [options] how many can be made
 */
function factory({ most = Number.POSITIVE_INFINITY } = {}) {
  const made = { scorers: 0, disposed: 0, scored: /** @type {string[]} */ ([]) };
  const load = async () => {
    if (made.scorers >= most) throw new ScorerError("memory_budget", "no more room");
    made.scorers += 1;
    let broken = false;
    return /** @type {any} */ ({
      /** @param {ScoreRequest[]} batch @param {{ signal?: AbortSignal }} options */
      scoreBatch: async (batch, { signal }) => {
        await new Promise((resolve) => setTimeout(resolve, 1));
        signal?.throwIfAborted();
        return batch.map(({ post: { text } }, i) => {
          broken ||= text === "broken";
          if (broken) return ofEntry(new ScorerError("panic", "broke"), i);
          if (text === "wrong") {
            const error = new ScorerError("invalid_input", "post.text: is wrong", {
              field: "post.text",
            });
            return ofEntry(error, i);
          }
          made.scored.push(text);
          return { bsmv: text.length };
        });
      },
      dispose: () => {
        made.disposed += 1;
      },
    });
  };
  return { made, load };
}

/** @param {ScoreRequest[]} asked @param {Partial<import("../bsmv/types.js").PoolOptions>} options */
async function answersOf(asked, options) {
  /** @type {any[]} */
  const answers = [];
  let given = 0;
  await scoreMany(asked, {
    model: "none",
    onAnswer: (i, answer) => {
      assert.equal(answers[i], undefined, `${i} is answered once`);
      answers[i] = answer;
      given += 1;
    },
    ...options,
  });
  assert.equal(given, asked.length);
  return answers;
}

test("every request is answered once, by several scorers, and equal ones are read once", async () => {
  const { made, load } = factory();
  const texts = Array.from({ length: 60 }, (_, i) => "x".repeat(1 + (i % 20)));
  const answers = await answersOf(requests(...texts), { workers: 3, load });
  assert.deepEqual(
    answers.map(({ bsmv }) => bsmv),
    texts.map(({ length }) => length),
  );
  assert.equal(made.scorers, 3);
  assert.equal(made.disposed, 3);
  // Those that came while their like was under way are read again.
  assert.ok(made.scored.length < 40, `${made.scored.length} were read`);
});

test("a request that breaks a scorer fails alone: another takes the rest", async () => {
  const { made, load } = factory();
  const answers = await answersOf(requests("one", "broken", "three", "fourth", "fifth5"), {
    workers: 1,
    load,
  });
  assert.deepEqual(
    answers.map((answer) => answer.bsmv ?? answer.code),
    [3, "panic", 5, 6, 6],
  );
  assert.equal(made.scorers, 2);
  assert.equal(made.disposed, 2);
});

test("what is wrong with a request is told as of that request, not of its place in a chunk", async () => {
  const { load } = factory();
  const [, answer] = await answersOf(requests("one", "wrong"), { workers: 1, load });
  assert.equal(answer.field, "post.text");
  assert.equal(answer.message, "post.text: is wrong");
});

test("where there is room for one scorer it does all the work; where for none it is told", async () => {
  const one = factory({ most: 1 });
  const texts = Array.from({ length: 30 }, (_, i) => `text ${i}`);
  await answersOf(requests(...texts), { workers: 4, load: one.load });
  assert.equal(one.made.scorers, 1);
  const none = factory({ most: 0 });
  await assert.rejects(answersOf(requests("one"), { load: none.load }), { code: "memory_budget" });
});

test("who stops it gets no answer more, and no scorer stays", async () => {
  const { made, load } = factory();
  const stop = new AbortController();
  const texts = Array.from({ length: 100 }, (_, i) => `text ${i}`);
  let given = 0;
  const running = scoreMany(requests(...texts), {
    model: "none",
    workers: 2,
    load,
    signal: stop.signal,
    onAnswer: () => {
      given += 1;
      if (given === 10) stop.abort();
    },
  });
  await assert.rejects(running, { name: "AbortError" });
  const then = given;
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(given, then);
  assert.ok(given < 20, `${given} answers`);
  assert.equal(made.disposed, made.scorers);
});

test("where a broken scorer can't be replaced all end: no row gets an error that isn't its own", async () => {
  const { made, load } = factory({ most: 2 });
  const texts = Array.from({ length: 40 }, (_, i) => (i === 0 ? "broken" : `text ${i}`));
  /** @type {any[]} */
  const answers = [];
  const running = scoreMany(requests(...texts), {
    model: "none",
    workers: 2,
    load,
    onAnswer: (i, answer) => {
      answers[i] = answer;
    },
  });
  await assert.rejects(running, { code: "memory_budget" });
  const then = Object.keys(answers).length;
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(Object.keys(answers).length, then, "nothing goes on");
  const errors = Object.values(answers).filter((answer) => answer instanceof ScorerError);
  assert.equal(errors.length, 1);
  assert.equal(made.disposed, made.scorers);
});

test("a replacement that comes when all is over is disposed of", async () => {
  let loads = 0;
  let disposed = 0;
  const load = async () => {
    loads += 1;
    const which = loads;
    // The first of the two replacements comes late, the other never.
    if (which === 3) await new Promise((resolve) => setTimeout(resolve, 15));
    if (which === 4) throw new ScorerError("memory_budget", "no more room");
    return /** @type {any} */ ({
      scoreBatch: async (/** @type {ScoreRequest[]} */ batch) => {
        await new Promise((resolve) => setTimeout(resolve, which));
        return batch.map(() => new ScorerError("panic", "broke"));
      },
      dispose: () => {
        disposed += 1;
      },
    });
  };
  const texts = Array.from({ length: 40 }, (_, i) => `text ${i}`);
  const running = scoreMany(requests(...texts), {
    model: "none",
    workers: 2,
    load,
    onAnswer: () => {},
  });
  await assert.rejects(running, { code: "memory_budget" });
  await new Promise((resolve) => setTimeout(resolve, 40));
  assert.equal(loads, 4);
  assert.equal(disposed, 3);
});

test("what a scorer refuses as a whole is answered once each", async () => {
  const load = async () =>
    /** @type {any} */ ({
      scoreBatch: async (/** @type {ScoreRequest[]} */ batch) => {
        if (batch.some(({ post: { text } }) => text === "heavy")) {
          throw new ScorerError("memory_budget", "too much at once");
        }
        return batch.map(({ post: { text } }) => ({ bsmv: text.length }));
      },
      dispose: () => {},
    });
  const answers = await answersOf(requests("heavy", "one", "three", "fourth", "fifth5"), {
    workers: 1,
    load,
  });
  assert.deepEqual(
    answers.map((answer) => answer.bsmv ?? answer.code),
    ["memory_budget", 3, 5, 6, 6],
  );
});
