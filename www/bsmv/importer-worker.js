/**
 * The worker's side of `readPast` and `readDrafts`: reads one file.
 *
 * @import { Asked, Answered } from "./importer.js"
 */
import initModule, { drafts, past } from "../pkg/importer.js";
import { IMPORTER_INTEGRITY } from "../pkg/integrity.js";

/** Loads the module, of which the browser checks that it is this release's. */
async function load() {
  const url = new URL("../pkg/importer_bg.wasm", import.meta.url);
  const response = await fetch(url, { integrity: IMPORTER_INTEGRITY });
  if (!response.ok) throw new Error(`${url.pathname}: status ${response.status}`);
  await initModule({ module_or_path: await WebAssembly.compile(await response.arrayBuffer()) });
}

/** @param {Answered} answered */
const answer = (answered) => globalThis.postMessage(answered);

globalThis.addEventListener("message", async (event) => {
  const { what, bytes, offset } = /** @type {Asked} */ (event.data);
  try {
    await load();
  } catch (cause) {
    const message = `what reads files could not be loaded: ${cause}`;
    return answer({ error: { code: "download", message } });
  }
  try {
    answer({ value: { past, drafts }[what](new Uint8Array(bytes), offset) });
  } catch (thrown) {
    const { code, message } = /** @type {{ code?: string, message?: string }} */ (thrown);
    // What the module threw has a code; what broke it hasn't.
    answer({ error: { code: code ?? "panic", message: message ?? String(thrown) } });
  }
});
