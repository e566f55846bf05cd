/** A creator's own past posts, and where a draft lies among them. No markup. */

/** @import { Past, PastPost, Post, Score, Trouble } from "../bsmv/types.js" */

/**
 * The posts of one platform in a file, as they are kept.
 *
 * @typedef {object} Import
 * @property {string} id
 * @property {number} at when it was read
 * @property {string} name the file's
 * @property {string[]} tools the programs that wrote it
 * @property {PastPost["platform"]} platform
 * @property {boolean} [assumed] whether the platform is the page's, since the file names none that is known
 * @property {PastPost[]} posts
 * @property {number} first time of the oldest post
 * @property {number} last time of the newest
 * @property {number} rows of the file
 * @property {Trouble[]} skipped
 * @property {{ of: string, scores: Record<string, number> }} [worth] scores by post, and what they
 *   depend on beside it
 */

/** Most posts that a request may name. */
const MOST = 200;
/** Milliseconds after which a post's counts are taken as final. */
const SETTLED = 24 * 3600e3;
/** Scores among which a draft is placed. */
const BESIDE = 20;

/** What an author's posts came to, as requests have it. @typedef {NonNullable<NonNullable<Post["author"]>["recent"]>[number]} Recent */

/**
 * The imports that a file makes: one for each platform in it.
 *
 * @param {Past} past
 * @param {string} name the file's
 * @param {PastPost["platform"]} chosen taken where the file can't name its platform
 * @param {number} at now
 * @returns {Import[]}
 */
export function importsOf(past, name, chosen, at) {
  /** @type {Map<PastPost["platform"], PastPost[]>} */
  const by = new Map();
  for (const post of past.posts) {
    const known = by.get(post.platform);
    if (known) known.push(post);
    else by.set(post.platform, [post]);
  }
  const unnamed = past.tools.some((tool) => isUnnamed(tool, chosen));
  return [...by].map(([platform, posts], i) => {
    const assumed = platform === "other" && unnamed;
    return {
      id: crypto.randomUUID(),
      at: at + i,
      name,
      tools: past.tools,
      platform: assumed ? chosen : platform,
      assumed,
      posts,
      ...spanOf(posts),
      rows: past.rows,
      // A row that is skipped is of no platform: it is told once.
      skipped: i === 0 ? past.skipped : [],
    };
  });
}

/** Tables of one's own, which need not say what they are of. */
const OWN = ["posts", "texts", "events"];

/**
 * Whether what a file says of no platform may be of the page's. Other programs' files say theirs: where it
 * is "other" there, it has no name here.
 *
 * @param {string} tool
 * @param {string} chosen
 */
export const isUnnamed = (tool, chosen) =>
  // Meta's files hold posts of Instagram or Facebook.
  OWN.includes(tool) || (tool.startsWith("Meta") && chosen === "instagram");

/** Between when posts came out. @param {PastPost[]} posts one at least */
function spanOf(posts) {
  let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { created_at } of posts) {
    const time = Date.parse(created_at);
    first = Math.min(first, time);
    last = Math.max(last, time);
  }
  return { first, last };
}

/**
 * Posts of a platform, each once, the newest first; of one that was imported twice the later reading.
 *
 * @param {Import[]} imports
 * @param {string} platform
 */
export function postsOf(imports, platform) {
  /** @type {Map<string, Known[]>} */
  const platforms = known.get(imports) ?? new Map();
  known.set(imports, platforms);
  const posts = platforms.get(platform) ?? sorted(imports, platform);
  platforms.set(platform, posts);
  return posts;
}

/** A post, and when it was read. @typedef {{ post: PastPost, read: number }} Known */

/** Posts of imports by platform: a page asks for them with each key. @type {WeakMap<Import[], Map<string, Known[]>>} */
const known = new WeakMap();

/** @param {Import[]} imports @param {string} platform @returns {Known[]} */
function sorted(imports, platform) {
  /** @type {Map<string, Known>} */
  const by = new Map();
  for (const { at, platform: of, posts } of imports) {
    if (of !== platform) continue;
    for (const post of posts) {
      const known = by.get(post.id);
      if (!known || known.read < at) by.set(post.id, { post, read: at });
    }
  }
  const time = (/** @type {Known} */ { post }) => Date.parse(post.created_at);
  return [...by.values()].sort((a, b) => time(b) - time(a));
}

/**
 * What the account's last posts came to: those whose counts are known and had a day to settle.
 *
 * @param {Import[]} imports
 * @param {string} platform
 * @returns {Recent[]}
 */
export function recentOf(imports, platform) {
  /** @type {Recent[]} */
  const recent = [];
  for (const { post, read } of postsOf(imports, platform)) {
    const { likes, saves, comments, shares } = post.counts ?? {};
    if ([likes, saves, comments, shares].every((n) => n === undefined)) continue;
    if (read - Date.parse(post.created_at) < SETTLED) continue;
    recent.push({ likes, saves, comments, shares });
    if (recent.length === MOST) break;
  }
  return recent;
}

/**
 * Followers as the newest post tells them, where any does.
 *
 * @param {Import[]} imports
 * @param {string} platform
 * @returns {number | undefined}
 */
export function followersIn(imports, platform) {
  const told = postsOf(imports, platform).find(({ post }) => post.author?.followers != null);
  return told?.post.author?.followers ?? undefined;
}

/**
 * Where a score lies among those of the last posts of a platform.
 *
 * @param {Import[]} imports
 * @param {string} platform
 * @param {string} of what scores depend on beside the post: those of other settings don't count
 * @param {number} score
 * @returns {{ above: number, of: number } | undefined} nothing where none was scored
 */
export function placeOf(imports, platform, of, score) {
  /** @type {Record<string, number>} */
  const scores = {};
  for (const { platform: on, worth } of imports) {
    if (on === platform && worth?.of === of) Object.assign(scores, worth.scores);
  }
  const last = postsOf(imports, platform)
    .map(({ post }) => scores[post.id])
    .filter((one) => one !== undefined)
    .slice(0, BESIDE);
  if (last.length === 0) return undefined;
  // As they are shown: what is rounded to the same is no difference.
  const above = last.filter((one) => Math.round(one) < Math.round(score)).length;
  return { above, of: last.length };
}

/** Counts of past posts of one kind. @param {Recent[]} recent @param {string} count */
export const countsOf = (recent, count) =>
  recent.map((post) => post[/** @type {keyof Recent} */ (count)]).filter((n) => n != null);

/** The count that a draft is placed by: the first that own posts have. @param {Score["engagement"]} engagement */
export const placedBy = (engagement) => engagement.find(({ of }) => of > 0);
