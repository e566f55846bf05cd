/**
 * Makes www/picture.png of the real page, for the README: `node www/tests/picture.mjs`. Wants a font
 * with Chinese (Debian: fonts-wqy-zenhei).
 */
import { join } from "node:path";
import { launch, ROOT, serve } from "./browser.mjs";

const server = await serve();
const browser = await launch();
try {
  const page = await browser.newPage({
    viewport: { width: 1280, height: 800 },
    locale: "en",
    colorScheme: "light",
    reducedMotion: "reduce",
  });
  await page.goto(server.address);
  await page.locator("#examples [data-kind=praise]").click();
  await page.locator("#followers").fill("12k");
  await page.waitForFunction(() => {
    const { phase, stale } = document.querySelector("bsmv-scorer")?.state ?? {};
    return phase === "settled" && !stale;
  });
  await page.locator("#followers").blur();
  await page.evaluate(() => window.scrollTo(0, 0));
  await page.screenshot({ path: join(ROOT, "www/picture.png") });
} finally {
  await browser.close();
  await server.stop();
}
