// "Are you sure?": a dialog over everything else in a person's pane.

import { freshId, h } from "../dom.js";
import { textObject, wordsOf } from "../blocks/text.js";

/** Ask what a `confirm` object asks; true when the person agrees. */
export function confirmed(confirm, layer, reader) {
  return new Promise((resolve) => {
    const before = document.activeElement;
    const [title, text] = [freshId("confirm"), freshId("confirm")];

    function answer(agreed) {
      shade.remove();
      layer.settle();
      before?.focus?.();
      resolve(agreed);
    }

    const yes = h(
      "button",
      {
        type: "button",
        class: `button ${confirm.style === "danger" ? "danger" : "primary"} solid`,
        onclick: () => answer(true),
      },
      wordsOf(confirm.confirm),
    );
    const no = h("button", { type: "button", class: "button", onclick: () => answer(false) }, wordsOf(confirm.deny));
    const dialog = h(
      "div",
      {
        class: "dialog small",
        role: "alertdialog",
        "aria-modal": "true",
        "aria-labelledby": title,
        "aria-describedby": text,
      },
      h("h2", { id: title }, wordsOf(confirm.title)),
      h("div", { id: text, class: "confirm-text" }, textObject(confirm.text, reader)),
      h("div", { class: "dialog-foot" }, no, yes),
    );
    dialog.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      answer(false);
    });
    const shade = h("div", { class: "shade over" }, dialog);
    layer.root.append(shade);
    layer.settle();
    yes.focus();
  });
}
