/** The whole page, made of its state. */
import { html, nothing } from "lit";
import { batchDialog } from "./batch.js";
import { brandsDialog } from "./brands.js";
import { compareDialog } from "./compare.js";
import { context } from "./context.js";
import { draftsDialog, gallery, nameOf } from "./drafts.js";
import { editor, TEXT } from "./editor.js";
import { findings, shownOf } from "./findings.js";
import { followersIn, placeOf, recentOf } from "./own-posts.js";
import { pastPosts } from "./past.js";
import { published } from "./published.js";
import { brandOf, followersOf, madeUp, speeches, titled, worthKey } from "./state.js";
import { whatIf } from "./what-if.js";

/** @import { ScoreRequest } from "../bsmv/types.js" */
/** @import { Actions } from "./app.js" */
/** @import { State } from "./state.js" */

/**
 * @param {State} state
 * @param {ScoreRequest} request
 * @param {string} model
 * @param {Actions} on
 */
export function page(state, request, model, on) {
  const { speech, scoreSpeech } = speeches(state);
  const { settings, draft, versions, own, known } = state;
  const last = versions.find((version) => version.draft === draft.id && version.worth);
  const empty = draft.text.trim() === "";
  const shown = shownOf(state.checks, settings.silenced);
  const toMend = shown.filter(({ level }) => level === "must").length;
  return html`
    <header>
      <div class="row">
        <h1>${speech.text("name")}</h1>
        <p class="hint">${speech.text("lead")}</p>
      </div>
      <div class="row">
        ${savedLine(state)}
        <button type="button" class="quiet" id="open-batch" @click=${on.batchActions.show}>${speech.text("batchOpen")}${batchShare(state)}</button>
        <button type="button" class="quiet" id="open-drafts" @click=${on.openDrafts}>${speech.text("drafts")}</button>
        <button
          type="button"
          class="quiet"
          id="language"
          lang=${settings.language === "en" ? "zh-Hans" : "en"}
          @click=${on.turn}
        >
          ${speech.text("switch")}
        </button>
      </div>
    </header>
    ${context({ speech, settings, wrong: followersOf(state) === null, followers: followersIn(state.past, settings.platform), brand: brandOf(state)?.name, on })}
    <p class="on-paper">${writtenFor(state)}</p>
    <main>
      <div class="left">
        <section class="card" aria-label=${speech.text("draft")}>
          ${editor({
            speech,
            titled: titled(state),
            title: lengthOf(state, "title"),
            text: lengthOf(state, "text"),
            on,
          })}
          <div class="row">
            <button type="button" id="version" ?disabled=${empty} @click=${on.keepVersion}>
              ${speech.text("version")}
            </button>
            <button type="button" id="open-compare" ?disabled=${empty} @click=${on.openCompare}>
              ${speech.text("compare")}
            </button>
            ${out(state, on)}
          </div>
          <p id="said" class="hint" role="status">${state.said}</p>
        </section>
        ${empty ? nothing : findings({ speech, checks: state.checks, silenced: settings.silenced, on: on.checkActions })}
        <details class="card fold" id="examples" ?open=${empty && versions.length === 0}>
          <summary>${speech.text("examplesTitle")}</summary>
          <p class="hint">${speech.text("examplesNote")}</p>
          ${gallery({ speech, onChoose: on.example })}
        </details>
      </div>
      <div class="right">
        ${madeUp(state) ? html`<p id="made-up" class="hint">${madeUp(state)}</p>` : nothing}
        <bsmv-scorer
          id="scorer"
          for=${TEXT}
          model=${model}
          cache="bsmv"
          view="full"
          bar
          .request=${withoutText(request)}
          .baseline=${
            last?.worth && { ...last.worth, name: speech.text("last", { name: last.name }) }
          }
          @bsmv-score=${on.scored}
        >
          ${state.drafts.length + versions.length === 0 ? steps(state) : nothing}
          ${toMend ? html`<span slot="bar" class="problem">${speech.text("toMend", { n: toMend })}</span>` : nothing}
        </bsmv-scorer>
        ${pastPosts({
          speech,
          scoreSpeech,
          platform: settings.platform,
          imports: state.past,
          recent: recentOf(state.past, settings.platform),
          reading: state.reading,
          engagement: empty || request.graph ? [] : (state.placed?.engagement ?? []),
          place: empty ? undefined : place(state),
          removed: state.removed,
          on: on.pastActions,
        })}
        ${published({ speech, published: state.published, on })}
        ${whatIf({
          speech,
          scoreSpeech,
          cases: state.whatIf.cases,
          stale: state.whatIf.of !== JSON.stringify(request),
          ready: !empty,
          onRun: on.runWhatIf,
        })}
      </div>
    </main>
    <footer>
      <p class="hint">${speech.text("footer")}</p>
      <p class="spoken">${speech.text("shortcut")}</p>
    </footer>
    ${brandsDialog({
      speech,
      known,
      own,
      chosen: settings.brand,
      sought: state.brands.sought,
      edited: state.brands.edited,
      problem: state.brands.problem,
      removed: state.removed,
      on: on.brandActions,
    })}
    ${draftsDialog({
      speech,
      draft,
      drafts: state.drafts,
      versions,
      problem: state.draftsProblem,
      removed: state.removed,
      on: on.draftActions,
    })}
    ${batchDialog({
      speech,
      scoreSpeech,
      batch: state.batch,
      context: writtenFor(state),
      on: on.batchActions,
    })}
    ${state.comparing ? comparison(state, request, model, on) : nothing}
  `;
}

