/** @import { FileStore, InitOptions } from "./types.js" */
import initModule from "../pkg/bsmv.js";
import { INTEGRITY, SHA256 } from "../pkg/integrity.js";
import { ScorerError } from "./errors.js";
import { addressOf, checkedFile, digest, download, storeKey } from "./files.js";

const NAME = "bsmv_bg.wasm";
/** What stores call the module. */
export const MODULE_KEY = storeKey(NAME, SHA256);

/** The one module, being loaded or loaded. @type {Promise<unknown> | undefined} */
let loading;

/**
 * Loads the module, once: a second instance would take the place of the first, scorers and all.
 *
 * @param {InitOptions["wasm"]} wasm
 * @param {FileStore} [store]
 */
export async function loadModule(wasm = new URL("../pkg/bsmv_bg.wasm", import.meta.url), store) {
  try {
    loading ??= compileModule(wasm, store).then((module) => initModule({ module_or_path: module }));
    await loading;
  } catch (cause) {
    loading = undefined;
    if (cause instanceof ScorerError) throw cause;
    throw new ScorerError("download", `the scorer could not be loaded: ${cause}`, { cause });
  }
}

/**
 * Compiles the module, but not before its SHA-256 was found to be that of this library's release.
 * What was compiled already can't be checked any more, and is taken as it is.
 *
 * @param {NonNullable<InitOptions["wasm"]>} wasm
 * @param {FileStore} [store]
 * @returns {Promise<WebAssembly.Module>}
 */
export async function compileModule(wasm, store) {
  if (typeof WebAssembly !== "object") {
    const message = "WebAssembly is turned off here: Lockdown Mode does that, and some settings do";
    throw new ScorerError("unsupported", message);
  }
  if (wasm instanceof WebAssembly.Module) return wasm;
  try {
    if (typeof wasm !== "string" && !(wasm instanceof URL)) {
      if ((await digest(wasm)) === SHA256) return await WebAssembly.compile(wasm);
      throw new ScorerError("integrity", `${NAME} is not the module of this release (SHA-256)`);
    }
    const url = addressOf("wasm", wasm);
    if (!store) {
      const streamed = await compileStreamed(url);
      if (streamed) return streamed;
    }
    const load = (/** @type {boolean} */ fresh) =>
      download(url, { cache: fresh ? "reload" : "default" });
    return await WebAssembly.compile(
      await checkedFile({ name: NAME, sha256: SHA256, load, store }),
    );
  } catch (cause) {
    if (!(cause instanceof WebAssembly.CompileError)) throw cause;
    const message = (await compilesAny())
      ? "this browser is too old: the scorer needs WebAssembly SIMD, which all have since 2023"
      : "the Content-Security-Policy of this page or worker forbids WebAssembly: add 'wasm-unsafe-eval' to its script-src";
    throw new ScorerError("unsupported", message, { cause });
  }
}

/** Whether any module may be compiled: here the shortest, which every browser knows. */
async function compilesAny() {
  try {
    await WebAssembly.compile(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0));
    return true;
  } catch {
    return false;
  }
}

/**
 * The short way, on which the browser checks the bytes and may keep the compiled code. It doesn't
 * say why it failed: damaged, not there, not declared as application/wasm.
 *
 * @param {URL} url
 */
async function compileStreamed(url) {
  try {
    return await WebAssembly.compileStreaming(fetch(url, { integrity: INTEGRITY }));
  } catch (cause) {
    if (cause instanceof WebAssembly.CompileError) throw cause;
    return undefined;
  }
}
