// What can be chosen in a menu, whatever kind it is: options of the bot, people, conversations.

import { titleOf } from "../chat/reader.js";
import { wordsOf } from "../blocks/text.js";

/** [{label, options: [{value, label, about}]}]; groups without a label where the element has none. */
export function choices(element, reader) {
  if (element.type.includes("users_")) return [{ label: "", options: people(reader) }];
  if (element.type.includes("channels_") || element.type.includes("conversations_")) {
    const named = [...reader.channels.values()].filter((one) => element.type.includes("conversations_") || one.name);
    return [
      {
        label: "",
        options: named.map((one) => ({
          value: one.id,
          label: `${one.name ? "# " : ""}${titleOf(one, reader)}`,
          about: "",
        })),
      },
    ];
  }
  const groups = element.option_groups ?? [{ options: element.options ?? [] }];
  return groups.map((group) => ({ label: wordsOf(group.label), options: group.options.map(option) }));
}

const option = (one) => ({
  value: one.value,
  label: wordsOf(one.text),
  about: wordsOf(one.description),
  text: one.text,
});

function people(reader) {
  const known = [...reader.people.values()].filter((one) => !one.deleted && !one.is_bot);
  return known.map((one) => ({ value: one.id, label: one.real_name, about: "" }));
}

/** What an entry of `state.values` holds, as operations take it: text, a value, a list of values, or null. */
export function valueOf(state) {
  if (!state) return null;
  const held = Object.entries(state).find(([name]) => name !== "type")?.[1] ?? null;
  const one = (item) => (item !== null && typeof item === "object" ? item.value : item);
  return Array.isArray(held) ? held.map(one) : one(held);
}
