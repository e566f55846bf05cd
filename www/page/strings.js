/** Every text of the page: index.html holds none. Each key of `en` has its counterpart in `zh`. */
const en = {
  title: "Brand Social Media Value",
  lead: "What a post is worth to a brand: 0 to 100, and 50 is no effect.",
  switch: "中文",
  draft: "Draft",
  private: "The text stays on this device: the score is computed in the page.",
  example: "Show an example",
  characters: "{n} characters.",
  platform: "Platform",
  followers: "Author's followers",
  unknown: "unknown",
  brand: "Brand",
  noBrand: "No brand: for one that this fits",
  ownBrand: "Describe a brand…",
  brandsZh: "Chinese profiles",
  brandsEn: "English profiles",
  ownLegend: "Your brand",
  name: "Name",
  positioning: "What it offers, and to whom, in one sentence",
  weights: "What counts most",
  balanced: "Balanced",
  awareness: "Awareness: being seen",
  sales: "Sales: being on topic",
  graph: "Diffusion so far",
  noGraph: "None: a draft",
  demo20: "Demo: 20 reposts, 1 h",
  demo200: "Demo: 200 reposts, 1 h",
  demo900: "Demo: 900 reposts, 1 h",
  graphStored: "A stored post, as it travels…",
  stored: "Id of the post in this server's store",
  graphFile: "A file (JSON)…",
  file: "First page of the diffusion API, as JSON",
  notCount: "must be a whole number, 0 or more, or empty if unknown",
  notJson: "This file is not JSON.",
  score: "Score",
  loading: "Loading the model, once",
  loaded: "Loading the model, once: {loaded} of {total} MB",
  empty: "Write something, and the score appears here.",
  again: "The scorer broke on this text and was started again. Change the text to go on.",
  noEffect: "50 no effect",
  good2: "does the brand much good",
  good1: "does the brand some good",
  none: "hardly any effect",
  bad1: "does the brand some harm",
  bad2: "does the brand much harm",
  spoken: "Score {score} of 100: {verdict}. Nine times in ten between {low} and {high}.",
  interval: "Nine of ten such posts end between {low} and {high}.",
  atBalanced: "At balanced weights:",
  wordsTitle: "Words that drove the tone",
  wordsLegend: "more positive with it",
  wordsLegendMinus: "more negative with it",
  toneWords: "What a word adds to the tone (s, −1 to 1)",
  brandWords: "What a word adds to being about the brand (T, 0 to 1)",
  noWord: "No single word decides the tone.",
  skipped: "Words left out at the end: {n}.",
  spreadTitle: "Who carried it",
  spreadUntil: "{n} after {time}",
  spreadNone: "Everyone passed it on from the post itself: no repost carried it further.",
  event: "{event}{after}{by}: {share} % of what followed",
  eventAfter: ", after {time}",
  eventBy: ", {n} followers",
  kind_repost: "Repost {n}",
  kind_quote: "Quote {n}",
  kind_reply: "Reply {n}",
  kind_comment: "Comment {n}",
  parts: "What it is made of, in points",
  part_sentiment: "What is said",
  part_topic: "Being on topic",
  part_diffusion: "Being seen",
  forecast: "What is expected",
  s: "What is said (s)",
  s_2: "clearly positive",
  s_1: "rather positive",
  s_0: "neutral or mixed",
  "s_-1": "rather negative",
  "s_-2": "clearly negative",
  indicator_advert: "Reads like",
  indicator_advert_0: "a scene of real use",
  indicator_advert_1: "hard advertisement",
  indicatorSpoken: "{name}: {n} of 100, from {low} to {high}",
  indicatorsNote: "By the words alone; the score doesn't change with it.",
  e: "Emotion",
  e_unsure: "unsure",
  e_strength: "strength {n} of 10",
  e_admiration: "admiration",
  e_amusement: "amusement",
  e_anger: "anger",
  e_annoyance: "annoyance",
  e_approval: "approval",
  e_caring: "caring",
  e_confusion: "confusion",
  e_curiosity: "curiosity",
  e_desire: "desire",
  e_disappointment: "disappointment",
  e_disapproval: "disapproval",
  e_disgust: "disgust",
  e_embarrassment: "embarrassment",
  e_excitement: "excitement",
  e_fear: "fear",
  e_gratitude: "gratitude",
  e_grief: "grief",
  e_happiness: "happiness",
  e_joy: "joy",
  e_like: "like",
  e_love: "love",
  e_nervousness: "nervousness",
  e_none: "no emotion",
  e_optimism: "optimism",
  e_pride: "pride",
  e_realization: "realization",
  e_relief: "relief",
  e_remorse: "remorse",
  e_sadness: "sadness",
  e_surprise: "surprise",
  t: "About the brand (T)",
  t_any: "no brand chosen: taken as fitting",
  t_2: "about what it stands for",
  t_1: "perhaps about it",
  t_0: "about something else",
  d: "Diffusion (D)",
  d_events: "as if passed on {n} times",
  contributions: "What moved it",
  base: "From an average post's {base}, at balanced weights.",
  others: "{n} smaller ones",
  topics: "What it is about",
  flagsTitle: "May be there to move the score",
  unseenTitle: "What this score can't see",
  notMeasured:
    "Not measured by this score: whether people remember the brand, what they buy, the pictures, and whether the time is right.",
  made: "{bundle}, {precision}, computed here in {ms} ms.",
};

