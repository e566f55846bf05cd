/** @import { Brand, DiffusionPage, Score, ScoreRequest, Weights } from "./bsmv/types.js" */
import { ScorerError } from "./bsmv/errors.js";
import { initWorker } from "./bsmv/worker-scorer.js";
import { element, make } from "./page/dom.js";
import { follow } from "./page/follow.js";
import { demoGraph } from "./page/graph.js";
import { loadTopics, platformName } from "./page/notes.js";
import { current, switchLanguage, text, textIfAny, translatePage } from "./page/strings.js";
import { show } from "./page/view.js";
import { explainSoon, hideWhy, showWhyAgain, stopExplaining } from "./page/why.js";
import { PLATFORMS, PRESETS } from "./pkg/constants.js";

const MODEL = new URL("models/bsmv-base/manifest.json", document.baseURI);
const BRANDS = new URL("models/brands.json", document.baseURI);
/** Milliseconds without a key before the draft is scored. */
const PAUSE = 150;

const EXAMPLES = [
  {
    draft: "早上赶地铁顺手买了瑞幸的生椰拿铁，冰块给得刚好，喝完一上午都精神，喜欢！",
    platform: "weibo",
    brand: "luckin",
  },
  {
    draft:
      "Third update this month and the app still loses my saved routes. Broken, and support hasn't answered in a week.",
    platform: "x",
    brand: "",
  },
  {
    draft: "客服说三天内到货，今天第九天了还在“打包中”，太让人失望了。",
    platform: "weibo",
    brand: "jd",
  },
  {
    draft:
      "Built the old LEGO lighthouse with my daughter over the weekend. Great instructions, no missing bricks, love it.",
    platform: "x",
    brand: "lego",
  },
];

/** The field of the form that stands for a field of the request, the longest match first. */
const CONTROLS = /** @type {const} */ ([
  ["post.author.followers", "followers"],
  ["post", "draft"],
  ["brand.positioning", "positioning"],
  ["brand", "name"],
  ["stored", "stored"],
  ["graph", "file"],
]);

const form = element("form", HTMLFormElement);
const draft = element("draft", HTMLTextAreaElement);
const platform = element("platform", HTMLSelectElement);
const followers = element("followers", HTMLInputElement);
const brand = element("brand", HTMLSelectElement);
const name = element("name", HTMLInputElement);
const positioning = element("positioning", HTMLTextAreaElement);
const weights = element("weights", HTMLSelectElement);
const graph = element("graph", HTMLSelectElement);
const stored = element("stored", HTMLInputElement);
const file = element("file", HTMLInputElement);

/** @type {Awaited<ReturnType<typeof initWorker>> | undefined} */
let scorer;
/** @type {Map<string, Brand>} */
const brands = new Map();
/** @type {DiffusionPage | undefined} */
let demo;
/** What the chosen file holds; the scorer judges whether it is a graph. @type {unknown} */
let fileGraph;
/** The graph of the post that is followed, as last seen. @type {DiffusionPage | undefined} */
let followed;
/** Stops following. @type {(() => void) | undefined} */
let unfollow;
/** Number of the newest request: answers to older ones are thrown away. */
let newest = 0;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
let example = 0;
/** The answer on the page. @type {{ score: Score, about: { brand: boolean, ms: number } } | undefined} */
let shown;
/** What stands in the box for errors. @type {unknown} */
let failed;

offer();
translate();
wire();
await Promise.all([loadBrands(), loadTopics(MODEL), start()]);

/** Loads the scorer, then scores what stands in the form. */
async function start() {
  element("loading", HTMLElement).hidden = false;
  try {
    scorer = await initWorker({ model: MODEL, onProgress });
  } catch (error) {
    return showError(error);
  } finally {
    element("loading", HTMLElement).hidden = true;
  }
  await update();
}

/** @param {{ loaded: number, total: number }} progress */
function onProgress({ loaded, total }) {
  element("progress", HTMLProgressElement).value = loaded / total;
  const mb = (/** @type {number} */ bytes) => (bytes / 1e6).toFixed(1);
  const words = text("loaded", { loaded: mb(loaded), total: mb(total) });
  const label = document.querySelector("#loading label");
  if (label) label.textContent = words;
}

