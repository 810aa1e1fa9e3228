// A menu that opens at a button: arrows move, Enter chooses, Escape and a click elsewhere close it.

import { freshId, h } from "../dom.js";

let openOne = null;

/** Close the menu that is open, if any. */
export function closeMenu() {
  openOne?.();
}

/**
 * Open a menu at `anchor`. `items`: {label, about, chosen} or {heading}. `label` names the menu for screen readers.
 */
export function openMenu(anchor, items, label) {
  closeMenu();
  const id = freshId("menu");
  const menu = h(
    "div",
    { class: "menu", role: "menu", id, "aria-label": label },
    items.map((item) => entry(item)),
  );
  const host = anchor.closest(".pane") ?? document.body;
  host.append(menu);
  place(menu, anchor, host);
  anchor.setAttribute("aria-expanded", "true");
  anchor.setAttribute("aria-controls", id);

  function close(back) {
    openOne = null;
    menu.remove();
    anchor.setAttribute("aria-expanded", "false");
    anchor.removeAttribute("aria-controls");
    document.removeEventListener("pointerdown", elsewhere, true);
    if (back) anchor.focus();
  }

  function elsewhere(event) {
    if (!menu.contains(event.target) && !anchor.contains(event.target)) close(false);
  }

  function entry(item) {
    if (item.heading) return h("div", { class: "menu-heading", role: "presentation" }, item.heading);
    return h(
      "button",
      {
        type: "button",
        role: "menuitem",
        class: "menu-item",
        onclick: () => {
          close(true);
          item.chosen();
        },
      },
      h("span", {}, item.label),
      item.about ? h("span", { class: "menu-about" }, item.about) : null,
    );
  }

  const entries = [...menu.querySelectorAll("[role=menuitem]")];
  menu.addEventListener("keydown", (event) => {
    const at = entries.indexOf(document.activeElement);
    const moves = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: entries.length - 1 };
    if (event.key in moves) entries[(moves[event.key] + entries.length) % entries.length].focus();
    else if (event.key === "Escape" || event.key === "Tab") close(event.key === "Escape");
    else return;
    if (event.key !== "Tab") event.preventDefault();
    event.stopPropagation();
  });
  document.addEventListener("pointerdown", elsewhere, true);
  openOne = () => close(false);
  entries[0]?.focus({ preventScroll: true });
}

/** Below the anchor, or above where there is no room; never outside the pane. */
function place(menu, anchor, host) {
  const [outer, from] = [host.getBoundingClientRect(), anchor.getBoundingClientRect()];
  const { offsetWidth: width, offsetHeight: height } = menu;
  const left = Math.min(Math.max(from.right - outer.left - width, 8), outer.width - width - 8);
  const below = from.bottom - outer.top + 4;
  const top = below + height < outer.height - 8 ? below : Math.max(from.top - outer.top - height - 4, 8);
  menu.style.left = `${left}px`;
  menu.style.top = `${top}px`;
}
