/// <reference types="vite/client" />
import "./bsmv/element.js";
import { shareWorker } from "./bsmv/shared-scorer.js";
import { App } from "./page/app.js";

const model = new URL("models/bsmv-base/manifest.json", document.baseURI);
const brands = new URL("models/brands.json", document.baseURI);

// What takes longest begins before anything is drawn. The page's element shares it.
const scorer = shareWorker({ model, cache: "bsmv" }).catch(() => undefined);
await App.start(document.body, { model, brands });
(await scorer)?.dispose();

// Last: it loads the page once more. Only the build knows which files that is made of.
if (import.meta.env.PROD) {
  navigator.serviceWorker?.register(new URL("sw.js", document.baseURI)).catch(() => {
    // Without it the page needs a network, as any does.
  });
}
