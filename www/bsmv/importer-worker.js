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

/** Things of a list that one message carries: all of a large file would hold the page up. */
const PART = 250;

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
    const value = { past, drafts }[what](new Uint8Array(bytes), offset);
    const list = what === "past" ? "posts" : "rows";
    const all = value[list];
    for (let from = 0; from < all.length; from += PART) {
      answer({ part: all.slice(from, from + PART) });
    }
    answer({ value: { ...value, [list]: [] }, list });
  } catch (thrown) {
    const { code, message } = /** @type {{ code?: string, message?: string }} */ (thrown);
    // What the module threw has a code; what broke it hasn't.
    answer({ error: { code: code ?? "panic", message: message ?? String(thrown) } });
  }
});
