/** What the page knows, and what can be done with it. The page is drawn from it and nothing else. */
import { elementSpeech } from "../bsmv/element/speech.js";
import { PRESETS } from "../pkg/constants.js";
import { profileOf } from "./brands.js";
import { readCount } from "./counts.js";
import { demoGraph } from "./graph.js";
import { followersIn, isUnnamed, recentOf } from "./own-posts.js";
import { NO_BATCH } from "./rows.js";
import { pageSpeech } from "./strings.js";

/** @import { Brand, CheckRequest, Checks, DiffusionPage, Score, ScoreRequest } from "../bsmv/types.js" */
/** @import { OwnBrand } from "./brands.js" */
/** @import { Version } from "./drafts.js" */
/** @import { Draft, Problem } from "./keep.js" */
/** @import { Import } from "./own-posts.js" */
/** @import { Reading } from "./past.js" */
/** @import { Published } from "./published.js" */
/** @import { Batch } from "./rows.js" */
/** @import { Settings } from "./settings.js" */
/** @import { Case } from "./what-if.js" */

/**
 * @typedef {object} State
 * @property {Settings} settings
 * @property {Draft} draft the one that is open, as it stands
 * @property {{ at?: number, problem?: Problem }} saved
 * @property {Draft[]} drafts
 * @property {Version[]} versions of all drafts
 * @property {Brand[]} known profiles that are offered
 * @property {OwnBrand[]} own
 * @property {{ sought: string, edited?: Partial<OwnBrand>, problem?: string }} brands the dialog
 * @property {string | undefined} draftsProblem
 * @property {import("./dialog.js").Removed | undefined} removed what can be brought back
 * @property {Published} published
 * @property {string} other id of what the draft is compared with
 * @property {{ now?: Score, other?: Score }} compared
 * @property {boolean} comparing
 * @property {{ cases: Case[], of: string }} whatIf
 * @property {Import[]} past the creator's own posts that are out
 * @property {Reading} reading of the last file of them
 * @property {Score | undefined} placed the score that is shown among them
 * @property {Batch} batch
 * @property {Checks | undefined} checks what rules found, once they are there
 * @property {string} said what was done last, for eye and ear
 */

/** @param {Settings} settings @param {Draft} draft @returns {State} */
export const stateOf = (settings, draft) => ({
  settings,
  draft,
  saved: {},
  drafts: [],
  versions: [],
  known: [],
  own: [],
  brands: { sought: "" },
  draftsProblem: undefined,
  removed: undefined,
  published: { from: "", size: 200, mood: "agree", stored: "" },
  other: "",
  compared: {},
  comparing: false,
  whatIf: { cases: [], of: "" },
  past: [],
  reading: { busy: false },
  placed: undefined,
  batch: NO_BATCH,
  checks: undefined,
  said: "",
});

/** Platforms whose posts have a title. */
const TITLED = ["xiaohongshu", "douyin", "bilibili", "youtube"];

/** Whether the draft has a title, or may have one. @param {State} state */
export const titled = ({ settings, draft }) =>
  TITLED.includes(settings.platform) || draft.title !== "";

/** @param {State} state @returns {Brand | OwnBrand | undefined} */
export const brandOf = ({ settings, own, known }) =>
  own.find(({ id }) => id === settings.brand) ??
  known.find(({ id, name }) => (id ?? name) === settings.brand);

/** Followers as a number: `undefined` where unknown, `null` where they can't be read. @param {State} state */
export function followersOf({ settings: { followers } }) {
  if (followers.trim() === "") return undefined;
  return readCount(followers) ?? null;
}

/** Followers as they were told, or as the newest past post tells them. @param {State} state */
function knownFollowers(state) {
  const told = followersOf(state);
  return told === undefined ? followersIn(state.past, state.settings.platform) : told;
}

/** What is known of who writes: followers, and what became of the last posts. @param {State} state */
function authorOf(state) {
  const followers = knownFollowers(state);
  const recent = recentOf(state.past, state.settings.platform);
  if (followers == null && recent.length === 0) return undefined;
  return { ...(followers != null && { followers }), ...(recent.length > 0 && { recent }) };
}

/**
 * A request of a batch, with what the page knows where it says nothing of its own. Not what the last posts
 * came to: a batch shows no likes, and each row would carry them.
 *
 * @param {State} state
 * @param {ScoreRequest} request
 * @param {string} [tool] the program that wrote the row: one that says its platform has a platform
 * @returns {ScoreRequest}
 */
export function completed(state, request, tool = "posts") {
  const { settings } = state;
  const { post } = request;
  const unnamed =
    (post.platform === undefined || post.platform === "other") &&
    isUnnamed(tool, settings.platform);
  const platform = /** @type {typeof post.platform} */ (
    unnamed ? settings.platform : (post.platform ?? "other")
  );
  const followers = platform === settings.platform ? knownFollowers(state) : undefined;
  const author = post.author ?? (followers == null ? undefined : { followers });
  const brand = brandOf(state);
  return {
    ...request,
    post: { ...post, platform, ...(author && { author }) },
    ...(!request.brand && brand && { brand: profileOf(brand) }),
    ...(!request.weights && !request.brand && weightsOf(settings)),
    locale: settings.language,
  };
}

/** What scores depend on beside the post and its author. @param {State} state */
export const worthKey = (state) => {
  const brand = brandOf(state);
  return JSON.stringify([brand && profileOf(brand), state.settings.goal]);
};

/** A brand's own weights stand where nothing else was chosen. @param {Settings} settings */
const weightsOf = ({ goal }) =>
  goal === "balanced" ? {} : { weights: PRESETS[/** @type {keyof typeof PRESETS} */ (goal)] };

/**
 * The request that the state stands for, but for the text: that is the field's.
 *
 * @param {State} state
 * @param {number} tone of the draft, which a made-up audience agrees with or not
 */
export function requestOf(state, tone) {
  const { settings, draft, published } = state;
  const brand = brandOf(state);
  const author = authorOf(state);
  const graph = graphOf(published, tone);
  return /** @type {ScoreRequest} */ ({
    post: {
      text: draft.text,
      platform: settings.platform,
      ...(titled(state) && draft.title.trim() !== "" && { title: draft.title }),
      ...(author && { author }),
    },
    ...(brand && { brand: profileOf(brand) }),
    ...(graph && { graph }),
    ...weightsOf(settings),
    locale: settings.language,
  });
}

/**
 * The draft as rules check it.
 *
 * @param {State} state
 * @returns {CheckRequest}
 */
export function checkRequestOf(state) {
  const { post, brand, locale } = requestOf(state, 0);
  const own = brandOf(state);
  const avoid = own && "avoid" in own ? own.avoid : [];
  return { post, brand, locale, avoid };
}

/** @param {Published} published @param {number} tone @returns {DiffusionPage | undefined} */
function graphOf({ from, size, mood, graph }, tone) {
  if (from === "demo") return demoGraph(size, mood, tone);
  return from === "" ? undefined : graph;
}

/** That the audience behind a score is made up, which must be said wherever the score is. @param {State} state */
export function madeUp({ settings, published: { from, size } }) {
  if (from !== "demo") return undefined;
  return pageSpeech(settings.language).text("madeUp", { n: size });
}

/** What is said in the page's language. @param {Pick<State, "settings">} state */
export const speeches = ({ settings: { language } }) => ({
  speech: pageSpeech(language),
  scoreSpeech: elementSpeech(language),
});
