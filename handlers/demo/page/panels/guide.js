// For the first minute: things to try, to be clicked.

import { h } from "../dom.js";
import { icon } from "../icons.js";

const NAME = "guide-dismissed";

/** The card; `choose(example)` puts one into the composer. */
export class Guide {
  constructor(choose, changed) {
    this.choose = choose;
    this.wish = localStorage.getItem(NAME) === null ? "auto" : "closed";
    this.changed = changed;
    this.mark = null;
    this.root = h("section", { class: "guide", "aria-label": "Guide" });
  }

  /** Left alone it is there for those whose examples it holds, until one was chosen. */
  shown(examples, people, me) {
    if (examples.length === 0 || this.wish === "closed") return false;
    const mine = people.find((one) => one.id === me);
    return this.wish === "open" || examples.some((one) => one.as === me || one.as === mine?.name);
  }

  /** Open or close it; what a person dismissed stays away when the page is loaded again. */
  set(open) {
    this.wish = open ? "open" : "closed";
    if (open) localStorage.removeItem(NAME);
    else localStorage.setItem(NAME, "1");
    this.changed();
  }

  /** `me`: who one is; examples of somebody else say whose they are. */
  show(examples, people, me) {
    const mark = JSON.stringify([examples, people.map((one) => [one.id, one.real_name]), me]);
    if (mark === this.mark) return;
    this.mark = mark;
    this.root.replaceChildren(
      h(
        "div",
        { class: "guide-head" },
        h("strong", {}, "Try it"),
        h("span", { class: "quiet" }, "choose one, then press Enter"),
        h(
          "button",
          { type: "button", class: "icon-button", "aria-label": "Dismiss the guide", onclick: () => this.set(false) },
          icon("close"),
        ),
      ),
      ...examples.map((one) => {
        const who = people.find((person) => person.id === one.as || person.name === one.as);
        return h(
          "button",
          {
            type: "button",
            class: "example",
            onclick: () => {
              this.wish = "closed";
              this.choose(one);
            },
          },
          h("code", {}, one.text),
          who && who.id !== me ? h("span", { class: "quiet" }, `as ${who.real_name}`) : null,
        );
      }),
    );
  }
}
