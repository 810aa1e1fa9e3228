// What waits for the people nobody is being just now, so that the page can say where something happened.

import { snapshotOf } from "../api.js";
import { gathered } from "../dom.js";

/** Asks for everybody's snapshot a moment after each change; `waitingFor(id)` counts unread messages for them. */
export class Peers {
  constructor(reading, changed) {
    this.reading = reading;
    this.changed = changed;
    this.counts = new Map();
    this.ids = [];
    this.look = gathered(() => this.ask(), 250);
  }

  waitingFor(id) {
    return this.counts.get(id) ?? 0;
  }

  /** Something happened; `here` are the people being shown. */
  seen(snapshot, here) {
    this.ids = snapshot.people
      .filter((one) => !one.is_bot && !one.deleted && !here.includes(one.id))
      .map((one) => one.id);
    this.look();
  }

  async ask() {
    const before = JSON.stringify([...this.counts]);
    const found = await Promise.all(
      this.ids.map((id) =>
        snapshotOf(id).then(
          (snapshot) => [id, this.count(snapshot)],
          () => [id, 0],
        ),
      ),
    );
    this.counts = new Map(found);
    if (JSON.stringify([...this.counts]) !== before) this.changed();
  }

  count(snapshot) {
    return snapshot.channels.reduce((sum, channel) => sum + this.reading.unread(snapshot, channel).loud, 0);
  }
}
