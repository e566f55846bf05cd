/**
 * `<bsmv-scorer>`: the score of what is written in a field, beside it, computed on the device.
 *
 * @import { Brand, DiffusionPage, Scorer, ScoreRequest, SessionState, Weights } from "./types.js"
 */
import { LitElement } from "lit";
import { Announcer } from "./element/announcer.js";
import { timeToDraw } from "./element/drawing.js";
import { Marks, readEditable } from "./element/marks.js";
import { elementSpeech, languageOfTag } from "./element/speech.js";
import { STYLE } from "./element/style.js";
import { spoken, verdictOf } from "./element/verdict.js";
import { view } from "./element/view.js";
import { Session } from "./session.js";
import { shareWorker } from "./shared-scorer.js";

/** States that style sheets can ask for, as in `bsmv-scorer:state(stale)`. */
const STATES = /** @type {const} */ (["loading", "scoring", "stale", "error"]);

/** Milliseconds that what was said stays: long enough to be heard, too short to be met again. */
const SAID = 4000;

/** What is typed into by name. @typedef {HTMLTextAreaElement | HTMLInputElement} Field */

export class BsmvScorer extends LitElement {
  static formAssociated = true;
  static styles = STYLE;
  static properties = {
    for: {},
    model: {},
    cache: {},
    name: {},
    platform: {},
    followers: {},
    explain: {},
    view: { reflect: true },
    bar: { type: Boolean },
    brand: { attribute: false },
    weights: { attribute: false },
    graph: { attribute: false },
    request: { attribute: false },
    baseline: { attribute: false },
    scorer: { attribute: false },
  };

  #internals = this.attachInternals();
  #marks = new Marks();
  #announcer = new Announcer((words) => this.#say(words));
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #saying;
  /** @type {Session | undefined} */
  #session;
  /** Ends listening to the page. */
  #gone = new AbortController();
  /** @type {IntersectionObserver | undefined} */
  #seen;
  /** @type {MutationObserver | undefined} */
  #languages;
  /** The score that events told of last. @type {Partial<SessionState>} */
  #told = {};

  constructor() {
    super();
    /** Id of the field whose text is scored: a textarea, an input, or an element that is edited. @type {string} */
    this.for = "";
    /** Address of the bundle's `manifest.json`. @type {string} */
    this.model = "";
    /** Name of the cache that keeps module and model; empty: the browser's own decides. @type {string} */
    this.cache = "";
    /** Name of the score in the form that the element stands in. @type {string} */
    this.name = "";
    /** @type {string} */
    this.platform = "";
    /** The author's; empty: unknown. @type {string} */
    this.followers = "";
    /** @type {"none" | "sentence" | "words"} */
    this.explain = "words";
    /** @type {"badge" | "panel" | "full"} */
    this.view = "panel";
    /** Whether narrow windows get a bar at their lower edge, with score, progress and errors. @type {boolean} */
    this.bar = false;
    /** @type {Brand | undefined} */
    this.brand = undefined;
    /** @type {Weights | undefined} */
    this.weights = undefined;
    /** @type {DiffusionPage | undefined} */
    this.graph = undefined;
    /**
     * Fields of the request that take precedence over all others.
     *
     * @type {Partial<Omit<ScoreRequest, "post">> & { post?: Partial<ScoreRequest["post"]> } | undefined}
     */
    this.request = undefined;
    /** A score to compare with, and what it is called. @type {(import("./element/verdict.js").Worth & { name: string }) | undefined} */
    this.baseline = undefined;
    /** Scores in place of the worker that the element shares with others. @type {Scorer | undefined} */
    this.scorer = undefined;
  }

  /** All that is known of the draft; see `SessionState`. @returns {SessionState} */
  get state() {
    return this.#session?.state ?? { phase: "empty", stale: false };
  }

  /** The score that is shown. */
  get score() {
    return this.state.score;
  }

  /** What moved it, if that is known. */
  get explanation() {
    return this.state.explained ? this.state.explanation : undefined;
  }

  /** Reads the field again, and tries again what failed. */
  rescore() {
    this.#update();
    this.#session?.retry();
  }

  /** Says the score now, to who listens. */
  announce() {
    if (this.score) this.#say(spoken(this.score, this.#speech));
  }

  /** Request, score and explanation, for keeping. */
  toJSON() {
    const { request, score } = this.state;
    return { request, score, explanation: this.explanation };
  }

