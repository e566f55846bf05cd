/** The panel: the element, what rules find, what is known of the post's author and brand, and a line to the page. */
import { loadChecks } from "../bsmv/checks.js";
import "../bsmv/element.js";
import { languageOfTag } from "../bsmv/element/speech.js";
import { readCount } from "../page/counts.js";
import { follow, keep } from "./settings.js";
import { translate } from "./words.js";

/** @import { BsmvScorer } from "../bsmv/element.js" */
/** @import { Brand, CheckRequest, Checks } from "../bsmv/types.js" */
/** @import { FromPanel, ToPanel } from "./content.js" */

translate();

/** @param {string} id */
const input = (id) => /** @type {HTMLInputElement} */ (document.getElementById(id));
const scorer = /** @type {BsmvScorer} */ (document.querySelector("bsmv-scorer"));
const main = /** @type {HTMLElement} */ (document.querySelector("main"));
const wrong = /** @type {HTMLElement} */ (document.getElementById("followers-wrong"));

/** @type {Brand[]} */
const brands = await (await fetch("brands.json")).json();
const options = brands.map(({ name }) => new Option(name, name));
document.getElementById("brands")?.append(...options);

/** @param {string} written a brand's name: a profile's, else of a brand that only has a name */
function brandOf(written) {
  const sought = written.trim().toLowerCase();
  if (sought === "") return undefined;
  const known = brands.find(({ name, aliases = [] }) =>
    [name, ...aliases].some((name) => name.toLowerCase() === sought),
  );
  return known ?? { name: written.trim() };
}

follow(({ brand, followers }) => {
  for (const [name, value] of Object.entries({ brand, followers })) {
    // What is being written is newer.
    if (document.activeElement !== input(name)) input(name).value = value;
  }
  const count = readCount(followers);
  const unread = followers.trim() !== "" && count === undefined;
  wrong.hidden = !unread;
  input("followers").ariaInvalid = String(unread);
  scorer.brand = brandOf(brand);
  scorer.followers = count === undefined ? "" : String(count);
  showChecks();
});
for (const name of ["brand", "followers"]) {
  input(name).addEventListener("change", () => keep({ [name]: input(name).value }));
}

const checks = /** @type {HTMLDetailsElement} */ (document.getElementById("checks"));
/** @type {((request: CheckRequest) => Checks) | undefined} */
let check;
loadChecks().then((loaded) => {
  check = loaded;
  showChecks();
});

function findings() {
  const { platform, brand, request } = scorer;
  const post = /** @type {CheckRequest["post"]} */ ({ ...request?.post, platform });
  const locale = languageOfTag(document.documentElement.lang);
  try {
    return post.text?.trim() ? (check?.({ post, brand, locale }).findings ?? []) : [];
  } catch {
    // What can't be read can't be scored either, which is said there.
    return [];
  }
}

/** Shows what rules find in the draft: that needs no model. */
function showChecks() {
  const found = findings();
  checks.hidden = found.length === 0;
  const [summary, list] = checks.children;
  summary.textContent = chrome.i18n.getMessage("checks", String(found.length));
  list.replaceChildren(
    ...found.map(({ message }) => {
      const item = document.createElement("li");
      item.textContent = message;
      return item;
    }),
  );
}

/** @type {chrome.runtime.Port | undefined} */
let page;
/** @param {FromPanel} message */
const tell = (message) => page?.postMessage(message);

/** Listens to the page that the panel stands in. */
async function connect() {
  const tab = await chrome.tabs.getCurrent();
  if (!tab) return;
  page = chrome.tabs.connect(tab.id, { frameId: 0 });
  page.onMessage.addListener((/** @type {ToPanel} */ { text, title, platform }) => {
    scorer.platform = platform;
    scorer.request = { post: { text, ...(title?.trim() && { title }) } };
    showChecks();
  });
  page.onDisconnect.addListener(() => {
    page = undefined;
  });
  tell({ height: heightOf() });
}

/** With the border round it. */
const heightOf = () => Math.ceil(main.getBoundingClientRect().height) + 2;

connect();
// A page that the browser kept and brings back has lost its line.
addEventListener("pageshow", ({ persisted }) => persisted && connect());
new ResizeObserver(() => tell({ height: heightOf() })).observe(main);
addEventListener("keydown", ({ key }) => key === "Escape" && tell({ close: true }));
