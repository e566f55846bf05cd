import type {
  SchemaBrandProfile,
  SchemaCheckRequest,
  SchemaChecks,
  SchemaDiffusionPage,
  SchemaExplanation,
  SchemaPost,
  SchemaRefusal,
  SchemaScore,
  SchemaScoreRequest,
  SchemaWeights,
} from "../pkg/api.d.ts";
import type { ScorerError } from "./errors.js";

// Interfaces and not aliases: so they keep their names in messages and in the reference.
export interface ScoreRequest extends SchemaScoreRequest {}
export interface Score extends SchemaScore {}
export interface Explanation extends SchemaExplanation {}
/** The answer for a text that can't be read: `bsmv` is null, `refused` says why. */
export interface Refusal extends SchemaRefusal {}
export interface Post extends SchemaPost {}
export interface Brand extends SchemaBrandProfile {}
export interface DiffusionPage extends SchemaDiffusionPage {}
export interface Weights extends SchemaWeights {}
export interface CheckRequest extends SchemaCheckRequest {}
export interface Checks extends SchemaChecks {}

/** Anything that scores: in this thread, in a worker, over HTTP. */
export interface Scorer {
  /**
   * Scores a request, with the brand and weights that were set where it has none of its own. A text
   * that can't be read has no score: `bsmv` is null then.
   */
  score(request: ScoreRequest): Promise<Score | Refusal>;
  /**
   * Scores several, and answers each by itself, in their order: with its score, with a refusal where
   * its text can't be read, or with a `ScorerError` whose field says which it is, as in `[1].post.text`.
   */
  scoreBatch(
    requests: ScoreRequest[],
    options?: CallOptions,
  ): Promise<(Score | Refusal | ScorerError)[]>;
  /** What moved the score of a request. */
  explain(request: ScoreRequest): Promise<Explanation | Refusal>;
  /** What each phrase adds to s and T: the clauses, and the words of the strongest ones. */
  explainWords(request: ScoreRequest, options?: WordsOptions): Promise<WordShares>;
  /** The brand of later requests that name none; `undefined` for no brand. */
  setBrand(brand?: Brand): void;
  /**
   * The weights of later requests that have none; `undefined` for the balanced ones. Gives the
   * last score at these weights, without reading its post again, if there was one.
   */
  setWeights(weights?: Weights): Promise<Score | Refusal | undefined>;
  /** The sentence vector of a text. */
  embed(text: string): Promise<Float32Array>;
  dispose(): void;
}

export interface InitWorkerOptions {
  /** A worker that runs `worker.js`; by default one from this library's place. */
  worker?: Worker;
  /** Address of the module. */
  wasm?: string | URL;
  /** Address of the bundle's `manifest.json`. */
  model: string | URL;
  /** Name of the cache in Cache Storage that keeps module and bundle; without it nothing is kept. */
  cache?: string;
  /**
   * Bytes that the module's memory may grow to; no limit by default. A model that needs more, and
   * later a request that would, fails with code `memory_budget` before anything of it is begun.
   */
  memoryBudget?: number;
  onProgress?: (progress: Progress) => void;
  signal?: AbortSignal;
}

export interface CallOptions {
  signal?: AbortSignal;
}

export interface WordsOptions extends CallOptions {
  /** Called with the next few phrases as soon as they are known. */
  onWords?: (words: WordShare[]) => void;
}

/** A clause or a word of one, and what it adds. */
export interface WordShare {
  field: "title" | "text";
  /** Where it stands in the field, in UTF-16 code units, as `String.slice` counts. */
  start: number;
  end: number;
  /** What it adds to s, from -1 to 1. */
  s: number;
  /** What it adds to T, from -1 to 1; 0 without a brand. */
  t: number;
}

export interface WordShares {
  words: WordShare[];
  /** Characters past the limit of 2,000, which weren't looked at. */
  skipped: number;
  /** The phrase that the tone hangs on most, never a name alone; or that all phrases agree. */
  hint?: Score["flags"][number];
}

/** What this library reads of `manifest.json`. */
export interface Manifest {
  schema: number;
  name: string;
  version: string;
  /** Names of the files that each precision needs. */
  precisions: { int8: string[] };
  files: Record<string, { sha256: string; bytes: number }>;
}

/** How much of something was loaded, as bytes of a bundle. */
export interface Progress {
  loaded: number;
  total: number;
}

/** Reads a bundle's file by its name: for Node, or a store of one's own. */
export type ReadFile = (name: string, signal?: AbortSignal) => Promise<Uint8Array<ArrayBuffer>>;

