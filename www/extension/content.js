/** On each of the sites: follows the composer, and hands what is written to the panel. */
import { Beside } from "./beside.js";
import { findComposer, isThere, readDraft } from "./composer.js";
import { follow } from "./settings.js";
import { SITES } from "./sites.js";

/** @import { Composer } from "./composer.js" */
/** @import { Site } from "./sites.js" */

/** What the panel is told: the draft as it stands. @typedef {import("./composer.js").Draft & { platform: string }} ToPanel */
/** What it tells: how high it is, or that it was closed. @typedef {{ height?: number, close?: true }} FromPanel */

/** Least milliseconds from one look at a changing page to the next. */
const PAUSE = 150;

class Follower {
  #site;
  #beside = new Beside();
  /** @type {Composer | undefined} */
  #composer;
  /** @type {chrome.runtime.Port | undefined} */
  #panel;
  /** What the panel was told last, as JSON. */
  #told = "";
  /** Whether letters are being composed: they aren't words yet. */
  #composing = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #planned;
  #over = new AbortController();
  #changes = new MutationObserver(() => this.#plan());

  /** @param {Site} site */
  constructor(site) {
    this.#site = site;
  }

  start() {
    this.#over = new AbortController();
    const { signal } = this.#over;
    const on = (/** @type {string} */ type, /** @type {(event: any) => void} */ heard) =>
      addEventListener(type, heard, { capture: true, passive: true, signal });
    on("focusin", ({ target }) => {
      // Another composer may be in use now.
      if (target instanceof Element && target.matches(this.#site.field)) this.#forget();
    });
    on("input", () => this.#tell());
    on("compositionstart", () => {
      this.#composing = true;
    });
    on("compositionend", () => {
      this.#composing = false;
      this.#tell();
    });
    on("scroll", () => this.#beside.move());
    on("resize", () => this.#beside.move());
    chrome.runtime.onConnect.addListener(this.#connected);
    this.#changes.observe(document, { childList: true, characterData: true, subtree: true });
    this.#look();
  }

  stop() {
    this.#over.abort();
    this.#changes.disconnect();
    clearTimeout(this.#planned);
    this.#planned = undefined;
    this.#composer = undefined;
    this.#beside.show();
    chrome.runtime.onConnect?.removeListener(this.#connected);
  }

  /** The panel is there, for the first time or again. */
  #connected = (/** @type {chrome.runtime.Port} */ port) => {
    this.#panel = port;
    this.#told = "";
    port.onMessage.addListener((/** @type {FromPanel} */ { height, close }) => {
      if (height) this.#beside.fit(height);
      if (close) this.#beside.close();
    });
    port.onDisconnect.addListener(() => {
      if (this.#panel === port) this.#panel = undefined;
    });
    this.#tell();
  };

  #forget() {
    this.#composer = undefined;
    this.#plan();
  }

  /** Looks soon, once for all that changes until then. */
  #plan() {
    this.#planned ??= setTimeout(() => this.#look(), PAUSE);
  }

  #look() {
    this.#planned = undefined;
    // The extension was updated or removed: its new self starts with the next page.
    if (!chrome.runtime?.id) return this.stop();
    if (!this.#composer || !isThere(this.#composer)) this.#composer = findComposer(this.#site);
    this.#beside.show(this.#composer?.box);
    this.#tell();
  }

  #tell() {
    if (!this.#panel || !this.#composer || this.#composing) return;
    /** @type {ToPanel} */
    const draft = { ...readDraft(this.#composer), platform: this.#site.platform };
    const json = JSON.stringify(draft);
    if (json === this.#told) return;
    this.#told = json;
    this.#panel.postMessage(draft);
  }
}

const site = SITES.find(({ host }) => host === location.hostname);
if (site) {
  const follower = new Follower(site);
  let on = false;
  follow(({ off }) => {
    const wanted = !off.includes(site.platform);
    if (wanted === on) return;
    on = wanted;
    if (on) follower.start();
    else follower.stop();
  });
}
