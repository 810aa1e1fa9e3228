// The app's home tab.

import { h, keyed } from "../dom.js";
import { blocks } from "../blocks/blocks.js";

/** Blocks of the home tab as the bot last published it for this person. */
export class Home {
  constructor(actor) {
    this.actor = actor;
    this.inner = h("div", { class: "home-inner" });
    this.root = h("div", { class: "home", role: "region", "aria-label": "App home", tabIndex: 0 }, this.inner);
  }

  show(view, reader, opening) {
    const mark = view ? `${view.id} ${view.hash} ${reader.mark}` : `none ${opening}`;
    keyed(this.inner, [{ key: "home", mark, draw: () => (view ? this.draw(view, reader) : this.nothing(opening)) }]);
  }

  draw(view, reader) {
    const stage = {
      reader,
      values: view.state.values,
      confirmed: this.actor.confirmed,
      press: (one, block, value) =>
        this.actor.act("click", { shown: { view: view.id }, what: one.action_id, block_id: block.block_id, value }),
    };
    return h("div", { class: "blocks" }, blocks(view.blocks, stage));
  }

  nothing(opening) {
    return h("p", { class: "nothing" }, opening ? "Opening…" : "The app has drawn no home for you.");
  }
}
