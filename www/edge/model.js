/**
 * The module and the bundle as the host hands them over: one compiled, the others as bytes.
 *
 * @import { ReadFile } from "../bsmv/types.js"
 */
import diffusion from "../model/diffusion.safetensors";
import encoder from "../model/encoder_int8.safetensors";
import heads from "../model/heads.safetensors";
import manifest from "../model/manifest.json";
import tokenizer from "../model/tokenizer.json";
import wasm from "../pkg/bsmv_bg.wasm";

export { wasm };

/** @type {Record<string, ArrayBuffer>} */
const files = {
  "diffusion.safetensors": diffusion,
  "encoder_int8.safetensors": encoder,
  "heads.safetensors": heads,
  "manifest.json": manifest,
  "tokenizer.json": tokenizer,
};

/** @type {ReadFile} */
export const readModel = async (name) => new Uint8Array(files[name]);
