/** What the page keeps on the device, and how it comes back. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  expected,
  fill,
  noComplaints,
  open,
  ready,
  server,
  settled,
  shown,
  textOf,
  visit,
  write,
} from "./visits.mjs";

test("an example opens as a draft of its own, and the one before comes back with its platform and brand", async () => {
  const page = await visit();
  await page.locator("#platform").selectOption("weibo");
  await page.locator("#brand").click();
  await page.locator("#brands .choice", { hasText: "LEGO" }).first().click();
  await write(page, "Half an hour of work on this draft.");
  await page.locator("#examples summary").click();
  await page.locator("#examples [data-kind=complaint]").click();
  await page.waitForFunction(() =>
    document.querySelector("#text")?.textContent?.startsWith("Third"),
  );
  await page.locator("#open-drafts").click();
  await page.locator("#drafts .choice", { hasText: "Half an hour" }).click();
  await page.locator("#drafts").waitFor({ state: "hidden" });
  assert.equal(await textOf(page.locator("#text")), "Half an hour of work on this draft.");
  assert.equal(await page.locator("#platform").inputValue(), "weibo");
  assert.match(await textOf(page.locator("#brand")), /LEGO/);
  await settled(page);
  await page.context().close();
});

test("draft, settings and own brands survive a reload, and so do versions", async () => {
  const page = await visit();
  await write(page, "栀夏家的皂太温柔了，洗完不拔干。");
  await page.locator("#platform").selectOption("xiaohongshu");
  await fill(page, "#title", "洗完不拔干");
  await page.locator("#brand").click();
  await page.getByRole("button", { name: "Describe a brand" }).click();
  const before = await shown(page);
  assert.equal(await page.locator("#brands .problem").count(), 0, "nothing is wrong yet");
  await page.getByRole("button", { name: "Save" }).click();
  await page.locator("#brands .problem", { hasText: "needs a name" }).waitFor();
  assert.equal(await shown(page), before);
  await page.locator("#brand-name").fill("栀夏手工皂");
  await page.locator("#brand-aliases").fill("栀夏，栀夏家");
  await page.getByRole("button", { name: "Save" }).click();
  await settled(page);
  await page.locator("#version").click();
  await page.locator("#said", { hasText: "Version kept" }).waitFor();
  await page.locator("#saved", { hasText: "Saved" }).waitFor();
  await page.reload();
  await page.locator("#brand", { hasText: "栀夏手工皂" }).waitFor();
  await settled(page);
  assert.equal(await textOf(page.locator("#text")), "栀夏家的皂太温柔了，洗完不拔干。");
  assert.equal(await page.locator("#title").inputValue(), "洗完不拔干");
  assert.equal(await page.locator("#platform").inputValue(), "xiaohongshu");
  assert.match(await textOf(page.locator("#scorer .range")), /as much as version “Version 1”/);
  const { brand } = await page.evaluate(
    () => /** @type {any} */ (document.querySelector("bsmv-scorer")).state.request,
  );
  assert.deepEqual(brand.aliases, ["栀夏", "栀夏家"]);

  await fill(page, "#text", "换了一个写法。");
  await settled(page);
  await page.locator("#open-drafts").click();
  await page.getByRole("button", { name: "Restore" }).click();
  assert.equal(await textOf(page.locator("#text")), "栀夏家的皂太温柔了，洗完不拔干。");
  await page.locator("#text").focus();
  await page.keyboard.press("Control+z");
  assert.equal(await textOf(page.locator("#text")), "换了一个写法。", "restoring can be undone");
  await page.context().close();
});

test("two tabs write on drafts of their own", async () => {
  const first = await visit();
  await write(first, "Draft of the first tab.");
  await first.locator("#saved", { hasText: "Saved" }).waitFor();
  const second = await open(first.context());
  assert.equal(await textOf(second.locator("#text")), "");
  await write(second, "Draft of the second tab.");
  await second.locator("#open-drafts").click();
  await second.locator("#drafts .choice", { hasText: "first tab" }).click();
  await second.locator("#drafts .problem").waitFor();
  await first.reload();
  await settled(first);
  assert.equal(await textOf(first.locator("#text")), "Draft of the first tab.");
  await first.context().close();
});

test("a first visitor is told the three steps, and nobody who has been here", async () => {
  const page = await visit();
  const steps = page.locator("#scorer > ol[slot=empty] li");
  assert.match((await steps.allTextContents()).join(" "), /platform: now it is X.+brand.+Write/s);
  await write(page, "I love this coffee.");
  await page.locator("#saved", { hasText: "Saved" }).waitFor();
  await page.locator("#open-drafts").click();
  await page.getByRole("button", { name: "New draft" }).click();
  await page.locator("#scorer", { hasText: "Write something" }).waitFor();
  assert.equal(await steps.count(), 0);
  await page.context().close();
});

