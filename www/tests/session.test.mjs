/** What a session shows of a draft, with a scorer and a clock of its own: no browser, no model. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ScorerError } from "../bsmv/errors.js";
import { Session } from "../bsmv/session.js";
import { shareWorker } from "../bsmv/shared-scorer.js";

/** @typedef {import("../bsmv/types.js").Scorer} Scorer */
/** @typedef {import("../bsmv/types.js").ScoreRequest} ScoreRequest */

/** Lets everything that waits for promises go on. */
const settle = async () => {
  for (let i = 0; i < 30; i++) await Promise.resolve();
};

/** A clock that stands still until it is told. */
function makeClock() {
  let now = 0;
  /** @type {Map<number, { at: number, call: () => void }>} */
  const timers = new Map();
  let made = 0;
  return {
    setTimeout: (/** @type {() => void} */ call, /** @type {number} */ ms) => {
      timers.set(++made, { at: now + ms, call });
      return made;
    },
    clearTimeout: (/** @type {number} */ timer) => timers.delete(timer),
    performance: { now: () => now },
    /** @param {number} ms */
    pass: async (ms) => {
      const end = now + ms;
      await settle();
      while (true) {
        const next = [...timers].sort(([, a], [, b]) => a.at - b.at)[0];
        if (!next || next[1].at > end) break;
        timers.delete(next[0]);
        now = next[1].at;
        next[1].call();
        await settle();
      }
      now = end;
    },
  };
}

/**
 * A scorer whose answers come when they are let out; a text's score is its length.
 *
 * @param {{ fail?: (text: string) => string | undefined }} [options] code of the error of a text
 */
function makeScorer({ fail = () => undefined } = {}) {
  /** @type {{ text: string, answer: () => void }[]} */
  const waiting = [];
  const asked = { scored: /** @type {string[]} */ ([]), explained: 0, words: 0, disposed: 0 };
  const scorer = /** @type {any} */ ({
    /** @param {ScoreRequest} request */
    score: ({ post: { text } }) => {
      asked.scored.push(text);
      return new Promise((resolve, reject) =>
        waiting.push({
          text,
          answer: () => {
            const code = fail(text);
            if (code) reject(new ScorerError(code, `no score for ${text}`, { field: "post.text" }));
            else resolve({ bsmv: text.length });
          },
        }),
      );
    },
    explain: async () => ({ base: ++asked.explained }),
    explainWords: async () => ({ words: [], skipped: ++asked.words }),
    dispose: () => {
      asked.disposed += 1;
    },
  });
  const answer = async () => {
    waiting.shift()?.answer();
    await settle();
  };
  return { scorer: /** @type {Scorer} */ (scorer), asked, answer, waiting };
}

/** @param {string} text @returns {ScoreRequest} */
const draft = (text) => ({ post: { text } });

/** @param {Parameters<typeof makeScorer>[0]} [options] */
async function start(options) {
  const clock = makeClock();
  const made = makeScorer(options);
  const session = new Session({ load: async () => made.scorer, clock });
  /** @type {string[]} */
  const phases = [];
  session.addEventListener("change", () => {
    if (phases.at(-1) !== session.state.phase) phases.push(session.state.phase);
  });
  return { clock, session, phases, ...made };
}

test("a draft is scored at once, and explained when it stands", async () => {
  const { session, phases, clock, answer, asked } = await start();
  session.update(draft("hello"));
  await settle();
  await answer();
  assert.equal(session.state.score?.bsmv, 5);
  assert.equal(asked.explained, 0, "not before the pause");
  await clock.pass(2000);
  assert.deepEqual(phases, ["loading", "scoring", "explaining", "settled"]);
  assert.deepEqual([asked.explained, asked.words], [1, 1]);
});

test("while one is scored the newest waits, those between are left out, and all scores are shown", async () => {
  const { session, answer, asked, waiting } = await start();
  session.update(draft("a"));
  await settle();
  for (const text of ["ab", "abc", "abcd"]) session.update(draft(text));
  assert.equal(waiting.length, 1, "one at a time");
  await answer();
  assert.deepEqual([session.state.score?.bsmv, session.state.stale], [1, true]);
  await answer();
  assert.deepEqual([session.state.score?.bsmv, session.state.stale], [4, false]);
  assert.deepEqual(asked.scored, ["a", "abcd"]);
});

test("typing on puts the explanation off, and the one that stands stays until the next", async () => {
  const { session, clock, answer, asked } = await start();
  session.update(draft("a"));
  await settle();
  await answer();
  await clock.pass(2000);
  assert.equal(asked.explained, 1);
  session.update(draft("ab"));
  await settle();
  await answer();
  await clock.pass(200);
  session.update(draft("abc"));
  await settle();
  await answer();
  await clock.pass(200);
  assert.equal(asked.explained, 1, "neither pause was long enough");
  assert.ok(session.state.explanation && !session.state.explained);
  await clock.pass(2000);
  assert.equal(asked.explained, 2);
});

test("phrases stand with the post that they are of, while a newer one is scored", async () => {
  const { session, clock, answer } = await start();
  session.update(draft("hello"));
  await settle();
  await answer();
  await clock.pass(2000);
  session.update(draft("oh, hello"));
  await settle();
  await answer();
  assert.equal(session.state.request?.post.text, "oh, hello");
  assert.equal(session.state.wordsPost?.text, "hello");
  await clock.pass(2000);
  assert.equal(session.state.wordsPost?.text, "oh, hello");
});

