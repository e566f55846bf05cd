/** The page at work: its state, what changes it, and drawing it again. */
import { render } from "lit";
import { loadChecks } from "../bsmv/checks.js";
import { DiffusionError } from "../bsmv/diffusion.js";
import { timeToDraw } from "../bsmv/element/drawing.js";
import { elementSpeech } from "../bsmv/element/speech.js";
import { shareWorker } from "../bsmv/shared-scorer.js";
import { batchActions, pastActions } from "./batch-run.js";
import { brandActions } from "./brands-run.js";
import { openDialog } from "./dialog.js";
import { nameOf } from "./drafts.js";
import { load, replace, select, TEXT, TITLE, type, written } from "./editor.js";
import { fieldAt, isFile } from "./files.js";
import { follow } from "./follow.js";
import { isGraph } from "./graph.js";
import {
  claim,
  forget,
  keep,
  keepForGood,
  newDraft,
  onKept,
  ownDraft,
  recall,
  recallAll,
  sharedDraft,
} from "./keep.js";
import { csvHead, csvRows, download, picture, share, summary } from "./out.js";
import { page } from "./page.js";
import { addressOf, keepSettings, loadSettings, settingsOf } from "./settings.js";
import { checkRequestOf, madeUp, requestOf, speeches, stateOf } from "./state.js";
import { casesOf } from "./what-if.js";

/** @import { BsmvScorer } from "../bsmv/element.js" */
/** @import { Brand } from "../bsmv/types.js" */
/** @import { Removed } from "./dialog.js" */
/** @import { Version } from "./drafts.js" */
/** @import { Draft } from "./keep.js" */
/** @import { Published } from "./published.js" */

/** @typedef {ReturnType<App["actions"]>} Actions */

/** Milliseconds without a key before the draft is kept. */
const KEEP_AFTER = 300;

/** @param {Draft} draft */
const isEmpty = ({ title, text }) => title === "" && text === "";

