// A list of messages: days apart, runs of one person together, always at the newest unless the reader scrolled up.

import { h, keyed } from "../dom.js";
import { dayOf, prettyDay } from "../dates.js";
import { message } from "./message.js";

const RUN = 5 * 60; // seconds within which the same person's messages stand together
const NEAR = 80; // pixels from the end that still count as being at the end

/** The list of one conversation or thread; `show(messages, reader, place)` draws it. */
export class MessageList {
  constructor(label) {
    this.inner = h("div", { class: "messages-inner" });
    this.root = h("div", { class: "messages", role: "log", "aria-label": label, tabIndex: 0 }, this.inner);
    this.atEnd = true;
    this.root.addEventListener("scroll", () => this.measure());
    new ResizeObserver(() => this.settle()).observe(this.root);
  }

  /** `opening`: an item that stands before all messages, or null. `placeOf(message)` gives `message`'s place. */
  show(messages, reader, placeOf, opening = null) {
    this.measure();
    const items = opening ? [opening] : [];
    let before = null;
    for (const one of messages) {
      const day = dayOf(Number(one.ts), reader.zone);
      if (before === null || day !== dayOf(Number(before.ts), reader.zone)) items.push(divider(one, day, reader));
      items.push(this.item(one, reader, placeOf(one), follows(before, one, reader)));
      before = one;
    }
    keyed(this.inner, items);
    this.settle();
  }

  item(one, reader, place, run) {
    const mark = JSON.stringify([one, run, place.inThread, place.replies]) + reader.mark;
    return { key: one.ts, mark, draw: () => message(one, reader, place, run) };
  }

  /** Whether the reader is at the end; one who does not see the list keeps being where they were. */
  measure() {
    const { scrollHeight, scrollTop, clientHeight } = this.root;
    if (clientHeight > 0) this.atEnd = scrollHeight - scrollTop - clientHeight < NEAR;
  }

  /** The list came into sight: begin at the newest. */
  toEnd() {
    this.atEnd = true;
    this.settle();
  }

  settle() {
    if (this.atEnd) this.root.scrollTop = this.root.scrollHeight;
  }
}

function divider(one, day, reader) {
  const text = prettyDay(Number(one.ts), reader.zone, reader.now);
  return { key: `day ${day}`, mark: text, draw: () => h("div", { class: "day" }, h("span", {}, text)) };
}

function follows(before, one, reader) {
  if (!before || before.user !== one.user || before.ephemeral || one.ephemeral) return false;
  if (before.blocks?.length || one.blocks?.length) return false;
  return (
    Number(one.ts) - Number(before.ts) < RUN &&
    dayOf(Number(before.ts), reader.zone) === dayOf(Number(one.ts), reader.zone)
  );
}