async function loadBrands() {
  /** @type {Brand[]} */
  let profiles = [];
  try {
    const response = await fetch(BRANDS);
    if (response.ok) profiles = await response.json();
  } catch {
    // Without profiles a brand can still be described.
  }
  for (const language of /** @type {const} */ (["zh", "en"])) {
    const group = document.createElement("optgroup");
    group.dataset.label = language === "zh" ? "brandsZh" : "brandsEn";
    for (const profile of profiles.filter((p) => p.language === language)) {
      const id = profile.id ?? profile.name;
      brands.set(id, profile);
      const option = new Option(profile.name, id);
      option.lang = language;
      group.append(option);
    }
    if (group.childElementCount > 0) brand.append(group);
  }
  translatePage();
}

function wire() {
  form.addEventListener("submit", (event) => event.preventDefault());
  // Half-composed characters aren't words yet: wait for the end of the composition.
  form.addEventListener("input", (event) => {
    if (!(event instanceof InputEvent && event.isComposing)) soon();
  });
  form.addEventListener("compositionend", soon);
  file.addEventListener("change", readFile);
  graph.addEventListener("input", () => {
    demo = Number(graph.value) > 0 ? demoGraph(Number(graph.value)) : undefined;
    followStored();
  });
  stored.addEventListener("change", followStored);
  element("example", HTMLButtonElement).addEventListener("click", () => {
    const next = EXAMPLES[example++ % EXAMPLES.length];
    draft.value = next.draft;
    platform.value = next.platform;
    brand.value = brands.has(next.brand) ? next.brand : "";
    soon();
  });
  element("language", HTMLButtonElement).addEventListener("click", () => {
    switchLanguage();
    translate();
    showAgain();
  });
}

/** Fills the lists of what the scorer knows. */
function offer() {
  platform.append(...PLATFORMS.map((name) => new Option("", name)));
  for (const preset of Object.keys(PRESETS)) {
    const option = new Option("", preset);
    option.dataset.text = preset;
    weights.append(option);
  }
}

/** Puts the language's words into the page; the button that switches speaks the other one. */
function translate() {
  translatePage();
  for (const option of platform.options) option.text = platformName(option.value);
  element("language", HTMLButtonElement).lang = current() === "en" ? "zh-Hans" : "en";
}

/** Scores after a pause in typing; what the words of the older draft did is of no use any more. */
function soon() {
  clearTimeout(timer);
  stopExplaining();
  timer = setTimeout(update, PAUSE);
}

/** Follows the post whose id stands in the form, if that is what was chosen. */
function followStored() {
  unfollow?.();
  unfollow = followed = undefined;
  const id = stored.value.trim();
  if (graph.value !== "stored" || id === "") return;
  const seen = (/** @type {DiffusionPage} */ page) => {
    followed = page;
    update();
  };
  unfollow = follow(id, seen, (error) => {
    const { code = "internal" } = error instanceof ScorerError ? error : {};
    showError(new ScorerError(code, `stored: ${error}`, { field: "stored" }));
  });
}

async function readFile() {
  const chosen = file.files?.[0];
  try {
    fileGraph = chosen && JSON.parse(await chosen.text());
  } catch {
    fileGraph = undefined;
    return showError(new ScorerError("malformed_json", text("notJson"), { field: "graph" }));
  }
  await update();
}

/** The form as a request. What is wrong with it is for the scorer to say. @returns {ScoreRequest} */
function request() {
  const count = followers.value.replace(/[\s,，]/g, "");
  return {
    post: {
      text: draft.value,
      platform: /** @type {ScoreRequest["post"]["platform"]} */ (platform.value),
      ...(count !== "" && { author: { followers: Number(count) } }),
    },
    ...(brand.value === "own" && { brand: { name: name.value, positioning: positioning.value } }),
    ...(brands.has(brand.value) && { brand: brands.get(brand.value) }),
    ...(demo && { graph: demo }),
    ...(followed && { graph: followed }),
    ...(graph.value === "file" && fileGraph !== undefined
      ? { graph: /** @type {DiffusionPage} */ (fileGraph) }
      : {}),
    // A brand's own weights stand where nothing else was chosen.
    ...(weights.value !== "balanced" && {
      weights: PRESETS[/** @type {keyof typeof PRESETS} */ (weights.value)],
    }),
  };
}

