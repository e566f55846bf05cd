/**
 * One contestant in a process of its own: `node child.mjs NAME`, started with a channel. Every
 * message `{ verb, items, runs }` is answered by one.
 */
import { CONTESTANTS, linearMemory, time, vectors } from "./contestants.js";
import { disk } from "./site.mjs";

const send = (/** @type {unknown} */ answer) => process.send?.(answer);

const contestant = await CONTESTANTS[process.argv[2]](disk);

process.on("message", async (/** @type {any} */ { verb, items, runs }) => {
  if (verb === "time") send(await time(contestant, items, runs));
  if (verb === "vectors") send(await vectors(contestant, items));
  // Of the whole process: kilobytes.
  if (verb === "memory") {
    send({ linear: linearMemory(), resident: process.resourceUsage().maxRSS * 1024 });
  }
});
