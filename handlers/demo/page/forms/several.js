// Choosing several from a list: a button that shows what is chosen, and a list that opens below it.

import { freshId, h } from "../dom.js";
import { icon } from "../icons.js";

/** A control (see `controls.js`) for the multi-selects. */
export function several({ groups, chosen, placeholder, most, props, changed }) {
  const options = groups.flatMap((group) => group.options);
  const picked = new Set(chosen ?? []);
  const listId = freshId("list");
  const shown = h("span", { class: "chips" });
  const button = h(
    "button",
    {
      type: "button",
      class: "field several",
      role: "combobox",
      "aria-haspopup": "listbox",
      "aria-expanded": "false",
      "aria-controls": listId,
      ...props,
      onclick: () => toggle(list.hidden),
    },
    shown,
    icon("down"),
  );
  const list = h(
    "div",
    {
      class: "listbox",
      role: "listbox",
      "aria-multiselectable": "true",
      id: listId,
      "aria-label": props["aria-label"] ?? "Options",
    },
    groups.map((group) => [
      group.label ? h("div", { class: "menu-heading" }, group.label) : null,
      group.options.map(entry),
    ]),
  );
  const root = h("div", { class: "several-root" }, button, list);
  list.hidden = true;

  function entry(option) {
    const node = h(
      "div",
      {
        role: "option",
        class: "option",
        tabIndex: -1,
        data: { value: option.value },
        onclick: () => pick(option.value),
      },
      h("span", { class: "tick" }, icon("tick")),
      h("span", {}, option.label),
      option.about ? h("span", { class: "menu-about" }, option.about) : null,
    );
    return node;
  }

  function pick(value) {
    if (picked.has(value)) picked.delete(value);
    else if (!most || picked.size < most) picked.add(value);
    draw();
    changed?.(control.read());
  }

  function draw() {
    const named = options.filter((option) => picked.has(option.value));
    shown.replaceChildren(
      ...(named.length
        ? named.map((option) => h("span", { class: "chip" }, option.label))
        : [h("span", { class: "placeholder" }, placeholder)]),
    );
    for (const node of list.querySelectorAll("[role=option]"))
      node.setAttribute("aria-selected", String(picked.has(node.dataset.value)));
  }

  function toggle(open) {
    list.hidden = !open;
    button.setAttribute("aria-expanded", String(open));
    if (open) list.querySelector("[role=option]")?.focus();
  }

  root.addEventListener("keydown", (event) => {
    const entries = [...list.querySelectorAll("[role=option]")];
    const at = entries.indexOf(document.activeElement);
    if (event.key === "Escape" && !list.hidden) {
      toggle(false);
      button.focus();
    } else if (at < 0) {
      if (event.key !== "ArrowDown") return;
      toggle(true);
    } else if (event.key === "ArrowDown") entries[Math.min(at + 1, entries.length - 1)].focus();
    else if (event.key === "ArrowUp") entries[Math.max(at - 1, 0)].focus();
    else if (event.key === "Enter" || event.key === " ") pick(entries[at].dataset.value);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  root.addEventListener("focusout", (event) => {
    if (!root.contains(event.relatedTarget)) toggle(false);
  });

  const control = {
    root,
    main: button,
    read: () => options.map((option) => option.value).filter((value) => picked.has(value)),
  };
  draw();
  return control;
}
