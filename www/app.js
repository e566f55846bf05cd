/// <reference types="vite/client" />
import "./bsmv/element.js";
import { App } from "./page/app.js";

await App.start(document.body, {
  model: new URL("models/bsmv-base/manifest.json", document.baseURI),
  brands: new URL("models/brands.json", document.baseURI),
});

// Only the build knows which files the page is made of.
if (import.meta.env.PROD) {
  navigator.serviceWorker?.register(new URL("sw.js", document.baseURI)).catch(() => {
    // Without it the page needs a network, as any does.
  });
}