test("a draft that was emptied is empty after a reload, and back brings a draft again", async () => {
  const page = await visit();
  await write(page, "Words that are taken back.");
  await page.locator("#saved", { hasText: "Saved" }).waitFor();
  await page.goto("about:blank");
  await page.goBack();
  await page.locator("#text", { hasText: "taken back" }).waitFor();
  await fill(page, "#text", "");
  await page.waitForTimeout(500);
  await page.reload();
  await page.locator("#text").waitFor();
  await ready(page);
  assert.equal(await textOf(page.locator("#text")), "");
  await page.context().close();
});

test("a deleted draft comes back with its versions until the dialog closes", async () => {
  const page = await visit();
  await write(page, "The first draft.");
  await page.locator("#version").click();
  await page.locator("#said", { hasText: "Version kept" }).waitFor();
  await page.locator("#open-drafts").click();
  await page.getByRole("button", { name: "New draft" }).click();
  await page.locator("#drafts").waitFor({ state: "hidden" });
  await page.locator("#open-drafts").click();
  const remove = page.getByRole("button", { name: "Delete: The first draft." });
  await remove.click();
  await remove.waitFor({ state: "detached" });
  assert.equal(await page.locator("#drafts .versions").count(), 0);
  assert.ok(await page.locator("#drafts [data-undo]").evaluate((it) => it.matches(":focus")));
  await page.keyboard.press("Enter");
  await remove.waitFor();
  assert.equal(await page.locator("#drafts .versions li").count(), 1);
  await page.getByRole("button", { name: "Delete: Version 1" }).click();
  await page.locator("#drafts [data-undo]").click();
  await page.locator("#drafts .versions li").waitFor();
  await remove.click();
  await page.locator("#drafts [data-close]").click();
  await page.reload();
  await page.locator("#open-drafts").click();
  await page.locator("#drafts", { hasText: "Nothing kept yet." }).waitFor();
  assert.equal(await remove.count(), 0);
  await page.context().close();
});

test("what is begun in a dialog that is opened again just after it was closed stays", async () => {
  const page = await visit();
  await page.locator("#brand").click();
  await page.locator("#brand-search").waitFor();
  await page.evaluate(() => {
    const dialog = /** @type {HTMLDialogElement} */ (document.querySelector("#brands"));
    const edit = [...dialog.querySelectorAll("button")].find((button) =>
      button.textContent?.includes("Describe a brand"),
    );
    let heard = false;
    dialog.addEventListener("close", () => {
      heard = true;
    });
    dialog.close();
    document.getElementById("brand")?.click();
    edit?.click();
    // Its event comes only now.
    if (heard) throw new Error("the dialog told at once that it was closed");
    dialog.addEventListener("close", () => dialog.setAttribute("data-heard", ""));
  });
  await page.locator("#brands[data-heard]").waitFor();
  await page.locator("#brand-name").fill("Gardenia");
  await page.context().close();
});

test("own brands are several, found by any name, copied from others, and go out and in as a file", async () => {
  const page = await visit({ locale: "zh-CN" });
  await page.locator("#brand").click();
  await page.locator("#brand-search").fill("瑞幸");
  const found = page.locator("#brands .choices li");
  await found.nth(1).waitFor({ state: "detached" });
  assert.equal(await found.count(), 1, "no brand at all isn't what was sought");
  await page.locator("#brand-search").press("Enter");
  await page.locator("#brand", { hasText: "瑞幸咖啡" }).waitFor();
  await page.locator("#brand").click();
  await page.getByRole("button", { name: /^复制并编辑：瑞幸/ }).click();
  assert.notEqual(await page.locator("#brand-positioning").inputValue(), "");
  await page.locator("#brand-name").fill("我的瑞幸");
  await page.locator("#brand-avoid").fill("便宜，廉价");
  await page.getByRole("button", { name: "保存", exact: true }).click();
  await page.locator("#brand", { hasText: "我的瑞幸" }).waitFor();
  await page.locator("#brand").click();
  await page.getByRole("button", { name: "添加品牌" }).click();
  await page.locator("#brand-name").fill("栀夏");
  await page.getByRole("button", { name: "保存", exact: true }).click();
  await fill(page, "#text", "这杯真便宜。");
  await page.locator("#checks li[data-code=ai_label]").waitFor();
  assert.equal(await page.locator("#checks li[data-code=avoid]").count(), 0);
  await page.locator("#brand").click();
  const own = page.locator("#brands h3").first();
  assert.equal(await textOf(own), "我的品牌");
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "导出我的品牌" }).click(),
  ]);
  const file = await download.path();
  for (const name of ["我的瑞幸", "栀夏"]) {
    await page.getByRole("button", { name: `编辑：${name}`, exact: true }).click();
    await page.getByRole("button", { name: "删除" }).click();
    await page.locator("#brands [data-undo]").waitFor();
  }
  assert.notEqual(await textOf(own), "我的品牌");
  const input = page.locator("#brands input[type=file]");
  await input.setInputFiles({
    name: "none.json",
    mimeType: "application/json",
    buffer: Buffer.from("[]"),
  });
  await page.locator("#brands .problem", { hasText: "文件里没有找到品牌" }).waitFor();
  await input.setInputFiles(file);
  await page.locator("#brands .choice", { hasText: "我的瑞幸" }).click();
  await page.locator("#checks li[data-code=avoid]", { hasText: "便宜" }).waitFor();
  await page.reload();
  await page.locator("#brand", { hasText: "我的瑞幸" }).waitFor();
  await page.context().close();
});

