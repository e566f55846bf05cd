/** The sites whose posts are scored, and how each one's composer is known. */

/**
 * @typedef {object} Site
 * @property {"weibo" | "x" | "xiaohongshu"} platform
 * @property {string} host
 * @property {string} field selects what texts are written in: also comments, messages, searches
 * @property {string} beside selects what stands beside the field of a post and of nothing else
 * @property {RegExp} [named] what that is called: its label, its hint or its words
 * @property {boolean} titled whether that is the post's title; elsewhere it is the button that posts it
 */

/** @type {Site[]} */
export const SITES = [
  {
    platform: "weibo",
    host: "weibo.com",
    field: "textarea",
    beside: 'button, [role="button"]',
    named: /^(发送|發送|发布|發佈|send|post)$/i,
    titled: false,
  },
  {
    platform: "x",
    host: "x.com",
    field: '[role="textbox"][contenteditable="true"]',
    // Its words are in the language of the reader.
    beside: '[data-testid^="tweetButton"]',
    titled: false,
  },
  {
    platform: "xiaohongshu",
    host: "creator.xiaohongshu.com",
    field: '[contenteditable="true"]',
    beside: "input, textarea",
    named: /标题|標題|title/i,
    titled: true,
  },
];
