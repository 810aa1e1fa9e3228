// One person's screen: everything they see and do, kept up to date. Two of them can stand side by side.

import { act, follow } from "../api.js";
import { h } from "../dom.js";
import { dayOf } from "../dates.js";
import { Modal } from "../forms/modal.js";
import { confirmed } from "../panels/confirm.js";
import { closeMenu } from "../panels/menu.js";
import { toasts } from "../panels/toast.js";
import { Heading } from "./heading.js";
import { readerOf, titleOf } from "./reader.js";
import { Sidebar } from "./sidebar.js";
import { Stage } from "./stage.js";
import { Thread } from "./thread.js";

const HOME = "home"; // the app's home tab, in place of a channel
const DM = "dm"; // one's own conversation with the app

/**
 * `place`: {person, channel (id, name, `home`, `dm` or null), thread (ts or null)}.
 * `desk`: what panes share: {reading, waitingFor(id), examples(), guide(pane), moved(), seen(snapshot),
 * threadOpened()}.
 */
export class Pane {
  constructor(place, desk) {
    this.desk = desk;
    this.place = { ...place };
    this.snapshot = null;
    this.wanted = null;
    this.build();
    this.be(place.person, place.channel, place.thread);
  }

  build() {
    const go = { go: (channel) => this.go(channel), goHome: () => this.goHome() };
    this.toasts = toasts();
    this.sidebar = new Sidebar({ ...go, be: (person) => this.be(person) });
    this.heading = new Heading(go);
    this.modal = new Modal(this);
    this.offline = h("div", { class: "offline", role: "status" }, "Connection lost. Trying again…");
    this.offline.hidden = true;
    this.stage = new Stage(this);
    this.main = h("main", { class: "main" }, this.offline, this.heading.root, this.stage.root);
    this.body = h("div", { class: "pane-body" }, this.sidebar.root, this.main);
    this.root = h("section", { class: "pane" }, this.body, this.modal.root, this.toasts.root);
    this.confirmed = (confirm) => confirmed(confirm, this, this.reader);
  }

  // ---- where -----------------------------------------------------------------------------------------------

  /** Act as this person from now on; `text`: what to put into the composer there. */
  be(person, channel = this.sameThere(), thread = null, text = null) {
    closeMenu();
    this.unfollow?.();
    this.place = { person, channel, thread };
    this.wanted = text;
    this.snapshot = null;
    this.reader = null;
    this.unfollow = follow(
      person,
      (snapshot) => this.see(snapshot),
      (here) => {
        this.offline.hidden = here;
      },
    );
    this.desk.moved();
  }

  /** Where the next person shall be: their own conversation with the app where one is in one's own. */
  sameThere() {
    return this.place.channel === this.snapshot?.app.dm ? DM : this.place.channel;
  }

  go(channel, thread = null) {
    closeMenu();
    this.place = { ...this.place, channel, thread };
    this.desk.moved();
    this.draw();
    this.stage.focus();
  }

  goHome() {
    this.go(HOME);
    this.openHome();
  }

  /** The bot draws a home when it is opened. */
  async openHome() {
    this.stage.homeOpening = true;
    this.draw();
    await this.act("home");
    this.stage.homeOpening = false;
    this.draw();
  }

  openThread(ts) {
    this.place.thread = ts;
    this.desk.threadOpened();
    this.desk.moved();
    this.draw();
    this.thread?.composer.field.focus();
  }

  closeThread() {
    this.place.thread = null;
    this.desk.moved();
    this.draw();
  }

  /** Show an example: its channel, its text ready to be sent. */
  fill(channel, text) {
    this.wanted = text;
    this.go(this.known(channel));
  }

  end() {
    this.unfollow();
    this.root.remove();
  }

  // ---- doing -----------------------------------------------------------------------------------------------

  /** An operation of this person; throws Refused. */
  ask(operation, body) {
    return act(this.place.person, operation, body);
  }

  /** An operation whose failure is said in a toast; whether it went. */
  async act(operation, body) {
    try {
      await this.ask(operation, body);
      return true;
    } catch (refused) {
      this.say(refused.message);
      return false;
    }
  }

