/** Drafts to try the page on, of our own. */

/**
 * @typedef {object} Example
 * @property {"zh" | "en"} language
 * @property {"praise" | "review" | "complaint" | "advert"} kind
 * @property {string} platform
 * @property {string} brand its id, or empty
 * @property {string} [title]
 * @property {string} text
 */

/** @type {Example[]} */
export const EXAMPLES = [
  {
    language: "zh",
    kind: "praise",
    platform: "xiaohongshu",
    brand: "luckin",
    title: "早上的生椰拿铁真的救命",
    text: "早上赶地铁顺手买了瑞幸的生椰拿铁，冰块给得刚好，喝完一上午都精神，喜欢！",
  },
  {
    language: "zh",
    kind: "review",
    platform: "xiaohongshu",
    brand: "proya",
    title: "用完两瓶双抗来说说",
    text: "珀莱雅的双抗用完第二瓶了。上脸清爽，早上不油，就是瓶口容易挂液，滴管也短。敏感肌可以先试小样再决定。",
  },
  {
    language: "zh",
    kind: "complaint",
    platform: "weibo",
    brand: "jd",
    text: "京东客服说三天内到货，今天第九天了还在“打包中”，太让人失望了。",
  },
  {
    language: "zh",
    kind: "advert",
    platform: "weibo",
    brand: "luckin",
    text: "全网第一的生椰拿铁，喝过的都说好！用我的口令下单立减9元，转发抽三位送一周咖啡。",
  },
  {
    language: "en",
    kind: "praise",
    platform: "x",
    brand: "lego",
    text: "Built the old LEGO lighthouse with my daughter over the weekend. Great instructions, no missing bricks, love it.",
  },
  {
    language: "en",
    kind: "review",
    platform: "x",
    brand: "dyson",
    text: "Six months with the Dyson: carpets look new and the cord is gone for good. The bin is small and the price still stings.",
  },
  {
    language: "en",
    kind: "complaint",
    platform: "x",
    brand: "",
    text: "Third update this month and the app still loses my saved routes. Broken, and support hasn't answered in a week.",
  },
  {
    language: "en",
    kind: "advert",
    platform: "x",
    brand: "",
    text: "The #1 vacuum in the world! Guaranteed to cure your allergies. Use my code JANE15 today and RT to win one.",
  },
];
