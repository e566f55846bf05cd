/** The popup of the extension's icon: the sites that have a button. */
import { follow, keep, recall } from "./settings.js";
import { SITES } from "./sites.js";
import { translate } from "./words.js";

translate();

const boxes = SITES.map(({ platform }) => {
  const box = document.createElement("input");
  box.type = "checkbox";
  box.id = platform;
  box.addEventListener("change", async () => {
    const off = new Set((await recall()).off);
    if (box.checked) off.delete(platform);
    else off.add(platform);
    keep({ off: [...off] });
  });
  const label = document.createElement("label");
  label.append(box, chrome.i18n.getMessage(platform));
  document.getElementById("sites")?.append(label);
  return box;
});

follow(({ off }) => {
  for (const box of boxes) box.checked = !off.includes(box.id);
});
