import type { components } from "../pkg/api.d.ts";

type Schemas = components["schemas"];

export type ScoreRequest = Schemas["ScoreRequest"];
export type Score = Schemas["Score"];
export type Brand = Schemas["BrandProfile"];
export type DiffusionPage = Schemas["DiffusionPage"];
export type Weights = Schemas["Weights"];

/** Anything that scores: in this thread, in a worker, over HTTP. */
export interface Scorer {
  score(request: ScoreRequest): Promise<Score>;
  /** The sentence vector of a text. */
  embed(text: string): Promise<Float32Array>;
  dispose(): void;
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

export interface InitOptions {
  /** The module: its address, its bytes, or compiled. By default `../pkg/bsmv_bg.wasm`. */
  wasm?: string | URL | BufferSource | WebAssembly.Module;
  /** The bundle: the address of its `manifest.json`, or how to read its files. */
  model: string | URL | ReadFile;
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
