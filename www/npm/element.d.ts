import type { ScorerError } from "./errors.js";
import type {
  Brand,
  DiffusionPage,
  Explanation,
  Progress,
  Refusal,
  Score,
  ScoreRequest,
  Scorer,
  SessionState,
  Weights,
} from "./types.js";

/**
 * `<bsmv-scorer for="note" model="model/manifest.json">`: the score of what is written in a field.
 *
 * The model is loaded in a worker when the element is first seen or its field is used; all elements
 * of a page that name the same model share it, and nothing is computed in a hidden page. In a form
 * the element's value is the score.
 *
 * States for style sheets: `:state(loading)`, `:state(scoring)`, `:state(stale)`, `:state(error)`.
 * Parts: `card`, `score`, `range`, `words`, `reasons`, `flags`, `engagement`, `carried`, `phrases`,
 * `how`, `unseen`, `bar`. Colours: `--bsmv-good`, `-bad`, `-none`, `-ink`, `-quiet`, `-ground`, `-panel`,
 * `-line`, `-edge`, `-band`, `-error`. Slots in place of the element's words: `loading`, `empty`,
 * `error`; beside the score in the bar: `bar`. The language is that of the nearest `lang`: Chinese, else English.
 */
export class BsmvScorer extends HTMLElement {
  /** Id of the field whose text is scored: a textarea, an input, or an element that is edited. In
   * the latter the words that carry the tone are marked where they stand. */
  for: string;
  /** Address of the bundle's `manifest.json`. */
  model: string;
  /** Name of the cache that keeps module and model; empty: the browser's own decides. */
  cache: string;
  /** Name of the score in the form that the element stands in. */
  name: string;
  /** The post's platform, as requests have it. */
  platform: string;
  /** The author's followers; empty: unknown. */
  followers: string;
  /** How much is explained. */
  explain: "none" | "sentence" | "words";
  /** How much is shown: the number, the number in words with its reasons, or all of it. */
  view: "badge" | "panel" | "full";
  /** Whether narrow windows get a bar at their lower edge, with score, progress and errors. */
  bar: boolean;
  brand: Brand | undefined;
  weights: Weights | undefined;
  graph: DiffusionPage | undefined;
  /** Fields of the request that take precedence over all others. */
  request:
    | (Partial<Omit<ScoreRequest, "post">> & { post?: Partial<ScoreRequest["post"]> })
    | undefined;
  /** A score to compare with, and what it is called. */
  baseline: { bsmv: number; interval: { low: number; high: number }; name: string } | undefined;
  /** Scores in place of the shared worker: a server's, a test's. Who gave it disposes of it. */
  scorer: Scorer | undefined;
  /** All that is known of the draft. */
  readonly state: SessionState;
  /** The score that is shown. */
  readonly score: Score | Refusal | undefined;
  /** What moved it, once that is known. */
  readonly explanation: Explanation | undefined;
  /** Reads the field again, and tries again what failed. */
  rescore(): void;
  /** Says the score now, to who listens. */
  announce(): void;
  /** Request, score and explanation. */
  toJSON(): { request?: ScoreRequest; score?: Score | Refusal; explanation?: Explanation };
}

/** The element's events; they bubble, out of shadow roots too. */
export interface BsmvScorerEvents {
  "bsmv-progress": CustomEvent<Progress>;
  "bsmv-score": CustomEvent<Score | Refusal>;
  "bsmv-explained": CustomEvent<Explanation>;
  "bsmv-error": CustomEvent<ScorerError>;
}

declare global {
  interface HTMLElementTagNameMap {
    "bsmv-scorer": BsmvScorer;
  }
  interface HTMLElementEventMap extends BsmvScorerEvents {}
}
