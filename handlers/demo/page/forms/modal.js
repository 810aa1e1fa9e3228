// A person's open form: the top of their stack of modals, as the bot drew it, with what they typed.

import { freshId, h } from "../dom.js";
import { blocks } from "../blocks/blocks.js";
import { wordsOf } from "../blocks/text.js";
import { icon } from "../icons.js";
import { valueOf } from "./options.js";
import { field } from "./field.js";

/** `actor`: {act(operation, body) → promise, say(text), confirmed(confirm), settle()}. */
export class Modal {
  constructor(actor) {
    this.actor = actor;
    this.root = h("div", { class: "layer" });
    this.typed = new Map(); // "view/block/action" → value, until the view is gone
    this.fields = [];
    this.mark = null;
    this.before = null;
  }

  /** Show the visible one of these views, or nothing. Drawn again only when the bot changed it. */
  show(views, reader) {
    const view = views.at(-1);
    this.forget(new Set(views.map((one) => one.id)));
    const mark = view ? `${view.id} ${view.hash} ${views.length}` : null;
    if (mark === this.mark) return;
    if (this.mark === null) this.before = document.activeElement;
    this.mark = mark;
    this.view = view;
    const focus = document.activeElement?.dataset?.focus;
    this.root.replaceChildren(...(view ? [this.draw(view, views.length, reader)] : []));
    this.actor.settle();
    if (view) this.focusAgain(focus);
    else if (this.before?.isConnected) this.before.focus();
  }

  forget(open) {
    for (const name of this.typed.keys()) if (!open.has(name.split("/")[0])) this.typed.delete(name);
  }

  draw(view, depth, reader) {
    const title = freshId("title");
    this.fields = [];
    this.banner = h("div", { class: "banner", role: "alert" });
    this.banner.hidden = true;
    const stage = {
      reader,
      values: view.state.values,
      confirmed: this.actor.confirmed,
      press: (one, block, value) => this.press(one, block, value),
      input: (block) => this.input(view, block, reader),
    };
    const body = h("div", { class: "dialog-body" }, this.banner, blocks(view.blocks, stage));
    const close = (everything) => () => this.close(view, everything);
    this.dialog = h(
      "form",
      {
        class: "dialog",
        role: "dialog",
        "aria-modal": "true",
        "aria-labelledby": title,
        tabIndex: -1,
        novalidate: true,
        onsubmit: (event) => {
          event.preventDefault();
          this.submit(view);
        },
        onkeydown: (event) => {
          if (event.key === "Escape" && !event.defaultPrevented) this.close(view, false);
        },
      },
      h(
        "div",
        { class: "dialog-head" },
        depth > 1
          ? h(
              "button",
              { type: "button", class: "icon-button", "aria-label": "Back", onclick: close(false) },
              icon("back"),
            )
          : null,
        h("h2", { id: title }, wordsOf(view.title)),
        h(
          "button",
          {
            type: "button",
            class: "icon-button",
            "aria-label": "Close all",
            "data-focus": "close-all",
            onclick: close(true),
          },
          icon("close"),
        ),
      ),
      body,
      this.foot(view, close(false)),
    );
    return h("div", { class: "shade" }, this.dialog);
  }

  foot(view, close) {
    this.send = view.submit
      ? h("button", { type: "submit", class: "button primary solid", "data-focus": "submit" }, wordsOf(view.submit))
      : null;
    const leave = h(
      "button",
      { type: "button", class: "button", onclick: close },
      wordsOf(view.close) || (view.submit ? "Cancel" : "Close"),
    );
    return h("div", { class: "dialog-foot" }, leave, this.send);
  }

  input(view, block, reader) {
    const { action_id: action } = block.element;
    const name = `${view.id}/${block.block_id}/${action}`;
    const value = this.typed.has(name) ? this.typed.get(name) : valueOf(view.state.values?.[block.block_id]?.[action]);
    const made = field({
      block,
      reader,
      value,
      changed: (now) => {
        this.typed.set(name, now);
        made.blame(null);
        if (block.dispatch_action && !isWriting(block)) this.press(block.element, block, now);
      },
    });
    if (block.dispatch_action && isWriting(block)) {
      made.node.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" || block.element.multiline) return;
        event.preventDefault();
        this.press(block.element, block, made.read());
      });
    }
    this.fields.push(made);
    return made.node;
  }

  /** A press inside a form takes along what was typed so far, as Slack's client does. */
  async press(one, block, value) {
    const view = this.view;
    const values = this.values();
    if (Object.keys(values).length) await this.actor.act("fill", { shown: { view: view.id }, values });
    await this.actor.act("click", { shown: { view: view.id }, what: one.action_id, block_id: block.block_id, value });
  }

  values() {
    return Object.fromEntries(this.fields.map((one) => [one.block.block_id, one.read()]));
  }

  async submit(view) {
    if (!this.send || this.send.getAttribute("aria-busy") === "true") return;
    const { send } = this;
    send.setAttribute("aria-busy", "true");
    this.banner.hidden = true;
    for (const one of this.fields) one.blame(null);
    try {
      const answer = await this.actor.ask("submit", { view: view.id, values: this.values() });
      this.blame(answer.errors);
    } catch (refused) {
      if (Object.keys(refused.problems ?? {}).length) this.blame(refused.problems);
      else this.complain(refused.message);
    } finally {
      send.removeAttribute("aria-busy");
    }
  }

  blame(errors) {
    const wrong = this.fields.filter((one) => Object.hasOwn(errors, one.block.block_id));
    for (const one of wrong) one.blame(errors[one.block.block_id]);
    wrong[0]?.node.scrollIntoView({ block: "nearest" });
    wrong[0]?.focus();
  }

  complain(text) {
    this.banner.textContent = text;
    this.banner.hidden = false;
    this.banner.scrollIntoView({ block: "nearest" });
  }

  close(view, everything) {
    return this.actor.act("close", { view: view.id, everything });
  }

  focusAgain(name) {
    const again = name && [...this.root.querySelectorAll("[data-focus]")].find((node) => node.dataset.focus === name);
    if (again) {
      again.focus();
      return;
    }
    const wanted = this.fields.find((one) => one.block.element.focus_on_load) ?? this.fields[0];
    const bottom = (node) => node.getBoundingClientRect().bottom;
    const inSight = wanted && bottom(wanted.node) <= bottom(this.dialog.querySelector(".dialog-body"));
    if (inSight) wanted.focus();
    else this.dialog.focus(); // what stands above a field is to be read first
  }
}

const isWriting = (block) => block.element.type.endsWith("_input");