test("the words of a long text are looked at only when they are asked for", async () => {
  const { session, clock, answer, asked } = await start();
  session.update(draft("word ".repeat(400)));
  await settle();
  await answer();
  await clock.pass(5000);
  assert.deepEqual([asked.words, session.state.phase], [0, "settled"]);
  session.explainWords();
  await clock.pass(5000);
  assert.deepEqual([asked.words, asked.explained], [1, 1]);
});

test("the same draft again is nothing new, and an empty one takes the score away", async () => {
  const { session, answer, asked } = await start();
  session.update(draft("a"));
  await settle();
  await answer();
  session.update(draft("a"));
  await settle();
  assert.equal(asked.scored.length, 1);
  session.update(undefined);
  assert.deepEqual(session.state, { phase: "empty", stale: false });
});

test("a text that can't be read has no score, and nothing of it is explained", async () => {
  const { session, clock, asked } = await start();
  const scorer = /** @type {any} */ ({
    score: async () => ({ bsmv: null, refused: { code: "blank", values: {}, message: "Empty." } }),
    explain: async () => assert.fail("explained"),
  });
  const refusing = new Session({ load: async () => scorer, clock });
  refusing.update(draft("\u200d"));
  await clock.pass(5000);
  assert.equal(refusing.state.phase, "settled");
  assert.equal(refusing.state.score?.bsmv, null);
  assert.equal(asked.explained, 0);
  session.dispose();
});

test("a mistake in a field is told, and the last score stays as an older one", async () => {
  const { session, answer } = await start({
    fail: (text) => (text === "bad" ? "invalid_input" : undefined),
  });
  session.update(draft("good"));
  await settle();
  await answer();
  session.update(draft("bad"));
  await settle();
  await answer();
  const { phase, error, score, stale } = session.state;
  assert.deepEqual([phase, error?.field, score?.bsmv, stale], ["failed", "post.text", 4, true]);
  session.update(draft("good again"));
  await settle();
  await answer();
  assert.deepEqual([session.state.score?.bsmv, session.state.error], [10, undefined]);
});

test("a scorer that breaks is replaced for the next draft, and the text that broke it isn't tried again", async () => {
  const clock = makeClock();
  const made = [makeScorer({ fail: () => "panic" }), makeScorer()];
  let loads = 0;
  const session = new Session({ load: async () => made[loads++].scorer, clock });
  session.update(draft("breaks"));
  await settle();
  await made[0].answer();
  await clock.pass(60_000);
  assert.deepEqual([session.state.phase, session.state.error?.code, loads], ["failed", "panic", 1]);
  session.update(draft("goes on"));
  await settle();
  await made[1].answer();
  assert.deepEqual([session.state.score?.bsmv, loads], [7, 2]);
});

test("a model that can't be loaded is tried again by itself, later each time, or at once when asked", async () => {
  const clock = makeClock();
  const { scorer, answer } = makeScorer();
  let loads = 0;
  const load = async () => {
    loads += 1;
    if (loads < 4) throw new ScorerError("download", "no network");
    return scorer;
  };
  const session = new Session({ load, clock });
  session.update(draft("a"));
  await settle();
  assert.deepEqual([session.state.phase, session.state.error?.code], ["failed", "download"]);
  await clock.pass(2000);
  assert.equal(loads, 2);
  await clock.pass(2000);
  assert.equal(loads, 2, "twice as long the second time");
  await clock.pass(2000);
  assert.equal(loads, 3);
  session.retry();
  await settle();
  await answer();
  assert.deepEqual([session.state.score?.bsmv, loads], [1, 4]);
});

test("nothing is computed while nobody looks", async () => {
  const { session, clock, answer, asked } = await start();
  session.update(draft("a"));
  await settle();
  await answer();
  session.pause();
  session.update(draft("ab"));
  await clock.pass(60_000);
  assert.deepEqual([asked.scored.length, asked.explained], [1, 0]);
  session.resume();
  await settle();
  await answer();
  assert.equal(session.state.score?.bsmv, 2);
});

test("a session that is over gives its scorer back, also one that comes too late", async () => {
  const { session, asked, answer } = await start();
  session.update(draft("a"));
  await settle();
  await answer();
  session.dispose();
  assert.equal(asked.disposed, 1);
  const late = makeScorer();
  const second = new Session({ load: async () => late.scorer, clock: makeClock() });
  second.update(draft("a"));
  second.dispose();
  await settle();
  assert.deepEqual([late.asked.disposed, late.asked.scored.length], [1, 0]);
});

test("two who want the same model share one, until neither has it", async () => {
  let made = 0;
  let disposed = 0;
  const make = async (/** @type {{ onProgress?: Function }} */ { onProgress }) => {
    made += 1;
    onProgress?.({ loaded: 1, total: 2 });
    return /** @type {any} */ ({
      scoreBatch: async () => [{ bsmv: made }],
      dispose: () => {
        disposed += 1;
      },
    });
  };
  const model = "http://host/manifest.json";
  /** @type {unknown[]} */
  const told = [];
  const onProgress = (/** @type {unknown} */ progress) => told.push(progress);
  const [a, b] = await Promise.all([
    shareWorker({ model }, make),
    shareWorker({ model, onProgress }, make),
  ]);
  assert.deepEqual([made, told], [1, [{ loaded: 1, total: 2 }]]);
  assert.equal((await a.score(draft("a"))).bsmv, 1);
  a.dispose();
  a.dispose();
  await new Promise((resolve) => setTimeout(resolve, 700));
  assert.equal(disposed, 0, "one still has it");
  b.dispose();
  await new Promise((resolve) => setTimeout(resolve, 700));
  assert.equal(disposed, 1);
});
