// A face for everybody: coloured initials for people, a sign for bots.

import { h } from "../dom.js";
import { icon } from "../icons.js";

/** `person` as the reader knows them; `size` is small, medium or large. For decoration: the name stands beside it. */
export function avatar(person, size = "medium") {
  if (person.is_bot) return h("span", { class: `avatar bot ${size}`, "aria-hidden": "true" }, icon("tick"));
  return h(
    "span",
    { class: `avatar hue-${person.hue ?? 0} ${size}`, "aria-hidden": "true" },
    initials(person.real_name),
  );
}

function initials(name) {
  const words = name.split(/[^\p{L}\p{N}]+/u).filter(Boolean);
  if (!words.length) return "?";
  const letters = words.length > 1 ? [words[0], words.at(-1)] : [words[0]];
  return letters
    .map((word) => [...word][0])
    .join("")
    .toUpperCase();
}
