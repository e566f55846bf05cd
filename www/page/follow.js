/** @import { DiffusionPage } from "../bsmv/types.js" */
import { DiffusionClient } from "../bsmv/diffusion.js";

/** Milliseconds between two questions whether anything has happened. */
const EVERY = 2000;

const client = new DiffusionClient({ base: document.baseURI });

/**
 * Follows a stored post: asks the API for its graph again and again, and hands on each graph
 * that differs from the last one. An error is handed on too, and asking goes on. While nobody looks
 * at the page nothing is asked.
 *
 * @param {string} id
 * @param {(graph: DiffusionPage) => void} onGraph
 * @param {(error: unknown) => void} onError
 * @returns {() => void} stops following
 */
export function follow(id, onGraph, onError) {
  const stop = new AbortController();
  const { signal } = stop;
  const ask = async () => {
    if (document.visibilityState === "hidden") {
      document.addEventListener("visibilitychange", ask, { once: true, signal });
      return;
    }
    try {
      const { page, unchanged } = await client.get(id, { signal });
      if (!unchanged || first) onGraph(page);
      first = false;
    } catch (error) {
      if (!signal.aborted) onError(error);
    }
    if (!signal.aborted) timer = setTimeout(ask, EVERY);
  };
  let first = true;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  signal.addEventListener("abort", () => clearTimeout(timer));
  ask();
  return () => stop.abort();
}
