// What really happened: everything that came out of the bot's work, newest first.

import { h, keyed, safeAddress } from "../dom.js";
import { prettyDay, timeOf } from "../dates.js";
import { icon } from "../icons.js";

const SHORT = 60; // characters of a detail that stands beside its name

/** The list; `close()` is called when a person closes it. */
export class Effects {
  constructor(close) {
    this.list = h("div", { class: "effects-list" });
    this.root = h(
      "aside",
      { class: "effects", "aria-label": "Effects" },
      h(
        "div",
        { class: "bar" },
        h("h2", {}, "What really happened"),
        h(
          "button",
          { type: "button", class: "icon-button", "aria-label": "Close effects", onclick: close },
          icon("close"),
        ),
      ),
      this.list,
    );
  }

  show(effects, zone, now) {
    const items = effects.map((one) => ({
      key: `${one.service} ${one.id}`,
      mark: JSON.stringify([one, prettyDay(secondsOf(one), zone, now)]),
      draw: () => effect(one, zone, now),
    }));
    const none = {
      key: "none",
      mark: "",
      draw: () =>
        h(
          "p",
          { class: "nothing" },
          "Nothing yet. Whatever is approved and really run shows up here, told by where it happened.",
        ),
    };
    keyed(this.list, items.length ? items : [none]);
  }
}

const secondsOf = (one) => Date.parse(one.at) / 1000;

function effect(one, zone, now) {
  const at = secondsOf(one);
  const address = one.html_url ? safeAddress(one.html_url) : null;
  return h(
    "article",
    { class: ["effect", one.undone && "undone"], "aria-label": one.what, data: { service: one.service } },
    h("span", { class: "effect-sign" }, icon(one.service)),
    h(
      "div",
      { class: "effect-main" },
      h("strong", { class: "effect-what" }, one.what),
      h(
        "div",
        { class: "quiet" },
        `${one.service} · ${prettyDay(at, zone, now, DAY).toLowerCase()} at ${timeOf(at, zone)}`,
        one.undone ? h("span", { class: "badge" }, "undone") : null,
      ),
      details(one.details ?? {}),
      address
        ? h(
            "a",
            { href: address, target: "_blank", rel: "noopener noreferrer", class: "effect-link" },
            icon("open"),
            "Open",
          )
        : null,
    ),
  );
}

const DAY = { day: "numeric", month: "short" };

/** What is known of it: short values by name, long ones (a mail's text) in full below. */
function details(known) {
  const told = Object.entries(known)
    .map(([name, value]) => [name, inWords(value)])
    .filter(([, text]) => text !== "" && text !== "null");
  const long = ([, text]) => text.includes("\n") || text.length > SHORT;
  const rows = told.filter((pair) => !long(pair)).map(([name, text]) => [h("dt", {}, name), h("dd", {}, text)]);
  return [
    rows.length ? h("dl", { class: "effect-details" }, rows) : null,
    told.filter(long).map(([, text]) => h("div", { class: "effect-text", tabIndex: 0 }, text)),
  ];
}

function inWords(value) {
  if (Array.isArray(value)) return value.map(inWords).join(", ");
  return typeof value === "string" ? value : JSON.stringify(value);
}