/** Platform and brand, in words. @param {State} state */
function writtenFor(state) {
  const { speech } = speeches(state);
  const names = [speech.platform(state.settings.platform), brandOf(state)?.name];
  return speech.list(names.filter((name) => name != null));
}

/** How far a batch is that is scored while its dialog is closed. @param {State} state */
function batchShare({ batch: { phase, done, rows }, settings }) {
  if (phase !== "loading" && phase !== "scoring") return "";
  return ` ${speeches({ settings }).speech.percent(done / rows.length)}`;
}

/** Where the score lies among those of past posts. @param {State} state */
function place(state) {
  const { past, settings, placed } = state;
  return placed && placeOf(past, settings.platform, worthKey(state), placed.bsmv);
}

/** What a first visitor does, in the place of the score. @param {State} state */
function steps(state) {
  const { speech } = speeches(state);
  const platform = speech.platform(state.settings.platform);
  return html`<ol slot="empty" class="steps">
    <li>${speech.text("step_platform", { platform })}</li>
    <li>${speech.text("step_brand")}</li>
    <li>${speech.text("step_write")}</li>
  </ol>`;
}

/** As its platform counts, where the rules are there. @param {State} state @param {"title" | "text"} field */
function lengthOf({ checks, draft }, field) {
  const length = checks?.lengths.find((length) => length.field === field);
  const characters = [...draft[field]].length;
  if (!length) return { count: characters };
  return { ...length, weighted: length.counted === "weighted" && length.count > characters };
}

/** The text is read from its field, where half-composed characters don't count. @param {ScoreRequest} request */
function withoutText({ post: { text: _, ...post }, ...request }) {
  return { ...request, post };
}

/** @param {State} state */
function savedLine(state) {
  const { speech } = speeches(state);
  const { at, problem } = state.saved;
  if (problem)
    return html`<p id="saved" class="problem" role="alert">${speech.text(`keep_${problem}`)}</p>`;
  const time = speech.times({ timeStyle: "short" });
  return html`<p id="saved" class="hint">
    ${at ? speech.text("saved", { time: time.format(at) }) : speech.text("unsaved")}
  </p>`;
}

/** @param {State} state @param {Actions} on */
function out(state, on) {
  const { speech } = speeches(state);
  /** @type {[string, () => void][]} */
  const actions = [
    ["copySummary", on.copySummary],
    ["sharePicture", on.sharePicture],
    ["copyLink", on.copyLink],
    ["saveJson", on.saveJson],
    ["saveCsv", on.saveCsv],
    ["print", () => print()],
  ];
  // All of it: on a phone the bar would lie over its end.
  const reveal = (/** @type {Event} */ { target }) => {
    const menu = /** @type {HTMLDetailsElement} */ (target);
    if (menu.open) menu.querySelector(".menu-items")?.scrollIntoView({ block: "nearest" });
  };
  return html`<details class="menu" id="out" @toggle=${reveal}>
    <summary class="button">${speech.text("out")}</summary>
    <div class="menu-items">
      ${actions.map(
        ([key, act]) => html`<button
          type="button"
          data-act=${key}
          @click=${(/** @type {Event} */ event) => {
            /** @type {Element} */ (event.target).closest("details")?.removeAttribute("open");
            act();
          }}
        >
          ${speech.textIfAny(key)}
        </button>`,
      )}
    </div>
  </details>`;
}

/** @param {State} state @param {ScoreRequest} request @param {string} model @param {Actions} on */
function comparison(state, request, model, on) {
  const { speech } = speeches(state);
  const others = othersOf(state);
  return compareDialog({
    speech,
    model,
    request: { ...request, graph: undefined },
    others,
    other: others.find(({ id }) => id === state.other) ?? others[0],
    scores: { now: state.compared.now, other: state.compared.other },
    on: on.compareActions,
  });
}

/** What the draft can be compared with: its versions first. @param {State} state */
function othersOf(state) {
  const { speech } = speeches(state);
  const { draft, drafts, versions } = state;
  const own = versions.filter((version) => version.draft === draft.id);
  const rest = drafts.filter(({ id, text }) => id !== draft.id && text.trim() !== "");
  return [
    ...own.map(({ id, name, title, text }) => ({ id, name, title, text })),
    ...rest.map((other) => ({ ...other, name: nameOf(other, speech) })),
  ];
}
