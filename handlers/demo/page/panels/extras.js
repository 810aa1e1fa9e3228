// What stands beside the chat: the panels a server offers under /ui/extra. Which there are is up to the server; the
// page draws those it knows by name and leaves out the rest.
//
//   clock      GET → {now: ms}                          POST {operation: "forward", args: {forward: ms}}
//   effects    GET → [{service, id, what, at: ISO 8601, details: {name: value}, undone?, html_url?}]
//   examples   GET → [{as, channel, text}]               people and channels by name or id

import { operateExtra, showExtra } from "../api.js";
import { gathered } from "../dom.js";

/** Keeps what the panels show. `changed()` is called whenever any of it is new. */
export class Extras {
  constructor(changed) {
    this.changed = changed;
    this.names = [];
    this.clock = null;
    this.effects = [];
    this.examples = [];
    this.look = gathered(() => this.ask(), 120);
  }

  has(name) {
    return this.names.includes(name);
  }

  /** A new snapshot: panels may have changed with it. */
  seen(snapshot) {
    this.names = snapshot.extras;
    if (this.names.length) this.look();
  }

  async ask() {
    const [clock, effects, examples] = await Promise.all(
      ["clock", "effects", "examples"].map((name) => this.shown(name)),
    );
    if (clock) this.clock = { ahead: clock.now - Date.now() };
    this.effects = [...(effects ?? [])].sort((one, other) => Date.parse(other.at) - Date.parse(one.at));
    this.examples = examples ?? [];
    this.changed();
  }

  /** A panel that cannot be had now is asked for again with the next change. */
  async shown(name) {
    return this.has(name) ? showExtra(name).catch(() => null) : null;
  }

  /** Milliseconds since 1970 by the workspace's clock. */
  now() {
    return Date.now() + (this.clock?.ahead ?? 0);
  }

  /** Put the clock forward by milliseconds; throws Refused. */
  async forward(milliseconds) {
    await operateExtra("clock", "forward", { forward: milliseconds });
    await this.ask();
  }
}
