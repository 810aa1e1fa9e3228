// A line that says what went wrong (or right) and goes by itself.

import { h } from "../dom.js";
import { icon } from "../icons.js";

const SECONDS = 9;

/** The place for a pane's toasts; `say(text)` adds one. */
export function toasts() {
  const root = h("div", { class: "toasts", role: "alert", "aria-live": "assertive" });

  function say(text) {
    const close = h(
      "button",
      { type: "button", class: "icon-button", "aria-label": "Dismiss", onclick: () => node.remove() },
      icon("close"),
    );
    const node = h("div", { class: "toast" }, h("span", {}, text), close);
    root.append(node);
    while (root.children.length > 3) root.firstElementChild.remove();
    setTimeout(() => node.remove(), SECONDS * 1000);
  }

  return { root, say };
}
