/** What an edge host makes of the imports that aren't JavaScript. */
declare module "*/bsmv_bg.wasm" {
  const module: WebAssembly.Module;
  export default module;
}
declare module "*.safetensors" {
  const bytes: ArrayBuffer;
  export default bytes;
}
declare module "*/manifest.json" {
  const bytes: ArrayBuffer;
  export default bytes;
}
declare module "*/tokenizer.json" {
  const bytes: ArrayBuffer;
  export default bytes;
}
