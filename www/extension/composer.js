/** Finding the composer of a page, and reading it. */
import { readEditable } from "../bsmv/element/marks.js";

/** @import { Site } from "./sites.js" */

/**
 * Where a post is written.
 *
 * @typedef {object} Composer
 * @property {HTMLElement} box all of it
 * @property {HTMLElement} field the text
 * @property {HTMLElement} [title]
 */

/** @typedef {{ text: string, title?: string }} Draft */

/**
 * The composer in use: the one with the focus, else the first that can be seen.
 *
 * @param {Site} site
 * @returns {Composer | undefined}
 */
export function findComposer(site) {
  const fields = all(site.field).filter(canBeSeen);
  if (fields.length === 0) return undefined;
  /** @type {Composer | undefined} */
  let first;
  for (const beside of all(site.beside)) {
    // Names first: pages have many buttons, and whether one can be seen takes longer.
    if ((site.named && !site.named.test(nameOf(beside))) || !canBeSeen(beside)) continue;
    const found = around(beside, fields);
    if (!found) continue;
    const { box, own } = found;
    const focused = own.find((field) => field.contains(document.activeElement));
    const composer = { box, field: focused ?? own[0], ...(site.titled && { title: beside }) };
    if (box.contains(document.activeElement)) return composer;
    first ??= composer;
  }
  return first;
}

/** Whether a composer can still be written in. @param {Composer} composer */
export const isThere = ({ box, field, title = field }) =>
  box.contains(field) && box.contains(title) && canBeSeen(field);

/** @param {Composer} composer @returns {Draft} */
export function readDraft({ field, title }) {
  return { text: written(field), ...(title && { title: written(title) }) };
}

/**
 * The smallest box that holds an element and fields, and those fields.
 *
 * @param {HTMLElement} beside
 * @param {HTMLElement[]} fields
 */
function around(beside, fields) {
  for (let box = beside.parentElement; box && box !== document.body; box = box.parentElement) {
    const own = fields.filter((field) => field !== beside && box?.contains(field));
    if (own.length > 0) return { box, own };
  }
  return undefined;
}

/** @param {string} selector @returns {HTMLElement[]} */
const all = (selector) => /** @type {HTMLElement[]} */ ([...document.querySelectorAll(selector)]);

/** @param {HTMLElement} element */
const canBeSeen = (element) => element.checkVisibility({ visibilityProperty: true });

/** @param {HTMLElement} element */
function nameOf(element) {
  const label = element.getAttribute("aria-label") ?? element.getAttribute("placeholder");
  return (label ?? element.textContent ?? "").trim();
}

/** @param {HTMLElement} field */
function written(field) {
  return "value" in field ? String(field.value) : readEditable(field).text;
}