/** Keeps files between visits. It may lose them, and never fails. */
export interface FileStore {
  get(key: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
  put(key: string, bytes: Uint8Array<ArrayBuffer>): Promise<unknown>;
  /** Drops what this library kept under other keys. */
  keepOnly(keys: string[]): Promise<unknown>;
}

export interface InitOptions {
  /**
   * The module: its address, its bytes, or compiled. By default `../pkg/bsmv_bg.wasm`. Unless it
   * is compiled already it must have the SHA-256 of this release's.
   */
  wasm?: string | URL | BufferSource | WebAssembly.Module;
  /** The bundle: the address of its `manifest.json`, or how to read its files. */
  model: string | URL | ReadFile;
  /**
   * Where what comes from addresses is kept, so that the next visit needs no host: the name of a
   * cache in Cache Storage, in Node a folder, or a store of one's own. Without it nothing is kept
   * anywhere. It holds what the last `init` with it loaded; older versions are dropped.
   */
  cache?: string | FileStore;
  /**
   * Bytes that the module's memory may grow to; no limit by default. A model that needs more, and
   * later a request that would, fails with code `memory_budget` before anything of it is begun.
   */
  memoryBudget?: number;
  onProgress?: (progress: Progress) => void;
  signal?: AbortSignal;
}

export interface DiffusionClientOptions {
  /** Where the tiny API is, as in `https://api.example`; `v1/posts/…` follows. */
  base: string | URL;
  /** Sent with every request, such as a token. */
  headers?: Record<string, string>;
  /** Graphs with more events are sampled; at most and by default 100,000. */
  maxEvents?: number;
  /** Graphs with more events aren't read at all; at most and by default 1,000,000. */
  maxRead?: number;
  /** How often one page is asked for at most; 4 by default. */
  attempts?: number;
  /** Milliseconds; the mean wait after attempt n is backoff * 2^n / 2. 250 by default. */
  backoff?: number;
  /** Milliseconds: the longest wait, also when `Retry-After` asks for it. 30,000 by default. */
  longestWait?: number;
  /** Milliseconds that one answer may take. 10,000 by default. */
  timeout?: number;
}

export interface DiffusionQuery {
  /** Only events up to so many seconds after the post. */
  until?: number;
  /** Whether to pull the events' texts too. */
  texts?: boolean;
  signal?: AbortSignal;
  /** Events read so far, of all. */
  onProgress?: (progress: Progress) => void;
}

/** A post's diffusion, in one page. */
export interface Diffusion {
  /** For `ScoreRequest.graph`. */
  page: DiffusionPage;
  /** Events there are; the page has fewer when it is a sample. */
  total: number;
  sampled: boolean;
  /** The API said that nothing changed since this client last asked. */
  unchanged: boolean;
}

export interface SessionOptions {
  /** Loads the scorer, when there is something to score or `prepare` was called. */
  load: (options: {
    signal: AbortSignal;
    onProgress: (progress: Progress) => void;
  }) => Promise<Scorer>;
  /** How much is explained of each score: nothing, what moved it, or each phrase too. */
  explain?: "none" | "sentence" | "words";
  /** Time, for tests; the browser's by default. */
  clock?: Clock;
}

/** What a session needs to know of time; `globalThis` is one. */
export interface Clock {
  setTimeout(call: () => void, ms: number): unknown;
  // Node and browsers call timers differently.
  // biome-ignore lint/suspicious/noExplicitAny: whatever `setTimeout` gave
  clearTimeout(timer: any): void;
  performance: { now(): number };
}

/** All that there is to show of a draft. */
export interface SessionState {
  /**
   * `empty`: there is nothing to score. `loading`: the scorer is. `scoring`, `explaining`: under
   * way. `settled`: nothing more will come. `failed`: see `error`; a score that stands is older.
   */
  phase: "empty" | "loading" | "scoring" | "explaining" | "settled" | "failed";
  /** The score is of an older draft than the one that was given last. */
  stale: boolean;
  /** The request that `score` answers. */
  request?: ScoreRequest;
  score?: Score | Refusal;
  /** Milliseconds that the score took. */
  ms?: number;
  /** Of this score if `explained`, else of an older one. */
  explanation?: Explanation;
  explained?: boolean;
  /** The shares of phrases; of an older draft until the phase is `settled`. */
  words?: WordShares;
  /** The post that their places are in. */
  wordsPost?: ScoreRequest["post"];
  progress?: Progress;
  error?: ScorerError;
}

export interface ReadFileOptions {
  signal?: AbortSignal;
  /** A worker that runs `importer-worker.js`; by default one from this library's place. */
  worker?: Worker;
}

/** A row of a file that isn't taken, and why. */
export interface Trouble {
  /** Its line or row, from 1; 0 where that isn't known. */
  line: number;
  /**
   * The cell that can't be read (`text`, `count`, `time`, `id`, or `cell` for any other), a row that
   * can't be told apart (`row`), or one that is no post of one's own (`repost`, `reply`,
   * `other_account`), or that was there before (`repeated`).
   */
  code:
    | "text"
    | "count"
    | "time"
    | "id"
    | "cell"
    | "row"
    | "repost"
    | "reply"
    | "other_account"
    | "repeated";
  /** Name of the column, as the file writes it. */
  column?: string;
  /** The whole sentence in English. */
  message: string;
}

/** A post that is out, and what became of it. */
export interface PastPost {
  id: string;
  created_at: string;
  platform: NonNullable<Post["platform"]>;
  title?: string;
  text?: string;
  images?: number;
  videos?: number;
  author?: NonNullable<Post["author"]>;
  counts?: Partial<
    Record<"views" | "likes" | "comments" | "shares" | "saves" | "interactions", number>
  >;
}

/** A creator's own posts in a file. */
export interface Past {
  /** The programs that wrote it. */
  tools: string[];
  rows: number;
  posts: PastPost[];
  skipped: Trouble[];
  /** Parts of the file that have no posts, by name. */
  left_out: string[];
}

/** The rows of a file as requests, those that can't be read with the reason. */
export interface DraftRows {
  /** The program that wrote it. */
  tool: string;
  rows: { line: number; request?: ScoreRequest; trouble?: Trouble }[];
  /** Parts of the file that weren't read, by name. */
  left_out: string[];
}

export interface PoolOptions extends Pick<InitWorkerOptions, "cache" | "signal" | "onProgress"> {
  /** Address of the bundle's `manifest.json`. */
  model: string | URL;
  /** By default one less than there are processors, and at most 4. */
  workers?: number;
  /** Called with the place of a request and its answer. */
  onAnswer: (index: number, answer: Score | Refusal | ScorerError) => void;
  /** Makes a scorer, for tests. */
  load?: () => Promise<Scorer>;
}
