// The left side: who one is, and where one can go.

import { h, keyed } from "../dom.js";
import { icon } from "../icons.js";
import { avatar } from "./avatar.js";
import { badges } from "./message.js";
import { counterpart, handlesOf, titleOf } from "./reader.js";

/** `actions`: {be(person), go(channel), goHome()}. */
export class Sidebar {
  constructor(actions) {
    this.actions = actions;
    this.inner = h("div", { class: "sidebar-inner" });
    this.root = h("nav", { class: "sidebar", "aria-label": "Workspace" }, this.inner);
  }

  /** `at`: {channel, home}; `unreadOf(channel)` and `waitingFor(person id)` count. */
  show(snapshot, reader, at, unreadOf, waitingFor) {
    const rooms = snapshot.channels.map((channel) => ({
      channel,
      title: titleOf(channel, reader),
      unread: unreadOf(channel),
    }));
    const named = rooms.filter((room) => room.channel.name && room.channel.kind !== "mpim").sort(byTitle);
    const direct = rooms.filter((room) => room.channel.kind === "im" || room.channel.kind === "mpim").sort(byTitle);
    keyed(
      this.inner,
      [
        part("workspace", snapshot.team.name, () =>
          h(
            "div",
            { class: "workspace" },
            h("span", { class: "workspace-sign" }, icon("tick")),
            h("strong", {}, snapshot.team.name),
          ),
        ),
        this.people(snapshot, reader, waitingFor),
        this.list("Channels", named, at, (room) => icon(room.channel.kind === "private" ? "lock" : "hash"), reader),
        this.list("Direct messages", direct, at, (room) => this.face(room, reader), reader),
        snapshot.app.home_tab ? this.apps(snapshot, reader, at) : null,
      ].filter(Boolean),
    );
  }

  people(snapshot, reader, waitingFor) {
    const known = [...reader.people.values()].filter((one) => !one.is_bot && !one.deleted);
    const rows = known.map((one) => ({
      one,
      handles: handlesOf(one, snapshot),
      waiting: one.id === snapshot.person.id ? 0 : waitingFor(one.id),
    }));
    return part("people", [rows, snapshot.person.id], () =>
      section(
        "You are",
        rows.map(({ one, handles, waiting }) => {
          const mine = one.id === snapshot.person.id;
          return h(
            "button",
            {
              type: "button",
              class: ["person", mine && "current"],
              "aria-pressed": String(mine),
              "data-focus": `be ${one.id}`,
              title: mine ? `You are ${one.real_name}` : `Be ${one.real_name}`,
              onclick: () => this.actions.be(one.id),
            },
            h("span", { class: ["face", one.presence === "away" && "away"] }, avatar(one, "small")),
            h("span", { class: "name" }, one.real_name),
            badges(one),
            h("span", { class: "handles" }, handles.join(" · ")),
            waiting ? h("span", { class: "count", "aria-label": `${waiting} unread` }, String(waiting)) : null,
          );
        }),
      ),
    );
  }

  list(name, rooms, at, sign, reader) {
    const mark = [
      rooms.map((room) => [
        room.channel.id,
        room.title,
        room.channel.kind,
        room.channel.archived,
        room.unread,
        room.channel.external,
      ]),
      at,
      reader.mark,
    ];
    return part(name, mark, () =>
      section(
        name,
        rooms.map((room) => {
          const current = at.channel === room.channel.id && !at.home;
          const count = room.unread.loud
            ? h("span", { class: "count", "aria-label": `${room.unread.loud} unread` }, String(room.unread.loud))
            : null;
          return h(
            "button",
            {
              type: "button",
              class: ["room", current && "current", room.unread.all > 0 && "unread"],
              "aria-current": current ? "page" : null,
              "data-focus": `go ${room.channel.id}`,
              onclick: () => this.actions.go(room.channel.id),
            },
            sign(room),
            h("span", { class: "name" }, room.title),
            room.channel.external ? h("span", { class: "badge" }, "shared") : null,
            count,
          );
        }),
      ),
    );
  }

  face(room, reader) {
    return room.channel.kind === "im" ? avatar(counterpart(room.channel, reader), "tiny") : icon("chat");
  }

  apps(snapshot, reader, at) {
    const bot = reader.personOf(snapshot.app.user);
    return part("apps", [bot, at.home], () =>
      section("Apps", [
        h(
          "button",
          {
            type: "button",
            class: ["room", at.home && "current"],
            "aria-current": at.home ? "page" : null,
            "data-focus": "home",
            "aria-label": `${bot.real_name} home`,
            onclick: () => this.actions.goHome(),
          },
          icon("home"),
          h("span", { class: "name" }, `${bot.real_name} home`),
        ),
      ]),
    );
  }
}

const byTitle = (one, other) => one.title.localeCompare(other.title);

const part = (key, mark, draw) => ({ key, mark: JSON.stringify(mark), draw });

function section(name, rows) {
  return h("div", { class: "side-section", role: "group", "aria-label": name }, h("h2", {}, name), rows);
}
