/** The page at work: its state, what changes it, and drawing it again. */
import { render } from "lit";
import { loadChecks } from "../bsmv/checks.js";
import { DiffusionError } from "../bsmv/diffusion.js";
import { elementSpeech } from "../bsmv/element/speech.js";
import { shareWorker } from "../bsmv/shared-scorer.js";
import { brandsOf, profileOf } from "./brands.js";
import { openDialog } from "./dialog.js";
import { load, replace, select, TEXT, TITLE, type, written } from "./editor.js";
import { follow } from "./follow.js";
import { claim, forget, keep, newDraft, onKept, ownDraft, recall, recallAll } from "./keep.js";
import { csv, download, picture, share, summary } from "./out.js";
import { page } from "./page.js";
import { addressOf, keepSettings, loadSettings } from "./settings.js";
import { checkRequestOf, requestOf, speeches, stateOf } from "./state.js";
import { casesOf } from "./what-if.js";

/** @import { BsmvScorer } from "../bsmv/element.js" */
/** @import { Brand } from "../bsmv/types.js" */
/** @import { OwnBrand } from "./brands.js" */
/** @import { Version } from "./drafts.js" */
/** @import { Draft } from "./keep.js" */
/** @import { Published } from "./published.js" */

/** @typedef {ReturnType<App["actions"]>} Actions */

/** Milliseconds without a key before the draft is kept. */
const KEEP_AFTER = 300;

/** A draft of what another app shared, which the service worker holds. */
async function sharedDraft() {
  history.replaceState(null, "", globalThis.location.pathname);
  const answer = await fetch(new URL("shared.json", document.baseURI)).catch(() => undefined);
  return answer?.status === 200 ? newDraft(await answer.json()) : ownDraft();
}

export class App {
  #root;
  #model;
  #brands;
  /** @type {import("./state.js").State} */
  #state;
  #on = this.actions();
  /** Tone of the draft, as last read. */
  #tone = 0;
  #drawing = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #keeping;
  /** @type {Awaited<ReturnType<typeof loadChecks>> | undefined} */
  #check;
  /** Stops following a stored post. @type {(() => void) | undefined} */
  #unfollow;

  /**
   * @param {HTMLElement} root where the page is drawn
   * @param {{ model: URL, brands: URL }} places
   * @param {import("./settings.js").Settings} settings
   * @param {Draft} draft
   */
  constructor(root, { model, brands }, settings, draft) {
    this.#root = root;
    this.#model = model.href;
    this.#brands = brands;
    this.#state = stateOf(settings, draft);
  }

