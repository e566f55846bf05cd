/** The extension in headless Chromium, on pages in the shape of the three sites' composers. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { place } from "../extension/place.js";
import { SITES } from "../extension/sites.js";
import { launchWith, PATIENCE, ROOT } from "./browser.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const OUT = join(ROOT, "target/extension");
const SOURCE = join(ROOT, "www/extension");
/** All that the extension is made of. */
const SOURCES = [
  "www/extension",
  "www/bsmv",
  "www/page/counts.js",
  "www/pkg",
  "www/npm/package.json",
  "models/brands.json",
  "models/bsmv-base/manifest.json",
];
/** The sites' pages, and a policy that is as strict as theirs or more. */
const PAGES = new Map([
  ["weibo.com", "weibo"],
  ["x.com", "x"],
  ["creator.xiaohongshu.com", "xiaohongshu"],
]);
const POLICY =
  "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; frame-src 'self'";

const PRAISE = "I love this coffee, it is wonderful!";
const COMPLAINT = "The worst coffee I ever had. Horrible service, never again.";

/** @typedef {import("playwright-core").Page} Page */
/** @typedef {import("playwright-core").Frame} Frame */

/** @type {import("playwright-core").BrowserContext} */
let context;
/** @type {string} */
let profile;
/** Addresses that were asked for outside the extension, but for the pages themselves. @type {string[]} */
const strays = [];
/** @type {string[]} */
const complaints = [];

/** When a file, or the newest of a folder, was written. @param {string} path @returns {number} */
function writtenAt(path) {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found?.isDirectory()) return found?.mtimeMs ?? 0;
  return Math.max(0, ...readdirSync(path).map((name) => writtenAt(join(path, name))));
}

/** @param {string} name in the built extension */
const json = (name) => JSON.parse(readFileSync(join(OUT, name), "utf8"));

before(async () => {
  const newest = Math.max(...SOURCES.map((path) => writtenAt(join(ROOT, path))));
  if (writtenAt(join(OUT, "manifest.json")) < newest) {
    execFileSync(process.execPath, [join(SOURCE, "build.mjs")], { stdio: "inherit" });
  }
  profile = mkdtempSync(join(tmpdir(), "bsmv-extension-"));
  context = await launchWith(OUT, profile, { language: "en-US" });
  context.setDefaultTimeout(PATIENCE);
  await serveComposers(context);
});

after(async () => {
  await context?.close();
  if (profile) rmSync(profile, { recursive: true, force: true });
});

/** Answers for the three sites, and for nobody else. @param {import("playwright-core").BrowserContext} context */
async function serveComposers(context) {
  context.on("request", (request) => {
    const local = request.url().startsWith("chrome-extension:");
    if (!local && !request.isNavigationRequest()) strays.push(request.url());
  });
  await context.route(/^https?:/, (route) => {
    const name = PAGES.get(new URL(route.request().url()).host);
    if (!name) {
      strays.push(route.request().url());
      return route.abort();
    }
    return route.fulfill({
      contentType: "text/html",
      headers: { "content-security-policy": POLICY },
      body: readFileSync(join(ROOT, `www/tests/composers/${name}.html`), "utf8"),
    });
  });
}

/** @param {string} address */
async function visit(address) {
  const page = await context.newPage();
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  await page.goto(address);
  return page;
}

/** @param {Page} page */
const button = (page) => page.locator("#bsmv-beside button");

