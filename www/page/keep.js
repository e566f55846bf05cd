/**
 * What is kept on the device between visits: drafts, versions, own brands, past posts, settings. Each thing has
 * an entry of its own, so that two tabs never write over one another.
 */
import { createStore, del, get, promisifyRequest, set } from "idb-keyval";

/** @typedef {"draft" | "version" | "brand" | "past" | "settings"} Kind */
/** Why something could not be kept. @typedef {"full" | "unavailable"} Problem */

const CHANNEL = "bsmv-kept";

/** @type {ReturnType<typeof createStore> | undefined} */
let store;
const opened = () => {
  store ??= createStore("bsmv", "kept");
  return store;
};

const channel = globalThis.BroadcastChannel && new BroadcastChannel(CHANNEL);

/** @param {Kind} kind @param {string} id */
const keyOf = (kind, id) => `${kind}:${id}`;

/**
 * Keeps a value; other tabs hear of it.
 *
 * @param {Kind} kind
 * @param {string} id
 * @param {unknown} value
 * @returns {Promise<Problem | undefined>} nothing when it is on the disk
 */
export async function keep(kind, id, value) {
  try {
    await set(keyOf(kind, id), value, opened());
    channel?.postMessage(kind);
    return undefined;
  } catch (error) {
    return error instanceof DOMException && error.name === "QuotaExceededError"
      ? "full"
      : "unavailable";
  }
}

/** @param {Kind} kind @param {string} id @returns {Promise<any>} */
export async function recall(kind, id) {
  try {
    return await get(keyOf(kind, id), opened());
  } catch {
    return undefined;
  }
}

/**
 * All that is kept of a kind, the newest first.
 *
 * @param {Kind} kind
 * @returns {Promise<any[]>}
 */
export async function recallAll(kind) {
  try {
    // Of this kind alone: past posts are megabytes. ";" comes right after ":".
    const keys = IDBKeyRange.bound(keyOf(kind, ""), `${kind};`, false, true);
    /** @type {any[]} */
    const all = await opened()("readonly", (store) => promisifyRequest(store.getAll(keys)));
    return all.sort((a, b) => (b.at ?? 0) - (a.at ?? 0));
  } catch {
    return [];
  }
}

/** @param {Kind} kind @param {string} id */
export async function forget(kind, id) {
  await del(keyOf(kind, id), opened()).catch(() => {});
  channel?.postMessage(kind);
}

/** Asks the browser not to throw away what is kept when it runs out of room. */
export const keepForGood = () => navigator.storage?.persist?.().catch(() => false);

/**
 * Calls when another tab has changed something.
 *
 * @param {(kind: Kind) => void} heard
 */
export function onKept(heard) {
  channel?.addEventListener("message", ({ data }) => heard(data));
}

/**
 * The draft that this tab writes on: its own after a reload or a crash, else the newest that no
 * other tab has open, else a new one.
 *
 * @returns {Promise<Draft>}
 */
export async function ownDraft() {
  const drafts = await recallAll("draft");
  const mine = drafts.find(({ id }) => id === sessionStorage.getItem(CHANNEL));
  for (const draft of mine ? [mine] : drafts) {
    if (await claim(draft.id)) return draft;
  }
  return newDraft();
}

/**
 * A draft, and what it is written for as far as that was ever said.
 *
 * @typedef {{ id: string, title: string, text: string, at: number, platform?: string, brand?: string }} Draft
 */

/** @param {Partial<Draft>} [with_] @returns {Promise<Draft>} */
export async function newDraft(with_ = {}) {
  const draft = { id: crypto.randomUUID(), title: "", text: "", at: Date.now(), ...with_ };
  await claim(draft.id);
  return draft;
}

/** A draft of what another app shared, which the service worker holds. */
export async function sharedDraft() {
  history.replaceState(null, "", globalThis.location.pathname);
  const answer = await fetch(new URL("shared.json", document.baseURI)).catch(() => undefined);
  return answer?.status === 200 ? newDraft(await answer.json()) : ownDraft();
}

/** Lets go of the draft that this tab had. @type {(() => void) | undefined} */
let letGo;

/**
 * Makes a draft this tab's own for as long as it is open.
 *
 * @param {string} id
 * @returns {Promise<boolean>} false where another tab has it
 */
export async function claim(id) {
  if (!navigator.locks) {
    sessionStorage.setItem(CHANNEL, id);
    return true;
  }
  return new Promise((resolve) => {
    navigator.locks.request(`${CHANNEL}:${id}`, { ifAvailable: true }, (lock) => {
      resolve(lock !== null);
      if (!lock) return undefined;
      letGo?.();
      sessionStorage.setItem(CHANNEL, id);
      return new Promise((resolve) => {
        letGo = () => resolve(undefined);
      });
    });
  });
}
