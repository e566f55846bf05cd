/** Brands: the profiles that are offered, and one's own. */
import { html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { dialog, undoLine } from "./dialog.js";

/** @import { Brand } from "../bsmv/types.js" */
/** @import { PageSpeech } from "./strings.js" */

/**
 * A brand of one's own: a profile, and words that its posts should not have.
 *
 * @typedef {Brand & { id: string, avoid: string[], at: number }} OwnBrand
 */

/** Fields of a brand that are lists. */
const LISTS = /** @type {const} */ (["aliases", "keywords", "avoid"]);

/** @param {string} written @returns {string[]} */
export const listOf = (written) =>
  written
    .split(/[,，、;；\n]/)
    .map((item) => item.trim())
    .filter(Boolean);

/** What a brand is called, or what it is about. @param {Brand} brand @param {string} sought */
function matches(brand, sought) {
  const words = [brand.name, ...(brand.aliases ?? []), ...(brand.keywords ?? [])];
  return words.some((word) => word.toLowerCase().includes(sought.toLowerCase()));
}

/** The profile as the scorer takes it. @param {Brand} brand @returns {Brand} */
export function profileOf(brand) {
  const { id, name, aliases, keywords, positioning, language, examples } = brand;
  return {
    id,
    name,
    ...(aliases?.length && { aliases }),
    ...(keywords?.length && { keywords }),
    ...(positioning && { positioning }),
    ...(language && { language }),
    ...(examples?.length && { examples }),
  };
}

/**
 * A file's brands.
 *
 * @param {string} json
 * @returns {OwnBrand[] | undefined} nothing where there are none
 */
export function brandsOf(json) {
  /** @type {unknown} */
  let read;
  try {
    read = JSON.parse(json);
  } catch {
    return undefined;
  }
  const named = (Array.isArray(read) ? read : [read]).filter(
    (brand) => typeof brand?.name === "string" && brand.name.trim() !== "",
  );
  if (named.length === 0) return undefined;
  const strings = (/** @type {unknown} */ list) =>
    Array.isArray(list) ? list.filter((item) => typeof item === "string") : [];
  return named.map((brand) => ({
    id: crypto.randomUUID(),
    name: brand.name.trim(),
    positioning: typeof brand.positioning === "string" ? brand.positioning : "",
    ...(["zh", "en"].includes(brand.language) && { language: brand.language }),
    examples: strings(brand.examples),
    aliases: strings(brand.aliases),
    keywords: strings(brand.keywords),
    avoid: strings(brand.avoid),
    at: Date.now(),
  }));
}

/**
 * @param {object} shown
 * @param {PageSpeech} shown.speech
 * @param {Brand[]} shown.known
 * @param {OwnBrand[]} shown.own
 * @param {string} shown.chosen
 * @param {string} shown.sought
 * @param {Partial<OwnBrand> | undefined} shown.edited
 * @param {string | undefined} shown.problem
 * @param {import("./dialog.js").Removed | undefined} shown.removed
 * @param {{ choose: (id: string) => void, seek: (words: string) => void, edit: (brand?: Partial<OwnBrand>) => void,
 *   save: (brand: OwnBrand) => void, remove: (id: string) => void, exported: () => void,
 *   imported: (file: File) => void, undo: () => void, close: () => void }} shown.on
 */
export function brandsDialog(shown) {
  const { speech, on, edited } = shown;
  return dialog(
    { id: "brands", title: speech.text("brandsTitle"), speech, onClose: on.close },
    edited ? form(edited, shown) : list(shown),
  );
}

/** @param {Parameters<typeof brandsDialog>[0]} shown */
function list({ speech, known, own, chosen, sought, problem, removed, on }) {
  const found = (/** @type {Brand[]} */ brands) => brands.filter((brand) => matches(brand, sought));
  /** @type {[string, Brand[], boolean][]} */
  const groups = [
    [speech.text("brandsOwn"), found(own), true],
    [speech.text("brandsZh"), found(known.filter(({ language }) => language === "zh")), false],
    [speech.text("brandsEn"), found(known.filter(({ language }) => language === "en")), false],
  ];
  if (speech.language === "en") groups.push(...groups.splice(1, 1));
  const none = groups.every(([, brands]) => brands.length === 0);
  return html`
    <div class="row">
      <input
        type="search"
        id="brand-search"
        aria-label=${speech.text("brandSearch")}
        placeholder=${speech.text("brandSearch")}
        .value=${sought}
        @input=${(/** @type {Event} */ event) =>
          on.seek(/** @type {HTMLInputElement} */ (event.target).value)}
        @keydown=${(/** @type {KeyboardEvent} */ event) => {
          if (event.key !== "Enter" || event.isComposing || !sought) return;
          event.preventDefault();
          const first = groups.flatMap(([, brands]) => brands)[0];
          if (first) on.choose(first.id ?? first.name);
        }}
      />
      <button type="button" @click=${() => on.edit({ name: sought })}>${speech.text("brandNew")}</button>
    </div>
    ${undoLine(removed, ["brand"], speech, on.undo)}
    ${none && sought ? html`<p class="hint">${speech.text("brandsNone")}</p>` : nothing}
    ${
      sought
        ? nothing
        : html`<ul class="choices">
          <li>
            <button type="button" class="choice" aria-pressed=${String(chosen === "")} @click=${() => on.choose("")}>
              ${speech.text("noBrand")}
            </button>
          </li>
        </ul>`
    }
    ${groups.map(([name, brands, mine]) =>
      brands.length === 0
        ? nothing
        : html`<h3>${name}</h3>
          <ul class="choices">
            ${repeat(
              brands,
              ({ id, name }) => id ?? name,
              (brand) => choice(brand, mine, chosen, speech, on),
            )}
          </ul>`,
    )}
    <div class="row end">
      <label class="button">
        ${speech.text("brandImport")}
        <input
          class="spoken"
          type="file"
          accept=".json,application/json"
          @change=${(/** @type {Event} */ event) => {
            const file = /** @type {HTMLInputElement} */ (event.target).files?.[0];
            if (file) on.imported(file);
          }}
        />
      </label>
      <button type="button" ?disabled=${own.length === 0} @click=${on.exported}>
        ${speech.text("brandExport")}
      </button>
    </div>
    ${problem ? html`<p class="problem" role="alert">${problem}</p>` : nothing}
  `;
}

/**
 * @param {Brand} brand
 * @param {boolean} mine
 * @param {string} chosen
 * @param {PageSpeech} speech
 * @param {Parameters<typeof brandsDialog>[0]["on"]} on
 */
function choice(brand, mine, chosen, speech, on) {
  const id = brand.id ?? brand.name;
  const copy = { ...brand, id: undefined, at: undefined };
  const edit = speech.text(mine ? "brandEdit" : "brandCopy");
  return html`<li>
    <button type="button" class="choice" aria-pressed=${String(chosen === id)} @click=${() => on.choose(id)}>
      <bdi>${brand.name}</bdi>
      ${brand.positioning ? html`<span class="hint" lang=${brand.language ?? nothing}>${brand.positioning}</span>` : nothing}
    </button>
    <button
      type="button"
      class="quiet"
      aria-label=${speech.labelled(edit, brand.name)}
      @click=${() => on.edit(mine ? /** @type {OwnBrand} */ (brand) : /** @type {Partial<OwnBrand>} */ (copy))}
    >
      ${edit}
    </button>
  </li>`;
}

/** @param {Partial<OwnBrand>} edited @param {Parameters<typeof brandsDialog>[0]} shown */
function form(edited, { speech, problem, on }) {
  const field = (/** @type {string} */ name, /** @type {string} */ label, hint = "") => {
    const value = /** @type {Record<string, unknown>} */ (edited)[name] ?? "";
    const words = Array.isArray(value) ? value.join(speech.language === "zh" ? "，" : ", ") : value;
    return html`<div class="field">
      <label for=${`brand-${name}`}>${label}</label>
      ${
        name === "positioning"
          ? html`<textarea id=${`brand-${name}`} name=${name} rows="2" dir="auto" .value=${words}></textarea>`
          : html`<input id=${`brand-${name}`} name=${name} dir="auto" autocomplete="off" .value=${words} />`
      }
      ${hint ? html`<p class="hint">${hint}</p>` : nothing}
    </div>`;
  };
  const save = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const data = new FormData(/** @type {HTMLFormElement} */ (event.target));
    const text = (/** @type {string} */ name) => String(data.get(name) ?? "").trim();
    const lists = Object.fromEntries(LISTS.map((name) => [name, listOf(text(name))]));
    on.save(
      /** @type {OwnBrand} */ ({
        ...edited,
        ...lists,
        id: edited.id ?? crypto.randomUUID(),
        name: text("name"),
        positioning: text("positioning"),
        at: Date.now(),
      }),
    );
  };
  return html`<form @submit=${save}>
    ${field("name", speech.text("brandName"))}
    ${problem ? html`<p class="problem" role="alert">${problem}</p>` : nothing}
    ${field("aliases", speech.text("brandAliases"), speech.text("brandList"))}
    ${field("positioning", speech.text("brandPositioning"))}
    ${field("keywords", speech.text("brandKeywords"), speech.text("brandList"))}
    ${field("avoid", speech.text("brandAvoid"), speech.text("brandList"))}
    <div class="row end">
      ${
        edited.id
          ? html`<button type="button" class="quiet" @click=${() => on.remove(edited.id ?? "")}>
            ${speech.text("remove")}
          </button>`
          : nothing
      }
      <button type="button" @click=${() => on.edit(undefined)}>${speech.text("cancel")}</button>
      <button type="submit" class="main">${speech.text("brandSave")}</button>
    </div>
  </form>`;
}