/** @param {() => Promise<unknown> | unknown} found @returns {Promise<any>} */
async function until(found) {
  for (const start = Date.now(); Date.now() - start < PATIENCE; ) {
    const value = await found();
    if (value) return value;
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  throw new Error(`waited in vain for ${found}`);
}

/** The panel that is open in a page. @param {Page} page @returns {Promise<Frame>} */
async function panelOf(page) {
  const panel = await until(() => page.frames().find((frame) => /panel\.html$/.test(frame.url())));
  await panel.locator("bsmv-scorer").waitFor();
  return panel;
}

/** @param {Page} page */
async function open(page) {
  await button(page).click();
  return panelOf(page);
}

/** The score of a text, once it is there. @param {Frame} panel @param {string} text */
async function scoreOf(panel, text) {
  /** @type {{ bsmv: number, post: import("../bsmv/types.js").ScoreRequest["post"], brand?: object }} */
  const scored = await until(() =>
    panel.evaluate((text) => {
      const { phase, stale, score, request } = document.querySelector("bsmv-scorer")?.state ?? {};
      const done = phase === "settled" && !stale && request?.post.text === text;
      return done && { bsmv: score?.bsmv, post: request.post, brand: request.brand };
    }, text),
  );
  const shown = await panel.locator("bsmv-scorer .points").textContent();
  assert.equal(Number(shown), Math.round(scored.bsmv));
  return scored;
}

/** The parts of a composer that what stands beside it covers. @param {Page} page @param {string} parts */
const covered = (page, parts) =>
  page.evaluate((parts) => {
    const box = (/** @type {Element} */ element) => element.getBoundingClientRect();
    const host = document.querySelector("#bsmv-beside");
    if (!host) throw new Error("nothing stands beside it");
    const b = box(host);
    return [...document.querySelectorAll(parts)]
      .filter((part) => {
        const a = box(part);
        return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
      })
      .map(({ outerHTML }) => outerHTML);
  }, parts);

test("it may keep settings and stand in three sites, and nothing more", () => {
  const manifest = json("manifest.json");
  const three = ["https://weibo.com/*", "https://x.com/*", "https://creator.xiaohongshu.com/*"];
  assert.deepEqual(
    SITES.map(({ host }) => `https://${host}/*`),
    three,
  );
  assert.deepEqual(manifest.permissions, ["storage"]);
  const asking = Object.keys(manifest).filter((key) => /permissions|connect|background/.test(key));
  assert.deepEqual(asking, ["permissions"]);
  assert.deepEqual(manifest.content_scripts, [{ matches: three, js: ["content.js"] }]);
  assert.deepEqual(manifest.web_accessible_resources, [
    { resources: ["panel.html"], matches: three, use_dynamic_url: true },
  ]);
  const policy = manifest.content_security_policy.extension_pages;
  assert.match(policy, /^default-src 'none';/);
  for (const [, sources] of policy.matchAll(/-src([^;]*)/g)) {
    for (const source of sources.trim().split(" ")) {
      assert.ok(["'none'", "'self'", "'wasm-unsafe-eval'"].includes(source), source);
    }
  }
  const version = /^version = "(.*)"/m.exec(readFileSync(join(ROOT, "Cargo.toml"), "utf8"))?.[1];
  assert.equal(manifest.version, version);
});

test("the words are the same ones in both languages, and all are used", () => {
  const [en, zh] = ["en", "zh_CN"].map((name) => json(`_locales/${name}/messages.json`));
  assert.deepEqual(Object.keys(en), Object.keys(zh));
  const files = readdirSync(SOURCE).filter((name) => /\.(html|js|json)$/.test(name));
  const source = files.map((name) => readFileSync(join(SOURCE, name), "utf8")).join("\n");
  for (const key of Object.keys(en)) assert.match(source, new RegExp(`["_]${key}["_]`), key);
  for (const { platform } of SITES) assert.ok(platform in en, platform);
  assert.ok(en.description.message.length <= 132);
});

test("there is room beside a box or there is none, and what stands there covers nothing", () => {
  const size = { width: 344, height: 516 };
  const least = 236;
  const views = [360, 700, 1280, 1920].flatMap((width) =>
    [300, 700, 1000].map((height) => ({ width, height })),
  );
  const boxes = [-50, 0, 200, 600].flatMap((left) =>
    [-400, 0, 150, 500].flatMap((top) => [
      { left, top, right: left + 300, bottom: top + 100 },
      { left, top, right: left + 600, bottom: top + 180 },
      { left, top, right: left + 900, bottom: top + 800 },
    ]),
  );
  let found = 0;
  for (const view of views) {
    for (const box of boxes) {
      const at = place(box, size, least, view);
      if (!at) continue;
      found += 1;
      const [right, bottom] = [at.left + size.width, at.top + at.height];
      const told = JSON.stringify({ view, box, at });
      assert.ok(at.left >= 0 && at.top >= 0 && right <= view.width && bottom <= view.height, told);
      assert.ok(at.height >= least && at.height <= size.height, told);
      const beside = right <= box.left || at.left >= box.right;
      assert.ok(beside || bottom <= box.top || at.top >= box.bottom, told);
    }
  }
  assert.ok(found > 200, `${found} of ${views.length * boxes.length}`);
  const above = { left: 0, top: -90, right: 600, bottom: -10 };
  assert.equal(place(above, size, least, views[7]), undefined);
});

test("on Weibo the score follows the post that is written, and comments have none", async () => {
  const page = await visit("https://weibo.com/");
  assert.equal(page.frames().length, 1, "nothing is loaded before it is asked for");
  const post = page.getByLabel("正文");
  await post.fill(PRAISE);
  const panel = await open(page);
  const praise = await scoreOf(panel, PRAISE);
  assert.equal(praise.post.platform, "weibo");
  await post.fill("");
  await post.pressSequentially(COMPLAINT);
  const complaint = await scoreOf(panel, COMPLAINT);
  assert.ok(praise.bsmv > complaint.bsmv, `${praise.bsmv} and ${complaint.bsmv}`);
  assert.deepEqual(await covered(page, "main textarea, main .tools *"), []);
  await page.getByLabel("评论").first().fill("A comment.");
  await page.waitForTimeout(400);
  await scoreOf(panel, COMPLAINT);
  await page.locator("#send").click();
  await panel.locator("bsmv-scorer .points").waitFor({ state: "detached" });
  await page.close();
});

test("it goes with the composer and comes back with it, as the site changes pages", async () => {
  const page = await visit("https://weibo.com/");
  await open(page);
  await page.locator("#hot").click();
  await button(page).waitFor({ state: "detached" });
  // No panel is kept in memory.
  await until(() => page.frames().length === 1);
  await page.locator("#home").click();
  await page.getByLabel("正文").fill(PRAISE);
  await scoreOf(await panelOf(page), PRAISE);
  await page.close();
});

test("in a narrow window it stands below the composer, and goes when that is scrolled away", async () => {
  const page = await visit("https://x.com/home");
  await page.setViewportSize({ width: 760, height: 700 });
  await page.getByRole("textbox").fill(PRAISE);
  await scoreOf(await open(page), PRAISE);
  assert.deepEqual(await covered(page, ".composer *"), []);
  const below = () => {
    const [host, composer] = ["#bsmv-beside", ".composer"].map((selector) =>
      /** @type {Element} */ (document.querySelector(selector)).getBoundingClientRect(),
    );
    return host.top > composer.top + composer.height / 2 && host.bottom <= innerHeight;
  };
  await until(() => page.evaluate(below));
  await page.mouse.move(100, 600);
  await page.mouse.wheel(0, 600);
  await button(page).waitFor({ state: "hidden" });
  await page.mouse.wheel(0, -600);
  await button(page).waitFor();
  await page.close();
});

test("on X it reads what editors make of a text, the dialog's before the page's, and no messages", async () => {
  const page = await visit("https://x.com/home");
  const lines = "I love this #coffee here.\n\nEvery morning!";
  const write = (/** @type {string} */ text) =>
    page.evaluate((text) => /** @type {any} */ (globalThis).written(text), text);
  await page.getByRole("textbox").click();
  const panel = await open(page);
  await page.getByRole("textbox").click();
  await write(lines);
  assert.equal((await scoreOf(panel, lines)).post.platform, "x");
  assert.deepEqual(await covered(page, ".composer *"), []);
  await page.locator("#post").click();
  await page.keyboard.type(COMPLAINT);
  await scoreOf(panel, COMPLAINT);
  assert.deepEqual(await covered(page, "[role=dialog] *"), []);
  await page.locator("#close").click();
  await scoreOf(panel, lines);
  await page.locator("#messages").click();
  await button(page).waitFor({ state: "detached" });
  await page.close();
});

test("on Xiaohongshu the title is read too, once there is an editor", async () => {
  const page = await visit("https://creator.xiaohongshu.com/publish/publish");
  assert.equal(await button(page).count(), 0);
  await page.locator("#pictures").click();
  const panel = await open(page);
  await page.getByPlaceholder("填写标题会有更多赞哦").fill("早上的生椰拿铁");
  await page.locator(".ProseMirror").click();
  await page.keyboard.type("冰块给得刚好，");
  await page.keyboard.press("Enter");
  await page.keyboard.type("喝完一上午都精神！");
  const { post } = await scoreOf(panel, "冰块给得刚好，\n喝完一上午都精神！");
  assert.deepEqual([post.title, post.platform], ["早上的生椰拿铁", "xiaohongshu"]);
  assert.deepEqual(await covered(page, "#app *"), []);
  await page.close();
});

test("brand and followers are kept from one page to the next", async () => {
  const page = await visit("https://weibo.com/");
  const panel = await open(page);
  await panel.getByLabel("Brand").fill("瑞幸");
  await panel.getByLabel("Followers").fill("many");
  await panel.getByRole("heading", { level: 2 }).click();
  await panel.getByText("Write a number").waitFor();
  await panel.getByLabel("Followers").fill("1.2万");
  await panel.getByLabel("Followers").press("Enter");
  await panel.getByText("Write a number").waitFor({ state: "hidden" });
  await page.close();
  const next = await visit("https://x.com/home");
  await next.getByRole("textbox").fill(PRAISE);
  const again = await open(next);
  const { post, brand } = await scoreOf(again, PRAISE);
  assert.equal(post.author?.followers, 12_000);
  assert.equal(/** @type {{ id?: string }} */ (brand).id, "luckin");
  for (const label of ["Brand", "Followers"]) {
    await again.getByLabel(label).fill("");
    await again.getByLabel(label).press("Enter");
  }
  await next.close();
});

test("what rules find is beside the score", async () => {
  const page = await visit("https://weibo.com/");
  const post = page.getByLabel("正文");
  await post.fill("全网第一的咖啡，喝了根治失眠。");
  const panel = await open(page);
  await panel.getByText("To check: 3").click();
  await panel.getByText("根治").waitFor();
  assert.deepEqual(await axe(panel), []);
  // Whether AI made any of it is always asked.
  await post.fill("早上喝了一杯咖啡。");
  await panel.getByText("To check: 1").waitFor();
  await post.fill("");
  await panel.getByText("To check").waitFor({ state: "hidden" });
  await page.close();
});

test("it is opened, used and closed by keyboard", async () => {
  const page = await visit("https://weibo.com/");
  await page.getByLabel("正文").fill(PRAISE);
  const session = await context.newCDPSession(page);
  // Playwright's own keys don't say which letter Alt was pressed with.
  const key = { modifiers: 1, key: "b", code: "KeyB", windowsVirtualKeyCode: 66 };
  await session.send("Input.dispatchKeyEvent", {
    type: "keyDown",
    unmodifiedText: "b",
    text: "b",
    ...key,
  });
  await session.send("Input.dispatchKeyEvent", { type: "keyUp", ...key });
  const panel = await panelOf(page);
  await scoreOf(panel, PRAISE);
  assert.equal(await button(page).getAttribute("aria-expanded"), "true");
  await page.keyboard.press("Tab");
  assert.equal(await panel.evaluate(() => document.activeElement?.id), "brand");
  await page.keyboard.press("Escape");
  await until(() => page.frames().length === 1);
  const focused = () => document.activeElement?.shadowRoot?.activeElement?.tagName;
  assert.equal(await page.evaluate(focused), "BUTTON");
  await page.close();
});

test("a site is switched off in the popup, and on again, while its pages are open", async () => {
  const page = await visit("https://weibo.com/");
  const { host } = new URL((await open(page)).url());
  const popup = await visit(`chrome-extension://${host}/popup.html`);
  assert.deepEqual(await axe(popup.mainFrame()), []);
  await popup.getByLabel("Weibo").uncheck();
  await button(page).waitFor({ state: "detached" });
  await until(() => page.frames().length === 1);
  const other = await visit("https://x.com/home");
  await button(other).waitFor();
  await page.reload();
  await page.waitForTimeout(500);
  assert.equal(await button(page).count(), 0);
  await popup.getByLabel("Weibo").check();
  await button(page).waitFor();
  for (const each of [page, popup, other]) await each.close();
});

/** What axe finds in a frame, without the frames in it. @param {Frame} frame @param {string} [within] */
async function axe(frame, within = ":root") {
  await frame.evaluate(AXE);
  // The first heading of all is that of the page round it.
  const rules = { "page-has-heading-one": { enabled: frame.parentFrame() === null } };
  return frame.evaluate(
    async ([within, options]) => {
      const { violations } = await /** @type {any} */ (globalThis).axe.run(within, options);
      return violations.map(
        (/** @type {{ id: string, nodes: { html: string }[] }} */ { id, nodes }) =>
          `${id}: ${nodes.map(({ html }) => html).join(" ")}`,
      );
    },
    /** @type {const} */ ([within, { iframes: false, rules }]),
  );
}

test("no page can ask for the panel by the extension's id, not even one of the three", async () => {
  const page = await visit("https://weibo.com/");
  const { href } = new URL((await open(page)).url());
  await page.close();
  const asking = await context.newPage();
  await asking.goto("https://weibo.com/");
  await asking.evaluate((href) => {
    const frame = document.createElement("iframe");
    frame.src = href;
    document.body.append(frame);
  }, href);
  await until(() => asking.frames()[1]?.url().startsWith("chrome-error:"));
  await asking.close();
});

test("axe finds nothing in button and panel, light and dark", async () => {
  for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
    const page = await visit("https://weibo.com/");
    await page.emulateMedia({ colorScheme });
    await button(page).waitFor();
    assert.deepEqual(await axe(page.mainFrame(), "#bsmv-beside"), []);
    await page.getByLabel("正文").fill(PRAISE);
    const panel = await open(page);
    await scoreOf(panel, PRAISE);
    await panel.getByLabel("Followers").fill("many");
    await panel.getByRole("heading", { level: 2 }).click();
    await panel.getByText("Write a number").waitFor();
    assert.deepEqual(await axe(page.mainFrame(), "#bsmv-beside"), []);
    assert.deepEqual(await axe(panel), []);
    await panel.getByLabel("Followers").fill("");
    await panel.getByLabel("Followers").press("Enter");
    await page.close();
  }
});

test("it speaks Chinese where the browser does", async () => {
  const folder = mkdtempSync(join(tmpdir(), "bsmv-extension-"));
  const chinese = await launchWith(OUT, folder, { language: "zh_CN" });
  try {
    await serveComposers(chinese);
    const page = await chinese.newPage();
    await page.goto("https://weibo.com/");
    await button(page).waitFor();
    assert.equal(await button(page).getAttribute("aria-label"), "给这条帖子打分");
    await page.getByLabel("正文").fill("这杯咖啡真好喝，喜欢！");
    const panel = await open(page);
    await scoreOf(panel, "这杯咖啡真好喝，喜欢！");
    assert.match((await panel.locator("bsmv-scorer .verdict").textContent()) ?? "", /对品牌/);
    await panel.getByLabel("粉丝数").waitFor();
  } finally {
    await chinese.close();
    rmSync(folder, { recursive: true, force: true });
  }
});

// The last: it is about all of them.
test("nothing was asked of anybody in all that, and nobody complained", () => {
  assert.deepEqual(strays, []);
  assert.deepEqual(complaints, []);
});