/** @typedef {keyof typeof en} Key */

/** @type {Record<Key, string>} */
const zh = {
  title: "品牌社媒价值",
  lead: "一条帖子对品牌的价值：0 到 100 分，50 分为没有影响。",
  switch: "English",
  draft: "草稿",
  private: "文字不会离开这台设备：分数在本页面内计算。",
  example: "看一个例子",
  characters: "{n} 字。",
  platform: "平台",
  followers: "作者粉丝数",
  unknown: "未知",
  brand: "品牌",
  noBrand: "不选品牌：按契合的品牌计算",
  ownBrand: "自己描述一个品牌…",
  brandsZh: "中文品牌资料",
  brandsEn: "英文品牌资料",
  ownLegend: "你的品牌",
  name: "名称",
  positioning: "一句话定位：提供什么，面向谁",
  weights: "最看重什么",
  balanced: "均衡",
  awareness: "知名度：被看见",
  sales: "销售：切合主题",
  graph: "目前的传播",
  noGraph: "无：草稿",
  demo20: "演示：1 小时 20 转发",
  demo200: "演示：1 小时 200 转发",
  demo900: "演示：1 小时 900 转发",
  graphStored: "已保存的帖子，随传播更新…",
  stored: "帖子在此服务器中的编号",
  graphFile: "文件（JSON）…",
  file: "传播接口的第一页（JSON）",
  notCount: "须为不小于 0 的整数；未知则留空",
  notJson: "这个文件不是 JSON。",
  score: "分数",
  loading: "正在载入模型（仅一次）",
  loaded: "正在载入模型（仅一次）：{loaded} / {total} MB",
  empty: "写点什么，分数就会出现在这里。",
  again: "这段文字让评分程序出错，程序已重新启动。修改文字即可继续。",
  noEffect: "50 无影响",
  good2: "对品牌很有益",
  good1: "对品牌略有益",
  none: "几乎没有影响",
  bad1: "对品牌略有害",
  bad2: "对品牌很有害",
  spoken: "{score} 分（满分 100）：{verdict}。十次中有九次在 {low} 到 {high} 之间。",
  interval: "这样的帖子十条中有九条最终在 {low} 到 {high} 之间。",
  atBalanced: "按均衡权重：",
  wordsTitle: "左右语气的词",
  wordsLegend: "有它更正面",
  wordsLegendMinus: "有它更负面",
  toneWords: "一个词使语气增减多少（s，−1 到 1）",
  brandWords: "一个词使与品牌的关联增减多少（T，0 到 1）",
  noWord: "没有哪个词单独左右语气。",
  skipped: "末尾未分析的词：{n} 个。",
  spreadTitle: "谁带动了传播",
  spreadUntil: "{time}后共 {n} 次",
  spreadNone: "大家都直接转自原帖：没有哪次转发带动更多传播。",
  event: "{event}{after}{by}：带来后续传播的 {share}%",
  eventAfter: "（{time}后）",
  eventBy: "，{n} 粉丝",
  kind_repost: "转发 {n}",
  kind_quote: "引用 {n}",
  kind_reply: "回复 {n}",
  kind_comment: "评论 {n}",
  parts: "分数的构成（分）",
  part_sentiment: "说了什么",
  part_topic: "切合主题",
  part_diffusion: "被看见",
  forecast: "预计",
  s: "说了什么（s）",
  s_2: "明显正面",
  s_1: "偏正面",
  s_0: "中性或好坏参半",
  "s_-1": "偏负面",
  "s_-2": "明显负面",
  indicator_advert: "读起来像",
  indicator_advert_0: "真实使用场景",
  indicator_advert_1: "硬广告",
  indicatorSpoken: "{name}：从{low}到{high}，{n}（满分 100）",
  indicatorsNote: "只看文字；分数不随它变。",
  e: "情绪",
  e_unsure: "不确定",
  e_strength: "强度 {n}（满分 10）",
  e_admiration: "钦佩",
  e_amusement: "逗乐",
  e_anger: "愤怒",
  e_annoyance: "烦恼",
  e_approval: "赞同",
  e_caring: "关心",
  e_confusion: "困惑",
  e_curiosity: "好奇",
  e_desire: "渴望",
  e_disappointment: "失望",
  e_disapproval: "反对",
  e_disgust: "厌恶",
  e_embarrassment: "尴尬",
  e_excitement: "激动",
  e_fear: "恐惧",
  e_gratitude: "感激",
  e_grief: "悲痛",
  e_happiness: "高兴",
  e_joy: "喜悦",
  e_like: "喜欢",
  e_love: "爱",
  e_nervousness: "紧张",
  e_none: "没有情绪",
  e_optimism: "乐观",
  e_pride: "自豪",
  e_realization: "恍然",
  e_relief: "宽慰",
  e_remorse: "懊悔",
  e_sadness: "悲伤",
  e_surprise: "惊讶",
  t: "与品牌相关（T）",
  t_any: "未选品牌：视为契合",
  t_2: "正是品牌所代表的",
  t_1: "也许相关",
  t_0: "说的是别的事",
  d: "传播（D）",
  d_events: "相当于被转发评论 {n} 次",
  contributions: "哪些因素改变了它",
  base: "从一般帖子的 {base} 分算起，均衡权重。",
  others: "另有 {n} 项较小",
  topics: "说的是什么",
  flagsTitle: "可能是为了拉高分数或传播",
  unseenTitle: "这个分数看不到什么",
  notMeasured: "这个分数不衡量：人们是否记住品牌、购买了什么、图片内容，以及时机是否合适。",
  made: "{bundle}，{precision}，在此设备上用时 {ms} 毫秒。",
};

