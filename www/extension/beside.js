/** What stands beside a composer: a button, and the panel that it opens. */
import { place } from "./place.js";

/** Pixels. */
const BUTTON = { width: 36, height: 36 };
const PANEL_WIDTH = 344;
/** A panel that can't be as high as this isn't shown: nobody could read it. */
const PANEL_LEAST = 200;
/** As high as it gets: the rest is scrolled to. */
const PANEL_MOST = 480;

const STYLE = `
  :host {
    all: initial !important;
    position: fixed !important;
    z-index: 2147483647 !important;
    left: var(--bsmv-left) !important;
    top: var(--bsmv-top) !important;
    height: var(--bsmv-height) !important;
    display: block !important;
    color-scheme: light dark !important;
  }
  :host([hidden]) {
    display: none !important;
  }
  section {
    display: flex;
    flex-direction: column;
    align-items: flex-start;
    gap: 4px;
    height: 100%;
  }
  button {
    all: unset;
    box-sizing: border-box;
    flex: none;
    display: grid;
    place-items: center;
    width: ${BUTTON.width}px;
    height: ${BUTTON.height - 4}px;
    border: 1px solid light-dark(#7b8889, #7d8b8c);
    border-radius: 8px;
    background: light-dark(#ffffff, #1d2425);
    cursor: pointer;
  }
  button:hover,
  button[aria-expanded="true"] {
    background: light-dark(#e3eeec, #24403a);
  }
  button:focus-visible {
    outline: 3px solid light-dark(#14715f, #5cc4aa);
    outline-offset: 1px;
  }
  svg {
    width: 22px;
    height: 22px;
  }
  iframe {
    flex: 1;
    min-height: 0;
    width: ${PANEL_WIDTH}px;
    border: 1px solid light-dark(#7b8889, #7d8b8c);
    border-radius: 12px;
    background: light-dark(#f6f7f7, #14191a);
    box-sizing: border-box;
  }
  @media (forced-colors: active) {
    button {
      border-color: ButtonBorder;
    }
  }`;

const ICON = `<svg viewBox="0 0 32 32" aria-hidden="true">
  <rect width="32" height="32" rx="7" fill="#1f6f78"/>
  <path d="M5 20h22" stroke="#fff" stroke-width="3" stroke-linecap="round" opacity=".5"/>
  <path d="M16 12v16" stroke="#fff" stroke-width="2" opacity=".6"/>
  <circle cx="22" cy="20" r="4.5" fill="#fff"/>
</svg>`;

export class Beside {
  #host = document.createElement("div");
  #section;
  #button;
  /** @type {HTMLIFrameElement | undefined} */
  #panel;
  #panelHeight = PANEL_MOST;
  /** Whether the panel is wanted, also while there is no composer. */
  #open = false;
  /** The composer's box, if there is one. @type {HTMLElement | undefined} */
  #box;

  constructor() {
    this.#host.id = "bsmv-beside";
    const root = this.#host.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet];
    const name = chrome.i18n.getMessage("button");
    this.#section = document.createElement("section");
    this.#section.setAttribute("aria-label", "BSMV");
    this.#button = document.createElement("button");
    this.#button.type = "button";
    this.#button.accessKey = "b";
    this.#button.title = name;
    this.#button.setAttribute("aria-label", name);
    this.#button.setAttribute("aria-expanded", "false");
    this.#button.innerHTML = ICON;
    this.#button.addEventListener("click", () => this.#toggle());
    this.#section.append(this.#button);
    root.append(this.#section);
  }

  /** Shows it beside a composer; without one nothing is shown or kept in memory. @param {HTMLElement} [box] */
  show(box) {
    this.#box = box;
    if (!box) {
      this.#panel?.remove();
      this.#panel = undefined;
      return this.#host.remove();
    }
    if (!this.#host.isConnected) document.body.append(this.#host);
    if (this.#open) this.#load();
    this.move();
  }

  /** Stands where there is room now. */
  move() {
    if (!this.#box) return;
    const open = { width: PANEL_WIDTH, height: BUTTON.height + this.#panelHeight };
    const whole = this.#panel && this.#room(open, BUTTON.height + PANEL_LEAST);
    const found = whole ?? this.#room(BUTTON, BUTTON.height);
    this.#host.hidden = !found;
    if (this.#panel) this.#panel.hidden = !whole;
    if (!found) return;
    for (const side of /** @type {const} */ (["left", "top", "height"])) {
      this.#host.style.setProperty(`--bsmv-${side}`, `${Math.floor(found[side])}px`);
    }
  }

  /**
   * Room beside the dialog that the composer stands in, if it does, or at least beside itself.
   *
   * @param {import("./place.js").Size} size
   * @param {number} least
   */
  #room(size, least) {
    const { clientWidth: width, clientHeight: height } = document.documentElement;
    for (const box of [this.#box?.closest('[role="dialog"]'), this.#box]) {
      const found = box && place(box.getBoundingClientRect(), size, least, { width, height });
      if (found) return found;
    }
    return undefined;
  }

  /** Takes the height that all of the panel has. @param {number} height */
  fit(height) {
    this.#panelHeight = Math.min(height, PANEL_MOST);
    this.move();
  }

  /** Closes the panel and puts the focus on its button. */
  close() {
    if (this.#open) this.#toggle();
    this.#button.focus();
  }

  #toggle() {
    this.#open = !this.#open;
    this.#button.setAttribute("aria-expanded", String(this.#open));
    if (this.#open) this.#load();
    else {
      this.#panel?.remove();
      this.#panel = undefined;
    }
    this.move();
  }

  #load() {
    if (this.#panel) return;
    this.#panel = document.createElement("iframe");
    this.#panel.title = chrome.i18n.getMessage("panel");
    this.#panel.src = chrome.runtime.getURL("panel.html");
    this.#section.append(this.#panel);
  }
}
