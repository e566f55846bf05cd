/** What is done with brands: chosen, described, kept, and taken in and out as a file. */
import { brandsOf, profileOf } from "./brands.js";
import { keep } from "./keep.js";
import { download } from "./out.js";
import { speeches } from "./state.js";

/** @import { Page } from "./batch-run.js" */
/** @import { OwnBrand } from "./brands.js" */
/** @import { Removed } from "./dialog.js" */

/**
 * @param {Page} page
 * @param {{ choose: (brand: string) => void, keepAll: (things: Removed["things"]) => Promise<void> }} does
 */
export function brandActions(page, { choose, keepAll }) {
  const done = () => {
    /** @type {HTMLDialogElement} */ (document.getElementById("brands")).close();
  };
  const told = (/** @type {Partial<import("./state.js").State["brands"]>} */ change) =>
    page.change({ brands: { ...page.state.brands, ...change } });
  return {
    choose: (/** @type {string} */ brand) => {
      choose(brand);
      done();
    },
    seek: (/** @type {string} */ sought) => page.change({ brands: { sought } }),
    edit: (/** @type {Partial<OwnBrand> | undefined} */ edited) =>
      told({ edited, problem: undefined }),
    save: async (/** @type {OwnBrand} */ brand) => {
      if (brand.name === "") {
        const problem = speeches(page.state).speech.text("brandNameMissing");
        return told({ edited: brand, problem });
      }
      const problem = await keep("brand", brand.id, brand);
      if (problem) page.change({ saved: { problem } });
      const own = [brand, ...page.state.own.filter(({ id }) => id !== brand.id)];
      page.change({ own, brands: { sought: "" } });
      choose(brand.id);
      done();
    },
    remove: async (/** @type {string} */ id) => {
      const brand = page.state.own.find((brand) => brand.id === id);
      if (!brand) return;
      page.change({ brands: { sought: "" } });
      await page.remove(brand.name, [{ kind: "brand", value: brand }]);
    },
    exported: () => {
      const brands = page.state.own.map((brand) => ({ ...profileOf(brand), avoid: brand.avoid }));
      const json = JSON.stringify(brands, null, 2);
      download("bsmv-brands.json", new Blob([json], { type: "application/json" }));
    },
    imported: async (/** @type {File} */ file) => {
      const brands = brandsOf(await file.text());
      if (!brands) return told({ problem: speeches(page.state).speech.text("brandImportWrong") });
      page.change({ own: [...brands, ...page.state.own], brands: { sought: "" } });
      await keepAll(brands.map((value) => ({ kind: "brand", value })));
    },
    undo: () => page.undo(),
    close: () => page.change({ brands: { sought: "" }, removed: undefined }),
  };
}
