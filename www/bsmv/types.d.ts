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

/** Bytes fetched so far, of all files of the bundle. */
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
