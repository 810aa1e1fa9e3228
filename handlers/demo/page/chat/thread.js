// The thread beside a conversation: the message it is about, the replies, a place to answer.

import { h } from "../dom.js";
import { icon } from "../icons.js";
import { Composer } from "./composer.js";
import { MessageList } from "./messages.js";

/** `actions`: {close(), say(text) → promise of whether it went, refuse(text)}. */
export class Thread {
  constructor(actions) {
    this.list = new MessageList("Thread");
    this.composer = new Composer({
      label: "Reply…",
      commands: () => [],
      examples: () => [],
      send: async (text) => {
        if (!text.startsWith("/")) return actions.say(text);
        actions.refuse("Slash commands do not work in threads.");
        return false;
      },
    });
    this.where = h("span", { class: "quiet" });
    this.root = h(
      "aside",
      { class: "thread", "aria-label": "Thread" },
      h(
        "div",
        { class: "bar" },
        h("h2", {}, "Thread"),
        this.where,
        h(
          "button",
          { type: "button", class: "icon-button", "aria-label": "Close thread", onclick: actions.close },
          icon("close"),
        ),
      ),
      this.list.root,
      this.composer.root,
    );
    this.root.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !event.defaultPrevented) actions.close();
    });
  }

  show(root, replies, reader, place, title) {
    this.where.textContent = title;
    this.list.show(root ? [root, ...replies] : replies, reader, () => place);
  }
}
