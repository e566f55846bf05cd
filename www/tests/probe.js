/** The edge worker with what only tests ask of it: sentence vectors, and the module's memory. */
// @ts-expect-error: the package's place in workerd, see workerd.mjs
import { init } from "./bsmv/scorer.js";
// @ts-expect-error: likewise
import { readModel, wasm } from "./edge/model.js";
// @ts-expect-error: likewise
import edge from "./edge/worker.js";
// @ts-expect-error: likewise
import initModule from "./pkg/bsmv.js";

/** @type {Promise<import("../bsmv/scorer.js").LocalScorer> | undefined} */
let scorer;

export default {
  /**
   * @param {Request} request
   * @param {object} env
   */
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    if (pathname === "/embed") {
      scorer ??= init({ wasm, model: readModel });
      const vector = await (await scorer)?.embed(await request.text());
      return new Response(new Float32Array(vector ?? []));
    }
    if (pathname === "/memory") {
      const { memory } = await initModule();
      return Response.json({ linear: memory.buffer.byteLength });
    }
    return edge.fetch(request, env);
  },
};