  /**
   * Draws the page and brings back what was kept.
   *
   * @param {HTMLElement} root
   * @param {{ model: URL, brands: URL }} places
   */
  static async start(root, places) {
    const address = new URL(globalThis.location.href).searchParams;
    const [settings, draft] = await Promise.all([
      loadSettings(address),
      address.has("shared") ? sharedDraft() : ownDraft(),
    ]);
    const app = new App(root, places, settings, draft);
    app.#draw();
    load(TITLE, draft.title);
    load(TEXT, draft.text);
    app.#keepDraft();
    addEventListener("visibilitychange", () => app.#keepDraft());
    addEventListener("pagehide", () => app.#keepDraft());
    onKept((kind) => kind !== "settings" && app.#recall());
    await Promise.all([app.#recall(), app.#loadBrands(), app.#loadChecks()]);
    return app;
  }

  get #speech() {
    return speeches(this.#state).speech;
  }

  get #request() {
    return requestOf(this.#state, profileOf, this.#tone);
  }

  /** @returns {BsmvScorer} */
  get #scorer() {
    return /** @type {BsmvScorer} */ (document.getElementById("scorer"));
  }

  /** @param {Partial<import("./state.js").State>} change */
  #change(change) {
    Object.assign(this.#state, change);
    if (this.#drawing) return;
    this.#drawing = true;
    queueMicrotask(() => this.#draw());
  }

  #draw() {
    this.#drawing = false;
    const { tag } = this.#speech;
    if (document.documentElement.lang !== tag) {
      document.documentElement.lang = tag;
      document.title = this.#speech.text("title");
    }
    this.#state.checks = this.#checked();
    render(page(this.#state, this.#request, this.#model, this.#on), this.#root);
  }

  #checked() {
    try {
      return this.#check?.(checkRequestOf(this.#state, profileOf));
    } catch {
      // What can't be read can't be scored either, which is said there.
      return undefined;
    }
  }

  async #recall() {
    const [drafts, versions, own] = await Promise.all([
      recallAll("draft"),
      recallAll("version"),
      recallAll("brand"),
    ]);
    this.#change({ drafts, versions, own });
  }

  async #loadBrands() {
    try {
      const response = await fetch(this.#brands);
      if (response.ok) this.#change({ known: await response.json() });
    } catch {
      // Without profiles a brand can still be described.
    }
  }

  async #loadChecks() {
    try {
      this.#check = await loadChecks();
      this.#change({});
    } catch {
      // The scorer needs the same module, and says what is wrong with it.
    }
  }

  #keepDraft() {
    clearTimeout(this.#keeping);
    this.#keeping = undefined;
    const { draft } = this.#state;
    if (draft.at === this.#state.saved.at || (draft.text === "" && draft.title === "")) return;
    const { at } = draft;
    return keep("draft", draft.id, draft).then((problem) => {
      const known = this.#state.drafts.filter(({ id }) => id !== draft.id);
      this.#change({ saved: { at, problem }, drafts: [{ ...draft }, ...known] });
    });
  }

  /** @param {string} said */
  #say(said) {
    this.#change({ said });
  }

  /** @param {Partial<import("./settings.js").Settings>} change */
  async #set(change) {
    const settings = { ...this.#state.settings, ...change };
    this.#change({ settings });
    const problem = await keepSettings(settings);
    if (problem) this.#change({ saved: { ...this.#state.saved, problem } });
  }

  /** Opens a draft in the place of another, which is kept. @param {Draft} draft */
  async #open(draft) {
    await this.#keepDraft();
    this.#change({ draft: { ...draft }, saved: {}, draftsProblem: undefined, said: "" });
    this.#draw();
    load(TITLE, draft.title);
    load(TEXT, draft.text);
    await this.#keepDraft();
    await this.#recall();
  }

  /** What the page's controls do. */
  actions() {
    return {
      input: () => {
        const draft = {
          ...this.#state.draft,
          title: written(TITLE),
          text: written(TEXT),
        };
        const { title, text } = this.#state.draft;
        if (draft.title === title && draft.text === text) return this.#change({});
        draft.at = Date.now();
        this.#change({ draft, said: "" });
        clearTimeout(this.#keeping);
        this.#keeping = setTimeout(() => this.#keepDraft(), KEEP_AFTER);
      },
      set: (/** @type {string} */ name, /** @type {string} */ value) =>
        this.#set({ [name]: value }),
      turn: () => this.#set({ language: this.#state.settings.language === "en" ? "zh" : "en" }),
      brands: () => {
        this.#change({ brands: { sought: "" } });
        openDialog("brands");
      },
      openDrafts: async () => {
        await this.#keepDraft();
        openDialog("drafts");
      },
      example: async (/** @type {import("./examples.js").Example} */ example) => {
        const { title = "", text, platform, brand } = example;
        await this.#set({ platform, brand });
        await this.#open(await newDraft({ title, text }));
      },
      keepVersion: async () => {
        const { draft, versions } = this.#state;
        const count = versions.filter((version) => version.draft === draft.id).length;
        const { score, stale } = this.#scorer.state;
        /** @type {Version} */
        const version = {
          id: crypto.randomUUID(),
          draft: draft.id,
          name: this.#speech.text("versionNamed", { n: count + 1 }),
          at: Date.now(),
          title: draft.title,
          text: draft.text,
          worth:
            score?.bsmv == null || stale
              ? undefined
              : { bsmv: score.bsmv, interval: score.interval },
        };
        await this.#keepDraft();
        const problem = await keep("version", version.id, version);
        if (problem) return this.#change({ saved: { problem } });
        this.#change({ versions: [version, ...versions] });
        this.#say(this.#speech.text("versionKept"));
      },
      openCompare: () => {
        this.#change({ comparing: true });
        this.#draw();
        openDialog("compare");
      },
      scored: () => {
        const { score } = this.#scorer;
        if (score?.bsmv == null) return;
        const tone = Math.round(10 * score.sentiment.s) / 10;
        if (tone !== this.#tone) {
          this.#tone = tone;
          this.#change({});
        }
      },
      publish: (/** @type {Partial<Published>} */ change) => {
        const published = { ...this.#state.published, ...change, problem: undefined };
        if (change.from !== undefined) published.graph = undefined;
        this.#change({ published });
        this.#follow();
      },
      graphFile: async (/** @type {File} */ file) => {
        const { published } = this.#state;
        try {
          const graph = JSON.parse(await file.text());
          this.#change({ published: { ...published, graph, problem: undefined } });
        } catch {
          this.#change({ published: { ...published, graph: undefined, problem: "notJson" } });
        }
      },
      runWhatIf: () => this.#runWhatIf(),
      copySummary: () => {
        const { score, request } = this.#scorer.state;
        if (score?.bsmv != null && request) this.#copy(summary(score, request, this.#scoreSpeech));
      },
      copyLink: () => this.#copy(addressOf(this.#state.settings)),
      sharePicture: async () => {
        const { score, request } = this.#scorer.state;
        if (score?.bsmv == null || !request) return;
        await share(await picture(score, request, this.#scoreSpeech));
      },
      saveJson: () => {
        const json = JSON.stringify(this.#scorer, null, 2);
        download("bsmv.json", new Blob([json], { type: "application/json" }));
      },
      saveCsv: () => {
        const { score, request } = this.#scorer.state;
        if (score?.bsmv != null && request)
          download("bsmv.csv", new Blob([csv([{ score, request }])], { type: "text/csv" }));
      },
      checkActions: this.#checkActions(),
      brandActions: this.#brandActions(),
      draftActions: this.#draftActions(),
      compareActions: {
        compareWith: (/** @type {string} */ other) =>
          this.#change({ other, compared: { now: this.#state.compared.now } }),
        compared: (
          /** @type {"now" | "other"} */ which,
          /** @type {import("../bsmv/types.js").Score} */ score,
        ) => this.#change({ compared: { ...this.#state.compared, [which]: score } }),
        close: () => this.#change({ comparing: false, compared: {} }),
      },
    };
  }

  #checkActions() {
    /** @typedef {import("./findings.js").Finding} Finding */
    const idOf = (/** @type {Finding} */ { field }) => (field === "title" ? TITLE : TEXT);
    return {
      find: (/** @type {Finding} */ finding) => select(idOf(finding), finding.start, finding.end),
      mend: (/** @type {Finding} */ finding) => {
        const { start, end, replacement, add } = finding;
        if (add != null) replace(TEXT, 0, 0, add);
        else replace(idOf(finding), start, end, replacement ?? "");
      },
      silence: (/** @type {string} */ rule) =>
        this.#set({ silenced: [...this.#state.settings.silenced, rule] }),
      unsilence: () => this.#set({ silenced: [] }),
    };
  }

  get #scoreSpeech() {
    return elementSpeech(this.#state.settings.language);
  }

  #brandActions() {
    const done = () => {
      /** @type {HTMLDialogElement} */ (document.getElementById("brands")).close();
    };
    return {
      choose: (/** @type {string} */ brand) => {
        this.#set({ brand });
        done();
      },
      seek: (/** @type {string} */ sought) => this.#change({ brands: { sought } }),
      edit: (/** @type {Partial<OwnBrand> | undefined} */ edited) =>
        this.#change({ brands: { ...this.#state.brands, edited, problem: undefined } }),
      save: async (/** @type {OwnBrand} */ brand) => {
        if (brand.name === "") {
          const problem = this.#speech.text("brandNameMissing");
          return this.#change({ brands: { ...this.#state.brands, edited: brand, problem } });
        }
        const problem = await keep("brand", brand.id, brand);
        if (problem) this.#change({ saved: { problem } });
        const own = [brand, ...this.#state.own.filter(({ id }) => id !== brand.id)];
        this.#change({ own, brands: { sought: "" } });
        this.#set({ brand: brand.id });
        done();
      },
      remove: async (/** @type {string} */ id) => {
        await forget("brand", id);
        const own = this.#state.own.filter((brand) => brand.id !== id);
        this.#change({ own, brands: { sought: "" } });
        if (this.#state.settings.brand === id) this.#set({ brand: "" });
      },
      exported: () => {
        const brands = this.#state.own.map((brand) => ({
          ...profileOf(brand),
          avoid: brand.avoid,
        }));
        const json = JSON.stringify(brands, null, 2);
        download("bsmv-brands.json", new Blob([json], { type: "application/json" }));
      },
      imported: async (/** @type {File} */ file) => {
        const brands = brandsOf(await file.text());
        if (!brands) {
          const problem = this.#speech.text("brandImportWrong");
          return this.#change({ brands: { ...this.#state.brands, problem } });
        }
        await Promise.all(brands.map((brand) => keep("brand", brand.id, brand)));
        this.#change({ own: [...brands, ...this.#state.own], brands: { sought: "" } });
      },
      close: () => this.#change({ brands: { sought: "" } }),
    };
  }

  #draftActions() {
    const done = () => {
      /** @type {HTMLDialogElement} */ (document.getElementById("drafts")).close();
    };
    return {
      openDraft: async (/** @type {Draft} */ draft) => {
        if (draft.id === this.#state.draft.id) return done();
        const kept = await recall("draft", draft.id);
        if (!kept || !(await claim(draft.id))) {
          return this.#change({ draftsProblem: this.#speech.text("elsewhere") });
        }
        await this.#open(kept);
        done();
      },
      newDraft: async () => {
        await this.#open(await newDraft());
        done();
      },
      removeDraft: async (/** @type {string} */ id) => {
        const of = this.#state.versions.filter((version) => version.draft === id);
        await Promise.all([
          forget("draft", id),
          ...of.map((version) => forget("version", version.id)),
        ]);
        await this.#recall();
      },
      restore: (/** @type {Version} */ version) => {
        done();
        // As if typed: undo brings back what stood there.
        type(TITLE, version.title);
        type(TEXT, version.text);
      },
      removeVersion: async (/** @type {string} */ id) => {
        await forget("version", id);
        await this.#recall();
      },
      rename: async (/** @type {Version} */ version, /** @type {string} */ name) => {
        await keep("version", version.id, { ...version, name });
        await this.#recall();
      },
      close: () => this.#change({ draftsProblem: undefined }),
    };
  }

  /** Follows the post whose id stands in the form, if that is what was chosen. */
  #follow() {
    this.#unfollow?.();
    this.#unfollow = undefined;
    const { from, stored } = this.#state.published;
    if (from !== "stored" || stored === "") return;
    const told = (/** @type {Partial<Published>} */ change) =>
      this.#change({ published: { ...this.#state.published, problem: undefined, ...change } });
    this.#unfollow = follow(
      stored,
      (graph) => told({ graph }),
      (error) => {
        const known = error instanceof DiffusionError && error.code === "not_found";
        told({ problem: known ? "storedWrong" : "storedAway" });
      },
    );
  }

  async #runWhatIf() {
    const request = this.#request;
    const of = JSON.stringify(request);
    const cases = casesOf(request, this.#speech);
    this.#change({ whatIf: { cases, of } });
    const scorer = await shareWorker({ model: this.#model, cache: "bsmv" });
    try {
      for (const one of cases) {
        one.score = await scorer.score(one.request);
        this.#change({ whatIf: { cases, of } });
      }
    } finally {
      scorer.dispose();
    }
  }

  /** @param {string} words */
  async #copy(words) {
    try {
      await navigator.clipboard.writeText(words);
      this.#say(this.#speech.text("copied"));
    } catch {
      this.#say(this.#speech.text("copyFailed"));
    }
  }
}