  say(text) {
    this.toasts.say(text);
  }

  send(channel, text) {
    return text.startsWith("/")
      ? this.act("command", { where: channel, line: text })
      : this.act("say", { where: channel, text });
  }

  /** With a dialog open nothing below it takes part. */
  settle() {
    const dialogs = [...this.root.querySelectorAll(".shade")];
    this.body.inert = dialogs.length > 0;
    dialogs.forEach((dialog, at) => {
      dialog.inert = at < dialogs.length - 1;
    });
  }

  // ---- seeing ----------------------------------------------------------------------------------------------

  see(snapshot) {
    const first = this.snapshot === null;
    this.snapshot = snapshot;
    this.reader = readerOf(snapshot, dayOf(snapshot.now, snapshot.person.tz));
    this.desk.reading.begin(snapshot.now);
    if (first) this.place.channel = this.known(this.place.channel);
    this.draw();
    this.desk.seen(snapshot);
    if (first && this.place.channel === HOME) this.openHome();
  }

  /** The conversation meant by an id or a name; else the first channel, else any. */
  known(wanted) {
    const { channels, app } = this.snapshot;
    if (wanted === HOME && app.home_tab) return HOME;
    if (wanted === DM) return app.dm;
    const found =
      channels.find((one) => one.id === wanted) ??
      channels.find((one) => one.name && one.name === wanted?.replace(/^#/, ""));
    return (found ?? channels.find((one) => one.name) ?? channels[0])?.id ?? null;
  }

  get channel() {
    const wanted = this.place.channel === HOME ? this.snapshot.app.dm : this.place.channel;
    return this.snapshot.channels.find((one) => one.id === wanted) ?? null;
  }

  draw() {
    const { snapshot, reader, channel } = this.snapshot ? this : {};
    if (!snapshot) return;
    const home = this.place.channel === HOME;
    this.root.setAttribute("aria-label", `${snapshot.person.real_name}'s screen`);
    if (channel && !home) this.desk.reading.read(snapshot.person.id, channel);
    const unread = (one) => this.desk.reading.unread(snapshot, one);
    this.sidebar.show(snapshot, reader, { channel: this.place.channel, home }, unread, this.desk.waitingFor);
    this.heading.show(channel, home, snapshot, reader);
    this.stage.show(channel, home);
    this.drawThread(channel, home);
    this.modal.show(snapshot.modals, reader);
  }

  drawThread(channel, home) {
    const { thread } = this.place;
    const root = channel?.messages.find((one) => one.ts === thread) ?? null;
    const replies = channel?.messages.filter((one) => one.thread_ts === thread && one.ts !== thread) ?? [];
    const shown = !home && thread !== null && (root !== null || replies.length > 0);
    if (!shown || this.thread?.ts !== thread) {
      this.thread?.root.remove();
      this.thread = null;
    }
    this.body.classList.toggle("with-thread", shown);
    if (!shown) return;
    if (!this.thread) {
      this.thread = new Thread({
        close: () => this.closeThread(),
        refuse: (text) => this.say(text),
        say: (text) => this.act("say", { where: channel.id, text, thread }),
      });
      this.thread.ts = thread;
      this.body.append(this.thread.root);
    }
    this.thread.show(
      root,
      replies,
      this.reader,
      { ...this.placeOf(channel), inThread: true },
      `${channel.name ? "#" : ""}${titleOf(channel, this.reader)}`,
    );
  }

  /** The guide came or went. */
  drawGuide() {
    if (this.snapshot) this.stage.show(this.channel, this.place.channel === HOME);
  }

  /** What a message needs to know of where it stands: see `message.js`. */
  placeOf(channel, one = null) {
    const { app } = this.snapshot;
    return {
      channel: channel.id,
      inThread: false,
      replies: one ? channel.messages.filter((other) => other.thread_ts === one.ts && other.ts !== one.ts) : [],
      shortcuts: app.shortcuts.filter((shortcut) => shortcut.type === "message"),
      appName: this.reader.personOf(app.user).real_name,
      actor: this,
      openThread: (ts) => this.openThread(ts),
    };
  }
}
