// The page: one pane or two side by side, the strip below, and the address that says what is shown.
//
//   ?as=alice&channel=approvals&thread=<ts>             who one is, where; names or ids (home, dm: the app's)
//   &split=1&with=bob&there=home&thread2=<ts>           the second pane
//   &effects=1 (or 0)  &guide=0                         panels

import { get } from "./api.js";
import { h } from "./dom.js";
import { Pane } from "./chat/pane.js";
import { Peers } from "./chat/peers.js";
import { Reading } from "./chat/unread.js";
import { Dock } from "./panels/dock.js";
import { Effects } from "./panels/effects.js";
import { Extras } from "./panels/extras.js";
import { Guide } from "./panels/guide.js";

const WIDE = 1500; // pixels from which a thread and the effects have room beside each other

class Desk {
  constructor(people, address) {
    this.people = people;
    this.reading = new Reading();
    this.effectsWish = { 1: "open", 0: "closed" }[address.get("effects")] ?? "auto";
    this.extras = new Extras(() => this.draw());
    this.peers = new Peers(this.reading, () => this.panes.forEach((pane) => pane.draw()));
    this.waitingFor = (id) => this.peers.waitingFor(id);
    this.guideCard = new Guide(
      (example) => this.choose(example),
      () => this.redraw(),
    );
    if (address.get("guide") === "0") this.guideCard.wish = "closed";
    this.effects = new Effects(() => this.wish("closed"));
    this.dock = new Dock({
      forward: (ms) => this.extras.forward(ms).catch((refused) => this.panes[0].say(refused.message)),
      toggleEffects: () => this.wish(this.effectsShown() ? "closed" : "open"),
      toggleSplit: () => this.toggleSplit(),
      toggleGuide: () => this.guideCard.set(!this.guideShown()),
    });
    this.panesRoot = h("div", { class: "panes" });
    this.root = h(
      "div",
      { class: "desk" },
      h("div", { class: "upper" }, this.panesRoot, this.effects.root),
      this.dock.root,
    );
    this.panes = [];
    this.open(address);
    window.addEventListener("resize", () => this.draw());
  }

  // ---- panes -----------------------------------------------------------------------------------------------

  open(address) {
    const first = this.personOf(address.get("as")) ?? this.people[0];
    this.add({ person: first.id, channel: address.get("channel"), thread: address.get("thread") });
    if (address.get("split") === "1") {
      const second = this.personOf(address.get("with")) ?? this.other(first.id);
      this.add({
        person: second.id,
        channel: address.get("there") ?? address.get("channel"),
        thread: address.get("thread2"),
      });
    }
    this.started = true;
    this.moved();
  }

  add(place) {
    const pane = new Pane(place, this);
    this.panes.push(pane);
    this.panesRoot.append(pane.root);
    this.root.classList.toggle("split", this.panes.length > 1);
  }

  personOf(wanted) {
    return this.people.find((one) => one.id === wanted || one.name === wanted) ?? null;
  }

  other(id) {
    return this.people.find((one) => one.id !== id) ?? this.people[0];
  }

  toggleSplit() {
    if (this.panes.length > 1) {
      this.panes.pop().end();
      this.root.classList.remove("split");
    } else {
      const { person, channel } = this.panes[0].place;
      const waiting = this.people.find((one) => one.id !== person && this.waitingFor(one.id) > 0);
      this.add({ person: (waiting ?? this.other(person)).id, channel, thread: null });
    }
    this.moved();
  }

  // ---- what panes tell -------------------------------------------------------------------------------------

  /** Where somebody is has changed: the address says it. */
  moved() {
    if (!this.started) return;
    const [first, second] = this.panes.map((pane) => pane.place);
    const told = { as: first.person, channel: first.channel, thread: first.thread };
    if (second) Object.assign(told, { split: "1", with: second.person, there: second.channel, thread2: second.thread });
    if (this.effectsWish !== "auto") told.effects = this.effectsWish === "open" ? "1" : "0";
    const known = Object.entries(told).filter(([, value]) => value !== null && value !== undefined);
    history.replaceState(null, "", `?${new URLSearchParams(known)}`);
    this.draw();
  }

  seen(snapshot) {
    this.people = snapshot.people.filter((one) => !one.is_bot && !one.deleted);
    document.title = snapshot.team.name;
    this.extras.seen(snapshot);
    this.peers.seen(
      snapshot,
      this.panes.map((pane) => pane.place.person),
    );
    this.moved();
  }

  threadOpened() {
    if (this.effectsWish === "open" && !this.roomy()) this.effectsWish = "auto";
  }

  examples() {
    return this.extras.examples;
  }

  /** The guide stands in the first pane, above the composer. */
  guide(pane) {
    if (pane !== this.panes[0] || !this.guideShown()) return null;
    this.guideCard.show(this.extras.examples, this.people, pane.place.person);
    return this.guideCard.root;
  }

  guideShown() {
    return this.guideCard.shown(this.extras.examples, this.people, this.panes[0].place.person);
  }

  choose(example) {
    const pane = this.panes[0];
    const who = this.personOf(example.as);
    if (!who || who.id === pane.place.person) pane.fill(example.channel, example.text);
    else pane.be(who.id, example.channel, null, example.text);
  }

  // ---- panels ----------------------------------------------------------------------------------------------

  wish(wanted) {
    this.effectsWish = wanted;
    this.moved();
  }

  roomy() {
    return this.panes.length === 1 && (this.panes[0].place.thread === null || window.innerWidth >= WIDE);
  }

  effectsShown() {
    if (!this.extras.has("effects") || this.effectsWish === "closed") return false;
    return this.effectsWish === "open" || (this.roomy() && window.innerWidth >= 1180);
  }

  redraw() {
    for (const pane of this.panes) pane.draw();
    this.draw();
  }

  draw() {
    const snapshot = this.panes[0]?.snapshot;
    if (!snapshot) return;
    const shown = this.effectsShown();
    this.effects.root.hidden = !shown;
    this.root.classList.toggle("effects-over", shown && !this.roomy());
    this.effects.show(this.extras.effects, snapshot.person.tz, this.extras.now() / 1000);
    this.dock.show(this.extras, snapshot.person.tz, {
      effects: shown,
      guide: this.guideShown(),
      split: this.panes.length > 1,
    });
    this.panes[0].drawGuide();
  }
}

async function start() {
  const root = document.getElementById("app");
  try {
    const people = (await get("/ui/people")).filter((one) => !one.is_bot && !one.deleted);
    root.replaceChildren(new Desk(people, new URLSearchParams(location.search)).root);
  } catch (refused) {
    root.replaceChildren(h("p", { class: "nothing", role: "alert" }, refused.message));
  }
}

start();
