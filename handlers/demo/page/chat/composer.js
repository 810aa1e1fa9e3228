// Where a person writes: messages, replies, and lines that begin with a slash.

import { freshId, h } from "../dom.js";
import { icon } from "../icons.js";
import { openMenu } from "../panels/menu.js";
import { completions } from "./completion.js";

/**
 * `place`: {label, send(text) → promise of whether it went, commands(), examples(), shortcuts (global), choose(id)}.
 * The text stays when it did not go.
 */
export class Composer {
  constructor(place) {
    this.place = place;
    this.entries = [];
    this.at = -1;
    const listId = freshId("completions");
    this.list = h("div", { class: "completions", role: "listbox", id: listId, "aria-label": "Suggestions" });
    this.list.hidden = true;
    this.field = h("textarea", {
      rows: 1,
      placeholder: place.label,
      "aria-label": place.label,
      "aria-controls": listId,
      "aria-autocomplete": "list",
      "data-focus": place.label,
      oninput: () => this.changed(),
      onkeydown: (event) => this.key(event),
      onblur: () => this.suggest([]),
      onfocus: () => this.changed(),
    });
    this.send = h(
      "button",
      { type: "button", class: "send", "aria-label": "Send message", disabled: true, onclick: () => this.go() },
      icon("send"),
    );
    this.root = h(
      "div",
      { class: "composer" },
      this.list,
      h("div", { class: "composer-box" }, this.shortcuts(), this.field, this.send),
    );
  }

  shortcuts() {
    const items = (this.place.shortcuts ?? []).map((one) => ({
      label: one.name,
      chosen: () => this.place.choose(one.callback_id),
    }));
    if (!items.length) return null;
    const node = h(
      "button",
      {
        type: "button",
        class: "icon-button",
        "aria-label": "Shortcuts",
        "aria-haspopup": "menu",
        "aria-expanded": "false",
        onclick: () => openMenu(node, items, "Shortcuts"),
      },
      icon("bolt"),
    );
    return node;
  }

  /** Put a text in, ready to be sent. */
  fill(text) {
    this.field.value = text;
    this.changed();
    this.field.focus();
    this.suggest([]);
  }

  changed() {
    this.send.disabled = this.field.value.trim() === "";
    this.field.style.height = "auto";
    this.field.style.height = `${Math.min(this.field.scrollHeight, 160)}px`;
    if (document.activeElement === this.field)
      this.suggest(completions(this.field.value, this.place.commands(), this.place.examples()));
  }

  suggest(entries) {
    this.entries = entries;
    this.at = -1;
    this.list.hidden = entries.length === 0;
    this.list.replaceChildren(
      ...entries.map((entry, at) =>
        h(
          "div",
          {
            class: "completion",
            role: "option",
            id: `${this.list.id}-${at}`,
            "aria-selected": "false",
            onpointerdown: (event) => {
              event.preventDefault();
              this.take(at);
            },
          },
          h("strong", {}, entry.label),
          entry.hint ? h("span", { class: "completion-hint" }, entry.hint) : null,
          entry.about ? h("span", { class: "quiet" }, entry.about) : null,
        ),
      ),
    );
    this.light();
  }

  light() {
    [...this.list.children].forEach((node, at) => node.setAttribute("aria-selected", String(at === this.at)));
    if (this.at >= 0) this.field.setAttribute("aria-activedescendant", `${this.list.id}-${this.at}`);
    else this.field.removeAttribute("aria-activedescendant");
  }

  take(at) {
    this.field.value = this.entries[at].line;
    this.field.focus();
    this.changed();
  }

  key(event) {
    const open = this.entries.length > 0;
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      if (this.at >= 0) this.take(this.at);
      else this.go();
    } else if (open && event.key === "Tab" && !event.shiftKey) {
      event.preventDefault();
      this.take(Math.max(this.at, 0));
    } else if (open && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      this.at =
        this.at < 0 && step < 0
          ? this.entries.length - 1
          : (this.at + step + this.entries.length) % this.entries.length;
      this.light();
    } else if (open && event.key === "Escape") {
      event.stopPropagation();
      this.suggest([]);
    }
  }

  async go() {
    const text = this.field.value.trim();
    if (text === "" || this.root.getAttribute("aria-busy") === "true") return;
    this.root.setAttribute("aria-busy", "true");
    this.suggest([]);
    try {
      if (await this.place.send(text)) {
        if (this.field.value.trim() === text) this.field.value = "";
        this.changed();
      }
    } finally {
      this.root.removeAttribute("aria-busy");
    }
  }
}
