/** @import { CheckRequest, Checks, InitOptions } from "./types.js" */
import { checks } from "../pkg/bsmv.js";
import { fromModule } from "./errors.js";
import { toJson } from "./json.js";
import { loadModule } from "./module.js";

/**
 * Loads the module alone, without a model: what rules find in a draft is there from the first second.
 *
 * @param {Pick<InitOptions, "wasm">} [options]
 * @returns {Promise<(request: CheckRequest) => Checks>} throws as scorers do; takes well under a millisecond
 */
export async function loadChecks({ wasm } = {}) {
  await loadModule(wasm);
  return (request) => {
    const json = toJson(request);
    try {
      return checks(json);
    } catch (thrown) {
      throw fromModule(thrown);
    }
  };
}