  connectedCallback() {
    super.connectedCallback();
    this.#gone = new AbortController();
    const { signal } = this.#gone;
    document.addEventListener("visibilitychange", () => this.#look(), { signal });
    addEventListener("online", () => this.#session?.retry(), { signal });
    this.#seen = new IntersectionObserver((entries) => {
      if (entries.some(({ isIntersecting }) => isIntersecting)) this.#begin();
    });
    this.#seen.observe(this);
    this.#languages = new MutationObserver(() => this.#turn());
    for (const node of [this, document.documentElement]) {
      this.#languages.observe(node, { attributeFilter: ["lang"] });
    }
    // The field may stand behind the element in the page.
    queueMicrotask(() => this.isConnected && this.#listen(signal));
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.#gone.abort();
    this.#seen?.disconnect();
    this.#languages?.disconnect();
    this.#marks.clear();
    this.#announcer.forget();
    clearTimeout(this.#saying);
    this.#session?.dispose();
    this.#session = undefined;
  }

  /** After the first time in a task of its own: neither a key nor a frame waits for it. */
  async scheduleUpdate() {
    if (this.hasUpdated) await timeToDraw();
    return super.scheduleUpdate();
  }

  /** @param {Map<string, unknown>} changed */
  updated(changed) {
    if (["model", "scorer", "explain"].some((name) => changed.get(name) !== undefined)) {
      this.#session?.dispose();
      this.#session = undefined;
      this.#begin();
    }
    if (this.bar || this.scorer) this.#begin();
    if ([...changed.keys()].some((name) => !["view", "bar", "baseline"].includes(name))) {
      this.#update();
    }
  }

  render() {
    const { on } = this;
    const shown = {
      state: this.state,
      speech: this.#speech,
      view: this.view,
      bar: this.bar,
      explains: this.explain !== "none",
      baseline: this.baseline,
      on,
    };
    return view(shown);
  }

  /** What buttons do. */
  on = {
    retry: () => this.#session?.retry(),
    findWords: () => this.#session?.explainWords(),
    reveal: () => this.scrollIntoView({ block: "start" }),
  };

  get #speech() {
    return elementSpeech(languageOfTag(this.#tag));
  }

  get #tag() {
    return this.closest("[lang]")?.getAttribute("lang") ?? document.documentElement.lang;
  }

  /** The page speaks another language now. */
  #turn() {
    this.#announcer.forget();
    this.requestUpdate();
    this.#update();
  }

  /** @param {AbortSignal} signal */
  #listen(signal) {
    const field = this.#field;
    if (field?.isContentEditable) this.#marks.prepare(field);
    field?.addEventListener("focus", () => this.#begin(), { signal });
    // Half-composed characters aren't words yet: wait for the end of the composition.
    field?.addEventListener(
      "input",
      (event) => {
        this.#begin();
        if (!(event instanceof InputEvent && event.isComposing)) this.#update();
      },
      { signal },
    );
    field?.addEventListener("compositionend", () => this.#update(), { signal });
    this.#update();
  }

  /** @returns {HTMLElement | null} */
  get #field() {
    const root = /** @type {Document | ShadowRoot} */ (this.getRootNode());
    return this.for ? root.getElementById(this.for) : null;
  }

  /** Loads the scorer, once somebody sees the element or writes. */
  #begin() {
    if (this.#session || !this.isConnected || (!this.model && !this.scorer)) return;
    const { scorer, model, cache } = this;
    const session = new Session({
      explain: this.explain,
      load: async (options) => {
        if (!scorer) return shareWorker({ model, ...(cache && { cache }), ...options });
        // Who gave it disposes of it.
        return Object.create(scorer, { dispose: { value: () => {} } });
      },
    });
    this.#session = session;
    session.addEventListener("change", () => session === this.#session && this.#changed());
    this.#look();
    session.prepare();
    this.#update();
  }

  #look() {
    if (document.visibilityState === "hidden") this.#session?.pause();
    else this.#session?.resume();
  }

  #update() {
    const request = this.#requested();
    this.#session?.update(request.post.text.trim() === "" ? undefined : request);
  }

  /** @returns {ScoreRequest} */
  #requested() {
    const field = this.#field;
    const { request = {}, platform, followers, brand, weights, graph } = this;
    const text = field ? textOf(field) : "";
    return {
      ...(brand && { brand }),
      ...(weights && { weights }),
      ...(graph && { graph }),
      locale: languageOfTag(this.#tag),
      ...request,
      post: {
        text,
        ...(platform && { platform: /** @type {ScoreRequest["post"]["platform"]} */ (platform) }),
        ...(followers !== "" && { author: { followers: Number(followers) } }),
        ...request.post,
      },
    };
  }

  #changed() {
    this.requestUpdate();
    const { phase, stale, score, progress, words, wordsPost, error, explained } = this.state;
    const states = { loading: phase === "loading", scoring: phase === "scoring", stale, error };
    for (const state of STATES) {
      if (states[state]) this.#internals.states.add(state);
      else this.#internals.states.delete(state);
    }
    this.#internals.ariaBusy = String(["loading", "scoring"].includes(phase));
    this.#internals.setFormValue(score?.bsmv == null ? null : String(score.bsmv));
    const told = this.#told;
    this.#told = this.state;
    if (progress && progress !== told.progress) this.#tell("bsmv-progress", progress);
    if (score !== told.score) this.#scored();
    if (explained && !told.explained) this.#tell("bsmv-explained", this.explanation);
    if (error && error !== told.error) this.#tell("bsmv-error", error);
    const field = this.#field;
    if (field?.isContentEditable) {
      if (phase === "settled" && words && wordsPost)
        this.#marks.show(field, words.words, wordsPost);
      else if (stale || !words) this.#marks.clear();
    }
  }

  #scored() {
    const { score } = this;
    if (!score) return this.#announcer.forget();
    this.#tell("bsmv-score", score);
    const words = spoken(score, this.#speech);
    if (score.bsmv === null) this.#announcer.note({ verdict: "", score: 0, words });
    else this.#announcer.note({ verdict: verdictOf(score.bsmv), score: score.bsmv, words });
  }

  /** @param {string} type @param {unknown} detail */
  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true }));
  }

  /** @param {string} words */
  #say(words) {
    let region = this.renderRoot.querySelector('[role="status"]');
    if (!region) {
      region = document.createElement("p");
      region.className = "spoken";
      region.setAttribute("role", "status");
      this.renderRoot.append(region);
    }
    const told = region;
    const put = (/** @type {string} */ words) => {
      told.textContent = words;
    };
    // Emptied first, so that the same words are said again.
    put("");
    clearTimeout(this.#saying);
    this.#saying = setTimeout(() => {
      put(words);
      this.#saying = setTimeout(() => put(""), SAID);
    }, 50);
  }
}

/** @param {HTMLElement} field */
function textOf(field) {
  if ("value" in field) return /** @type {Field} */ (field).value;
  return readEditable(field).text;
}

if (!customElements.get("bsmv-scorer")) customElements.define("bsmv-scorer", BsmvScorer);