export class App {
  #root;
  #model;
  #brands;
  /** @type {import("./state.js").State} */
  #state;
  #on;
  /** Tone of the draft, as last read. */
  #tone = 0;
  /** Settled when what changed is drawn. @type {Promise<void> | undefined} */
  #drawing;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #keeping;
  /** @type {Awaited<ReturnType<typeof loadChecks>> | undefined} */
  #check;
  /** What rules found last, and in what. @type {{ of: string, checks: import("../bsmv/types.js").Checks } | undefined} */
  #found;
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
    this.#on = this.actions();
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
    const { platform = settings.platform, brand = settings.brand } = settingsOf(draft);
    if (!address.has("platform")) settings.platform = platform;
    if (!address.has("brand")) settings.brand = brand;
    const app = new App(root, places, settings, draft);
    app.#draw();
    load(TITLE, draft.title);
    load(TEXT, draft.text);
    app.#keepDraft();
    addEventListener("visibilitychange", () => app.#keepDraft());
    addEventListener("pagehide", () => app.#keepDraft());
    addEventListener("keydown", (event) => {
      // Not `key`: with Alt some keyboards write another letter.
      if (!event.altKey || event.code !== "KeyS") return;
      event.preventDefault();
      app.#scorer.announce();
    });
    // A file that is dropped anywhere is a batch; fields for files take their own.
    addEventListener("dragover", (event) => isFile(event) && event.preventDefault());
    addEventListener("drop", (event) => {
      if (!isFile(event)) return;
      event.preventDefault();
      const files = event.dataTransfer?.files;
      if (!files?.[0]) return;
      const field = fieldAt(event);
      if (!field) return app.#on.batchActions.read(files[0]);
      field.files = files;
      field.dispatchEvent(new Event("change", { bubbles: true }));
    });
    onKept((kind) => kind !== "settings" && app.#recall());
    await Promise.all([app.#recall(), app.#loadBrands(), app.#loadChecks()]);
    return app;
  }

  get #speech() {
    return speeches(this.#state).speech;
  }

  get #request() {
    return requestOf(this.#state, this.#tone);
  }

  /** @returns {BsmvScorer} */
  get #scorer() {
    return /** @type {BsmvScorer} */ (document.getElementById("scorer"));
  }

  /**
   * Changes the state, and draws it step by step, so that no key waits for all of it. A page that nobody sees is
   * drawn when it is looked at.
   *
   * @param {Partial<import("./state.js").State>} change
   */
  #change(change) {
    Object.assign(this.#state, change);
    this.#drawing ??= this.#drawSoon();
    return this.#drawing;
  }

  async #drawSoon() {
    await timeToDraw();
    this.#checked();
    await timeToDraw();
    if (this.#drawing) this.#draw();
  }

  #draw() {
    this.#drawing = undefined;
    const { tag } = this.#speech;
    if (document.documentElement.lang !== tag) {
      document.documentElement.lang = tag;
      document.title = this.#speech.text("title");
    }
    this.#state.checks = this.#checked();
    render(page(this.#state, this.#request, this.#model, this.#on), this.#root);
  }

  #checked() {
    if (!this.#check) return undefined;
    const request = checkRequestOf(this.#state);
    const of = JSON.stringify(request);
    if (this.#found?.of === of) return this.#found.checks;
    try {
      this.#found = { of, checks: this.#check(request) };
      return this.#found.checks;
    } catch {
      // What can't be read can't be scored either, which is said there.
      return undefined;
    }
  }

  async #recall() {
    const [drafts, versions, own, past] = await Promise.all([
      recallAll("draft"),
      recallAll("version"),
      recallAll("brand"),
      recallAll("past"),
    ]);
    this.#change({ drafts, versions, own, past });
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
    const { draft, saved, settings } = this.#state;
    // One that was emptied is kept, so that its old text doesn't come back; one never begun isn't.
    if (draft.at === saved.at || (isEmpty(draft) && saved.at === undefined)) return;
    const { at } = draft;
    const { platform, brand } = settings;
    const kept = { ...draft, platform, brand };
    return keep("draft", draft.id, kept).then((problem) => {
      const known = this.#state.drafts.filter(({ id }) => id !== draft.id);
      this.#change({ saved: { at, problem }, drafts: [kept, ...known] });
    });
  }

  /** The draft, or what it is for, has changed. @param {Partial<Draft>} [change] */
  #touch(change) {
    this.#change({ draft: { ...this.#state.draft, ...change, at: Date.now() } });
    clearTimeout(this.#keeping);
    this.#keeping = setTimeout(() => this.#keepDraft(), KEEP_AFTER);
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

  /** Chooses what the draft is written for. @param {Partial<import("./settings.js").Settings>} change */
  #choose(change) {
    this.#set(change);
    this.#touch();
    // At once: what was chosen is gone with a page that is left before the pause.
    this.#keepDraft();
  }

  /** Opens a draft, with what it is for, in the place of another, which is kept. @param {Draft} draft */
  async #open(draft) {
    await this.#keepDraft();
    const { draft: left, versions } = this.#state;
    if (isEmpty(left) && !versions.some((version) => version.draft === left.id)) {
      await forget("draft", left.id);
    }
    await this.#set(settingsOf(draft));
    this.#change({ draft: { ...draft }, saved: {}, draftsProblem: undefined, said: "" });
    this.#draw();
    load(TITLE, draft.title);
    load(TEXT, draft.text);
    await this.#keepDraft();
    await this.#recall();
  }

  /** What files are read and scored with. @returns {import("./batch-run.js").Page} */
  get #files() {
    const state = () => this.#state;
    return {
      get state() {
        return state();
      },
      model: this.#model,
      change: (change) => this.#change(change),
      remove: (name, things) => this.#remove(name, things),
      undo: () => this.#undo(),
      open: (draft) => this.#open(draft),
    };
  }

  /** What the page's controls do. */
  actions() {
    return {
      input: () => {
        const [title, text] = [written(TITLE), written(TEXT)];
        const { draft } = this.#state;
        if (draft.title === title && draft.text === text) return this.#change({});
        this.#change({ said: "" });
        this.#touch({ title, text });
      },
      set: (/** @type {string} */ name, /** @type {string} */ value) =>
        name === "platform" ? this.#choose({ platform: value }) : this.#set({ [name]: value }),
      turn: () => {
        this.#set({ language: this.#state.settings.language === "en" ? "zh" : "en" });
        this.#on.batchActions.translate();
      },
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
        await this.#open(await newDraft({ title, text, platform, brand }));
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
        keepForGood();
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
        // A score that was refused has no place: nor does the one before it any longer.
        this.#change({ placed: score?.bsmv == null ? undefined : score });
        if (score?.bsmv == null) return;
        this.#tone = Math.round(10 * score.sentiment.s) / 10;
      },
      publish: (/** @type {Partial<Published>} */ change) => {
        const published = { ...this.#state.published, ...change, problem: undefined };
        if (change.from !== undefined) published.graph = undefined;
        this.#change({ published });
        this.#follow();
      },
      graphFile: async (/** @type {File} */ file) => {
        const { published } = this.#state;
        const told = (/** @type {Partial<Published>} */ change) =>
          this.#change({
            published: { ...published, graph: undefined, problem: undefined, ...change },
          });
        try {
          const graph = JSON.parse(await file.text());
          told(isGraph(graph) ? { graph } : { problem: "notGraph" });
        } catch {
          told({ problem: "notJson" });
        }
      },
      runWhatIf: () => this.#runWhatIf(),
      copySummary: () => {
        const { score, request } = this.#scorer.state;
        if (score?.bsmv != null && request) {
          this.#copy(summary(score, request, this.#scoreSpeech, madeUp(this.#state)));
        }
      },
      copyLink: () => this.#copy(addressOf(this.#state.settings)),
      sharePicture: async () => {
        const { score, request } = this.#scorer.state;
        if (score?.bsmv == null || !request) return;
        await share(await picture(score, request, this.#scoreSpeech, madeUp(this.#state)));
      },
      saveJson: () => {
        const json = JSON.stringify(this.#scorer, null, 2);
        download("bsmv.json", new Blob([json], { type: "application/json" }));
      },
      saveCsv: () => {
        const { score, request } = this.#scorer.state;
        if (score?.bsmv == null || !request) return;
        const table = [csvHead(), csvRows([{ score, request }])];
        download("bsmv.csv", new Blob(table, { type: "text/csv" }));
      },
      pastActions: pastActions(this.#files),
      batchActions: batchActions(this.#files),
      checkActions: this.#checkActions(),
      brandActions: brandActions(this.#files, {
        choose: (brand) => this.#choose({ brand }),
        keepAll: (things) => this.#keepAll(things),
      }),
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
        const { drafts, versions } = this.#state;
        const draft = drafts.find((draft) => draft.id === id);
        if (!draft) return;
        const of = versions.filter((version) => version.draft === id);
        await this.#remove(nameOf(draft, this.#speech), [
          { kind: "draft", value: draft },
          ...of.map((value) => ({ kind: /** @type {const} */ ("version"), value })),
        ]);
      },
      restore: (/** @type {Version} */ version) => {
        done();
        // As if typed: undo brings back what stood there.
        type(TITLE, version.title);
        type(TEXT, version.text);
      },
      removeVersion: async (/** @type {string} */ id) => {
        const version = this.#state.versions.find((version) => version.id === id);
        if (version) await this.#remove(version.name, [{ kind: "version", value: version }]);
      },
      rename: async (/** @type {Version} */ version, /** @type {string} */ name) => {
        await keep("version", version.id, { ...version, name });
        await this.#recall();
      },
      undo: () => this.#undo(),
      close: () => this.#change({ draftsProblem: undefined, removed: undefined }),
    };
  }

  /**
   * Deletes what is kept; until the dialog closes it can be brought back.
   *
   * @param {string} name
   * @param {Removed["things"]} things
   */
  async #remove(name, things) {
    await Promise.all(things.map(({ kind, value }) => forget(kind, value.id)));
    this.#change({ removed: { name, things } });
    await this.#recall();
    this.#draw();
    // The button that was pressed is gone.
    /** @type {HTMLElement | null} */ (document.querySelector("[open] [data-undo]"))?.focus();
  }

  async #undo() {
    const { removed } = this.#state;
    if (!removed) return;
    await this.#keepAll(removed.things);
    this.#change({ removed: undefined });
    await this.#recall();
  }

  /** @param {Removed["things"]} things */
  async #keepAll(things) {
    const kept = things.map(({ kind, value }) => keep(kind, value.id, value));
    const problem = (await Promise.all(kept)).find(Boolean);
    if (problem) this.#change({ saved: { ...this.#state.saved, problem } });
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