test("what another app shares becomes a draft of its own, once, and asks no server", async () => {
  const page = await visit({ serviceWorkers: "allow" });
  await write(page, "The draft that was open.");
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  await page.reload();
  await settled(page);
  // As the system posts it: a form to the address that the manifest names.
  const manifest = await (await fetch(new URL("manifest.webmanifest", server.address))).json();
  await page.evaluate(async ({ action, method, params }) => {
    const form = new FormData();
    form.set(params.title, "A title");
    form.set(params.text, "Shared words.");
    form.set(params.url, "https://example.com/a");
    await fetch(action, { method, body: form });
  }, manifest.share_target);
  const shared = `${server.address}?shared`;
  await page.goto(shared);
  await page.locator("#text", { hasText: "Shared words." }).waitFor();
  assert.match(await textOf(page.locator("#text")), /^Shared words\.\s*https:\/\/example\.com\/a$/);
  assert.equal(await page.locator("#title").inputValue(), "A title");
  assert.doesNotMatch(page.url(), /shared/);
  await page.locator("#open-drafts").click();
  await page.locator("#drafts .choice", { hasText: "The draft that was open." }).waitFor();
  await page.locator("#drafts [data-close]").click();
  await page.goto(shared);
  await page.locator("#text").waitFor();
  await ready(page);
  await page.locator("#open-drafts").click();
  assert.equal(await page.locator("#drafts .choice", { hasText: "A title" }).count(), 1);
  await page.context().close();
});

test("the browser is asked to keep what is kept once there is a version", async () => {
  const page = await visit();
  await page.evaluate(() => {
    const counted = /** @type {any} */ (globalThis);
    counted.asked = 0;
    StorageManager.prototype.persist = async () => {
      counted.asked += 1;
      return true;
    };
  });
  await write(page, "I love this coffee.");
  const asked = () => page.evaluate(() => /** @type {any} */ (globalThis).asked);
  assert.equal(await asked(), 0);
  await page.locator("#version").click();
  await page.locator("#said", { hasText: "Version kept" }).waitFor();
  assert.equal(await asked(), 1);
  await page.context().close();
});

test("a visit without a network has page, model, draft and brands, and sends nothing", async () => {
  const page = await visit({ serviceWorkers: "allow" });
  await write(page, "I love this coffee.");
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  await page.waitForFunction(async () =>
    (await caches.keys()).some((name) => name.startsWith("page-")),
  );
  // Once more with the service worker, which then knows what else the page asks for.
  await page.reload();
  await settled(page);
  await page.context().setOffline(true);
  await page.reload();
  await page.locator("#text").waitFor();
  await settled(page);
  assert.equal(await textOf(page.locator("#text")), "I love this coffee.");
  await page.locator("#brand").click();
  await page.locator("#brands .choice", { hasText: "LEGO" }).waitFor();
  expected("ERR_INTERNET");
  await page.context().close();
});

test("what a browser has once it keeps, what it needs at first is little, and the model comes compressed", async () => {
  const page = await visit({ wait: false });
  /** @type {Map<string, Record<string, string>>} */
  const answers = new Map();
  page.on("response", (response) => answers.set(response.url(), response.headers()));
  await page.reload();
  await ready(page);
  await write(page, "I love this coffee.");
  const urls = [...answers.keys()];
  const assets = urls.filter((url) => url.includes("/assets/"));
  assert.ok(assets.length >= 4, `${urls}`);
  for (const url of assets) {
    assert.match(answers.get(url)?.["cache-control"] ?? "", /immutable/, url);
  }
  const encoder = urls.findIndex((url) => url.includes("encoder_int8"));
  assert.ok(encoder <= 10, `asked for before the encoder: ${urls.slice(0, encoder).join(" ")}`);
  assert.equal(answers.get(urls[encoder])?.["content-encoding"], "zstd");
  await page.context().close();
});

test("a full disk is said, and the text stays", async () => {
  const page = await visit();
  await page.evaluate(() => {
    IDBObjectStore.prototype.put = () => {
      throw new DOMException("no room", "QuotaExceededError");
    };
  });
  await fill(page, "#text", "I love this coffee.");
  await page.locator("#saved.problem", { hasText: "this device is full" }).waitFor();
  assert.equal(await textOf(page.locator("#text")), "I love this coffee.");
  await page.context().close();
});

noComplaints();