/** The texts by language. */
export const languages = { en, zh };

/** @typedef {keyof typeof languages} Language */

/** @type {Language} */
let language = navigator.language.startsWith("zh") ? "zh" : "en";

/** Language of the page. */
export const current = () => language;

/**
 * Language of words that are not the page's own: a post's, or what the scorer says of it.
 *
 * @param {string} words
 */
export const languageOf = (words) => (/\p{Script=Han}/u.test(words) ? "zh-Hans" : "en");

/** Turns the page to its other language. */
export function switchLanguage() {
  language = language === "en" ? "zh" : "en";
}

/**
 * A text of the page, its `{places}` filled in.
 *
 * @param {Key} key
 * @param {Record<string, string | number>} [values]
 */
export function text(key, values = {}) {
  return languages[language][key].replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}

/**
 * A text whose key is put together from data.
 *
 * @param {string} key
 * @returns {string | undefined}
 */
export function textIfAny(key) {
  return key in en ? text(/** @type {Key} */ (key)) : undefined;
}

/** Puts the language's words into everything marked with `data-text` or `data-placeholder`. */
export function translatePage() {
  document.documentElement.lang = language === "zh" ? "zh-Hans" : "en";
  document.title = text("title");
  for (const element of document.querySelectorAll("[data-text]")) {
    element.textContent = textIfAny(element.getAttribute("data-text") ?? "") ?? "";
  }
  for (const element of document.querySelectorAll("[data-placeholder]")) {
    const key = element.getAttribute("data-placeholder") ?? "";
    element.setAttribute("placeholder", textIfAny(key) ?? "");
  }
  for (const element of document.querySelectorAll("[data-label]")) {
    element.setAttribute("label", textIfAny(element.getAttribute("data-label") ?? "") ?? "");
  }
}