/** Scores the form as it stands and shows the answer, unless a newer one is under way. */
async function update() {
  const mine = ++newest;
  stopExplaining();
  showForm();
  const empty = draft.value.trim() === "";
  element("empty", HTMLElement).hidden = !empty || !scorer;
  if (!scorer) return;
  if (empty) {
    clearError();
    hideAnswer();
    return;
  }
  const begin = performance.now();
  try {
    const asked = request();
    const score = await scorer.score(asked);
    if (mine !== newest) return;
    const ms = performance.now() - begin;
    if (score.bsmv === null) {
      hideAnswer();
      showError(new Error(score.refused.message));
      return;
    }
    clearError();
    shown = { score, about: { brand: brand.value !== "", ms } };
    show(score, shown.about);
    element("answer", HTMLElement).hidden = false;
    await explainSoon(scorer, asked);
  } catch (error) {
    if (mine !== newest) return;
    showError(error);
    if (error instanceof ScorerError && error.code === "panic") await restart();
  }
}

/** Shows form, answer and error again in the page's language: nothing is computed for it. */
function showAgain() {
  showForm();
  if (!element("error", HTMLElement).hidden) return showError(failed);
  if (!shown || element("answer", HTMLElement).hidden) return;
  show(shown.score, shown.about);
  showWhyAgain();
}

/** What in the form depends on other parts of it. */
function showForm() {
  element("own", HTMLElement).hidden = brand.value !== "own";
  element("stored-field", HTMLElement).hidden = graph.value !== "stored";
  element("file-field", HTMLElement).hidden = graph.value !== "file";
  const about = element("about", HTMLElement);
  const profile = brands.get(brand.value);
  about.hidden = !profile?.positioning;
  about.textContent = profile?.positioning ?? "";
  about.lang = profile?.language ?? "";
  const n = [...draft.value].length;
  element("length", HTMLElement).textContent = n > 0 ? text("characters", { n }) : "";
}

/** A new scorer after a panic; the text that broke the last one isn't tried again. */
async function restart() {
  scorer?.dispose();
  scorer = undefined;
  try {
    scorer = await initWorker({ model: MODEL });
    element("error", HTMLElement).textContent = text("again");
  } catch (error) {
    showError(error);
  }
}

/** @param {unknown} error */
function showError(error) {
  clearError();
  failed = error;
  const box = element("error", HTMLElement);
  const {
    code = "internal",
    field = "",
    message,
  } = error instanceof ScorerError ? error : { message: String(error) };
  const control = CONTROLS.find(([path]) => field === path || field.startsWith(`${path}.`))?.[1];
  if (control) {
    const input = document.getElementById(control);
    input?.setAttribute("aria-invalid", "true");
    input?.setAttribute("aria-errormessage", "error");
  }
  const label = control && textIfAny(control === "file" ? "graph" : control);
  const rest =
    label && message.startsWith(`${field}: `) ? message.slice(field.length + 2) : message;
  const count = control === "followers";
  const words = make("span", "", count ? text("notCount") : rest);
  if (!count) words.lang = "en";
  box.replaceChildren(...(label ? [make("strong", "", label), ": "] : []), words);
  box.dataset.code = code;
  box.hidden = false;
  hideAnswer();
}

function hideAnswer() {
  hideWhy();
  element("answer", HTMLElement).hidden = true;
  element("brief", HTMLElement).textContent = "";
}

function clearError() {
  const box = element("error", HTMLElement);
  // Emptied as well as hidden, so that the same error is announced again.
  box.hidden = true;
  box.replaceChildren();
  delete box.dataset.code;
  for (const input of document.querySelectorAll("[aria-invalid]")) {
    input.removeAttribute("aria-invalid");
    input.removeAttribute("aria-errormessage");
  }
}
