/**
 * Waits for a task of its own, so that drawing makes neither a key nor a frame longer: on a slow machine the
 * two together are what a person notices. In a page that nobody sees it waits until somebody does.
 *
 * @returns {Promise<void>}
 */
export const timeToDraw = () =>
  new Promise((resolve) => {
    if (document.visibilityState === "hidden") requestAnimationFrame(() => resolve());
    else setTimeout(resolve);
  });
