/** @import { FileStore } from "./types.js" */
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** What this library's files begin with: the folder may hold others. */
const MARK = "bsmv-";
const OURS = /^bsmv-([0-9a-f]{64}-.+|manifest\.json)$/;

/**
 * Keeps files in a folder, which is made if need be.
 *
 * A store never makes loading fail: where it can't be read or written, files are loaded anew.
 *
 * @param {string} folder
 * @returns {FileStore}
 */
export function folderStore(folder) {
  /** @type {<T>(work: () => Promise<T>) => Promise<T | undefined>} */
  const attempt = async (work) => {
    try {
      return await work();
    } catch {
      return undefined;
    }
  };
  const path = (/** @type {string} */ key) => join(folder, MARK + key);
  return {
    get: (key) => attempt(async () => new Uint8Array(await readFile(path(key)))),
    put: (key, bytes) =>
      attempt(async () => {
        await mkdir(folder, { recursive: true });
        // Renamed when whole: another process sees all of it, or nothing.
        const part = `${path(key)}.${process.pid}`;
        await writeFile(part, bytes);
        await rename(part, path(key));
      }),
    keepOnly: (keys) =>
      attempt(async () => {
        const kept = keys.map((key) => MARK + key);
        for (const name of await readdir(folder)) {
          if (OURS.test(name) && !kept.includes(name)) await rm(join(folder, name));
        }
      }),
  };
}
