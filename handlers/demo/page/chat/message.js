// One message: who, when, what it says and what can be done with it.

import { h } from "../dom.js";
import { timeOf, timeWithSeconds, prettyDay } from "../dates.js";
import { namedEmoji } from "../emoji.js";
import { icon } from "../icons.js";
import { blocks } from "../blocks/blocks.js";
import { mrkdwn } from "../blocks/text.js";
import { openMenu } from "../panels/menu.js";
import { avatar } from "./avatar.js";

const QUICK = [
  ["white_check_mark", "tick"],
  ["eyes", "eyes"],
  ["+1", "thumbs up"],
];

/**
 * `place`: {channel, inThread, replies (of this message), shortcuts, actor, openThread(ts)}; `follows`: whether the
 * message above is of the same person a moment ago, so that name and face need not be repeated.
 */
export function message(one, reader, place, follows) {
  const author = reader.personOf(one.user);
  const at = Number(one.ts);
  const body = h(
    "div",
    { class: "message-body" },
    content(one, reader, place),
    edited(one),
    reactions(one, reader, place),
    place.inThread ? null : thread(one, place, reader),
  );
  const time = h(
    "time",
    { title: `${prettyDay(at, reader.zone, reader.now)}, ${timeWithSeconds(at, reader.zone)}` },
    timeOf(at, reader.zone),
  );
  const head = h(
    "div",
    { class: "message-head" },
    h("span", { class: "author" }, author.real_name),
    badges(author),
    time,
  );
  return h(
    "article",
    {
      class: ["message", follows && "follows", one.ephemeral && "ephemeral"],
      "aria-label": `${author.real_name} at ${timeOf(at, reader.zone)}`,
      data: { ts: one.ts },
    },
    h("div", { class: "message-side" }, follows ? time : avatar(author)),
    h(
      "div",
      { class: "message-main" },
      one.ephemeral ? h("div", { class: "only-you" }, icon("eye"), "Only visible to you") : null,
      follows ? null : head,
      body,
    ),
    one.ephemeral ? null : toolbar(one, place),
  );
}

/** What an account is, beside its name. */
export function badges(person) {
  const words = [person.is_bot && "APP", person.guest && "guest", person.external && "external"];
  return words.filter(Boolean).map((word) => h("span", { class: "badge" }, word));
}

function content(one, reader, place) {
  const stage = {
    reader,
    values: one.chosen,
    confirmed: place.actor.confirmed,
    press: (element, block, value) =>
      place.actor.act("click", {
        shown: { channel: place.channel, ts: one.ts },
        what: element.action_id,
        block_id: block.block_id,
        value,
      }),
  };
  const attached = (one.attachments ?? []).map((part) =>
    h(
      "div",
      { class: "attachment" },
      part.blocks ? blocks(part.blocks, stage) : mrkdwn(part.text ?? part.fallback ?? "", reader),
    ),
  );
  if (!one.blocks?.length) return [h("div", { class: "text" }, mrkdwn(one.text, reader)), attached];
  const framed = one.blocks.length > 1 || one.blocks.some((block) => block.type === "actions");
  return [h("div", { class: ["blocks", framed && "framed"] }, blocks(one.blocks, stage)), attached];
}

function edited(one) {
  return one.edited && one.user !== undefined && !one.bot_id ? h("span", { class: "edited" }, "(edited)") : null;
}

function reactions(one, reader, place) {
  if (!one.reactions?.length) return null;
  return h(
    "div",
    { class: "reactions" },
    one.reactions.map((given) =>
      h(
        "button",
        {
          type: "button",
          class: ["reaction", given.users.includes(reader.me) && "mine"],
          "aria-label": `${given.name.replaceAll("_", " ")}, ${given.count}`,
          title: given.users.map((id) => reader.personOf(id).real_name).join(", "),
          onclick: () => {
            if (!given.users.includes(reader.me)) react(one, place, given.name);
          },
        },
        namedEmoji(given.name),
        String(given.count),
      ),
    ),
  );
}

const react = (one, place, name) => place.actor.act("react", { shown: { channel: place.channel, ts: one.ts }, name });

function thread(one, place, reader) {
  if (!place.replies.length) return null;
  const last = place.replies.at(-1);
  const faces = [...new Set(place.replies.map((reply) => reply.user))].slice(0, 4);
  const count = `${place.replies.length} ${place.replies.length === 1 ? "reply" : "replies"}`;
  return h(
    "button",
    { type: "button", class: "thread-link", onclick: () => place.openThread(one.ts) },
    h(
      "span",
      { class: "faces" },
      faces.map((id) => avatar(reader.personOf(id), "small")),
    ),
    h("strong", {}, count),
    h("span", { class: "quiet" }, `last at ${timeOf(Number(last.ts), reader.zone)}`),
  );
}

/** Appears under the pointer and for the keyboard. */
function toolbar(one, place) {
  const items = place.shortcuts.map((shortcut) => ({
    label: shortcut.name,
    about: place.appName,
    chosen: () =>
      place.actor.act("shortcut", { shown: { channel: place.channel, ts: one.ts }, callback_id: shortcut.callback_id }),
  }));
  const more = h(
    "button",
    {
      type: "button",
      class: "icon-button",
      "aria-label": "More actions",
      "aria-haspopup": "menu",
      "aria-expanded": "false",
      onclick: () => openMenu(more, items, "More actions"),
    },
    icon("more"),
  );
  return h(
    "div",
    { class: "toolbar", role: "group", "aria-label": "Actions on this message" },
    QUICK.map(([name, word]) =>
      h(
        "button",
        {
          type: "button",
          class: "icon-button",
          "aria-label": `React with ${word}`,
          onclick: () => react(one, place, name),
        },
        namedEmoji(name),
      ),
    ),
    place.inThread
      ? null
      : h(
          "button",
          {
            type: "button",
            class: "icon-button",
            "aria-label": "Reply in thread",
            onclick: () => place.openThread(one.ts),
          },
          icon("reply"),
        ),
    items.length ? more : null,
  );
}
