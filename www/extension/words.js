/** Puts the words of `_locales` into a page of the extension. */

/** Fills in every `data-text` and `data-hint`, and says which language that is. */
export function translate() {
  document.documentElement.lang = chrome.i18n.getMessage("language");
  for (const element of /** @type {NodeListOf<HTMLElement>} */ (
    document.querySelectorAll("[data-text]")
  )) {
    element.textContent = chrome.i18n.getMessage(element.dataset.text ?? "");
  }
  for (const input of /** @type {NodeListOf<HTMLInputElement>} */ (
    document.querySelectorAll("[data-hint]")
  )) {
    input.placeholder = chrome.i18n.getMessage(input.dataset.hint ?? "");
  }
}
