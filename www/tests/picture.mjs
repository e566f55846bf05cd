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
  });
  await page.goto(server.address);
  await page.locator("#empty").waitFor();
  // The last example, which is in the page's language.
  for (let i = 0; i < 4; i++) await page.locator("#example").click();
  await page.locator("#followers").fill("12000");
  await page.locator("#graph").selectOption("200");
  await page.locator("#words[aria-busy=false]").getByText("LEGO +").waitFor();
  // By now the marker stands still, and nothing is faded any more.
  await page.waitForTimeout(2000);
  await page.locator("#followers").blur();
  await page.screenshot({ path: join(ROOT, "www/picture.png"), fullPage: true });
} finally {
  await browser.close();
  await server.stop();
}
