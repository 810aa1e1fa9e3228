// The strip below the chat: the workspace's clock and what else belongs to the demo rather than to the chat.

import { h } from "../dom.js";
import { timeWithSeconds } from "../dates.js";
import { icon } from "../icons.js";

const MINUTE = 60_000;
const STEPS = [
  ["+1 min", MINUTE],
  ["+15 min", 15 * MINUTE],
  ["+1 h", 60 * MINUTE],
  ["+24 h", 24 * 60 * MINUTE],
];
const DAY = { weekday: "short", day: "numeric", month: "short" };

/** `actions`: {forward(ms) → promise, toggleEffects(), toggleSplit(), toggleGuide()}. */
export class Dock {
  constructor(actions) {
    this.time = h("strong", {});
    this.day = h("span", { class: "quiet" });
    this.steps = STEPS.map(([label, ms]) =>
      h("button", { type: "button", class: "button slim", onclick: () => this.step(actions, ms) }, label),
    );
    this.clock = h(
      "div",
      { class: "clock", role: "group", "aria-label": "Clock" },
      icon("clock"),
      h("span", { class: "clock-face" }, this.time, this.day),
      h("span", { class: "steps" }, this.steps),
    );
    this.effects = toggle("spark", "Effects", actions.toggleEffects);
    this.guide = toggle("guide", "Guide", actions.toggleGuide);
    this.split = toggle("split", "Side by side", actions.toggleSplit);
    this.note = h("span", { class: "quiet dock-note" }, "A workspace on this machine. Nothing here leaves it.");
    this.root = h(
      "footer",
      { class: "dock", "aria-label": "Demo" },
      this.clock,
      this.note,
      h("div", { class: "dock-right" }, this.effects.root, this.guide.root, this.split.root),
    );
    setInterval(() => this.tick(), 1000);
  }

  async step(actions, ms) {
    for (const button of this.steps) button.disabled = true;
    try {
      await actions.forward(ms);
    } finally {
      for (const button of this.steps) button.disabled = false;
    }
  }

  show(extras, zone, state) {
    this.now = () => extras.now() / 1000;
    this.zone = zone;
    this.clock.hidden = !extras.has("clock") || extras.clock === null;
    this.effects.set(extras.has("effects"), state.effects, extras.effects.length);
    this.guide.set(extras.has("examples"), state.guide);
    this.split.set(true, state.split);
    this.tick();
  }

  tick() {
    if (this.clock.hidden || !this.zone) return;
    this.time.textContent = timeWithSeconds(this.now(), this.zone);
    this.day.textContent = new Intl.DateTimeFormat("en-GB", { timeZone: this.zone, ...DAY }).format(
      new Date(this.now() * 1000),
    );
  }
}

function toggle(sign, label, pressed) {
  const count = h("span", { class: "count" });
  const root = h(
    "button",
    { type: "button", class: "button slim toggle", "aria-label": label, title: label, onclick: pressed },
    icon(sign),
    h("span", { class: "toggle-label" }, label),
    count,
  );
  return {
    root,
    set(there, on, number = 0) {
      root.hidden = !there;
      root.setAttribute("aria-pressed", String(on));
      count.textContent = number ? String(number) : "";
      count.hidden = !number;
    },
  };
}
