// The middle of a pane: a conversation with a place to write, or the app's home tab.

import { h } from "../dom.js";
import { Composer } from "./composer.js";
import { Home } from "./home.js";
import { MessageList } from "./messages.js";
import { titleOf } from "./reader.js";

/** `pane` is whose screen it is; `homeOpening`: whether the bot was told that the home tab was opened. */
export class Stage {
  constructor(pane) {
    this.pane = pane;
    this.home = new Home(pane);
    this.homeOpening = false;
    this.rooms = new Map(); // person and channel → {list, composer}
    this.closed = h("p", { class: "closed" }, "Messages cannot be written here.");
    this.nothing = h("p", { class: "nothing" }, "You are in no conversation.");
    this.root = h("div", { class: "stage" });
  }

  show(channel, home) {
    const { snapshot, reader } = this.pane;
    if (home) {
      this.home.show(snapshot.home, reader, this.homeOpening);
      this.put(this.home.root);
    } else if (channel) this.conversation(channel);
    else this.put(this.nothing);
  }

  conversation(channel) {
    const { pane } = this;
    const { list, composer } = this.room(channel);
    const hidden = !list.root.isConnected;
    const writable = this.writable(channel);
    list.show(
      channel.messages.filter(isShown),
      pane.reader,
      (one) => pane.placeOf(channel, one),
      this.opening(channel),
    );
    this.put(list.root, pane.desk.guide(pane), writable ? composer.root : this.closed);
    if (hidden) list.toEnd();
    if (pane.wanted !== null && writable) composer.fill(pane.wanted);
    pane.wanted = null;
  }

  /** Ready to write, as one is in a chat that was just opened. */
  focus() {
    this.root.querySelector(".composer textarea")?.focus({ preventScroll: true });
  }

  /** Not in archived channels, nor to an app that takes no messages. */
  writable(channel) {
    const { app } = this.pane.snapshot;
    return !channel.archived && (channel.id !== app.dm || app.takes_messages);
  }

  opening(channel) {
    const title = titleOf(channel, this.pane.reader);
    const text = channel.name
      ? `This is the beginning of #${title}.`
      : `This is the beginning of your conversation with ${title}.`;
    return { key: "opening", mark: text, draw: () => h("p", { class: "opening" }, text) };
  }

  /** Lists and composers stay as they are while one looks elsewhere, with what was typed. */
  room(channel) {
    const name = `${this.pane.place.person} ${channel.id}`;
    if (!this.rooms.has(name)) this.rooms.set(name, this.newRoom(channel));
    return this.rooms.get(name);
  }

  newRoom(channel) {
    const { pane } = this;
    const title = `${channel.name ? "#" : ""}${titleOf(channel, pane.reader)}`;
    const composer = new Composer({
      label: `Message ${title}`,
      commands: () => pane.snapshot.app.commands,
      examples: () => pane.desk.examples().filter((one) => one.text.startsWith("/")),
      shortcuts: pane.snapshot.app.shortcuts.filter((shortcut) => shortcut.type === "global"),
      choose: (id) => pane.act("global_shortcut", { callback_id: id }),
      send: (text) => pane.send(channel.id, text),
    });
    return { list: new MessageList(`Messages in ${title}`), composer };
  }

  /** Stand these here; what stands here already is not touched, so that it keeps focus and scrolling. */
  put(...nodes) {
    const wanted = nodes.filter(Boolean);
    for (const node of [...this.root.children]) if (!wanted.includes(node)) node.remove();
    wanted.forEach((node, at) => {
      if (this.root.children[at] !== node) this.root.insertBefore(node, this.root.children[at] ?? null);
    });
  }
}

const isShown = (one) => !one.thread_ts || one.thread_ts === one.ts || one.subtype === "thread_broadcast";
