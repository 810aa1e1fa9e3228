// The line above a conversation: its name, who is in it, and for the app its two tabs.

import { h, keyed } from "../dom.js";
import { icon } from "../icons.js";
import { avatar } from "./avatar.js";
import { badges } from "./message.js";
import { counterpart, titleOf } from "./reader.js";

const FACES = 5;

/** `actions`: {go(channel), goHome()}. */
export class Heading {
  constructor(actions) {
    this.actions = actions;
    this.root = h("header", { class: "bar" });
  }

  show(channel, home, snapshot, reader) {
    const mark =
      JSON.stringify([
        channel && [channel.id, channel.name, channel.members, channel.archived],
        home,
        snapshot.app.dm,
      ]) + reader.mark;
    const draw = () => this.draw(channel, home, snapshot, reader);
    keyed(this.root, [{ key: "heading", mark, draw }]);
  }

  draw(channel, home, snapshot, reader) {
    if (!channel) return h("div", { class: "heading" }, h("h1", {}, "Nothing to see"));
    const app = channel.id === snapshot.app.dm;
    return h(
      "div",
      { class: "heading" },
      this.sign(channel, reader),
      h("h1", {}, titleOf(channel, reader)),
      channel.kind === "im" ? badges(counterpart(channel, reader)) : null,
      channel.archived ? h("span", { class: "badge" }, "archived") : null,
      channel.external ? h("span", { class: "badge" }, "shared with others") : null,
      app && snapshot.app.home_tab ? this.tabs(channel, home) : null,
      channel.kind === "im" ? null : this.members(channel, reader),
    );
  }

  sign(channel, reader) {
    if (channel.kind === "im") return avatar(counterpart(channel, reader), "small");
    return icon(channel.kind === "private" ? "lock" : channel.kind === "mpim" ? "chat" : "hash");
  }

  tabs(channel, home) {
    const tab = (label, chosen, go) =>
      h(
        "button",
        {
          type: "button",
          role: "tab",
          class: "tab",
          "aria-selected": String(chosen),
          "data-focus": `tab ${label}`,
          onclick: go,
        },
        label,
      );
    return h(
      "div",
      { class: "tabs", role: "tablist", "aria-label": "App" },
      tab("Home", home, () => this.actions.goHome()),
      tab("Messages", !home, () => this.actions.go(channel.id)),
    );
  }

  members(channel, reader) {
    const people = channel.members.map((id) => reader.personOf(id));
    const names = people.map((one) => one.real_name).join(", ");
    return h(
      "div",
      { class: "members", title: names, role: "img", "aria-label": `${people.length} members: ${names}` },
      h(
        "span",
        { class: "faces" },
        people.slice(0, FACES).map((one) => avatar(one, "small")),
      ),
      h("span", { class: "quiet" }, String(people.length)),
    );
  }
}
