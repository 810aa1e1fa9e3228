// One control for each kind of element a person fills in or chooses with, in forms and in messages alike.
//
// A control is {root, main, read}: what stands in the page, what takes the focus, and the value as operations take it
// (text, an option's value, a list of them, an id, a date, a time, seconds since 1970, or null).

import { freshId, h } from "../dom.js";
import { localParts, momentOf } from "../dates.js";
import { textObject, wordsOf } from "../blocks/text.js";
import { choices } from "./options.js";
import { several } from "./several.js";

/** Slack's own limits where an element names none. */
const LONGEST = 3000;
const NEAR = 0.8;

/** `asked`: {element, reader, value, props (for the main node), changed(value)}; null for an unknown kind. */
export function control(asked) {
  const make = MAKERS[asked.element.type];
  return make ? make(asked) : null;
}

const empty = (text) => (text === "" ? null : text);

function written({ element, value, props, changed }, more = {}) {
  const common = {
    class: "field",
    placeholder: wordsOf(element.placeholder) || null,
    ...props,
    value: value ?? "",
    ...more,
  };
  const field = element.multiline
    ? h("textarea", { rows: 4, ...common })
    : h("input", { type: "text", autocomplete: "off", ...common });
  const root = h("div", { class: "written" }, field);
  if (element.type === "plain_text_input" && (element.max_length || element.min_length))
    root.append(counter(element, field));
  field.addEventListener("input", () => changed?.(empty(field.value)));
  return { root, main: field, read: () => empty(field.value) };
}

/** How much is written, once it is worth knowing. Too much is said by the form when it is sent, as Slack does. */
function counter(element, field) {
  const [least, most] = [element.min_length ?? 0, element.max_length ?? LONGEST];
  const node = h("span", { class: "counter" });
  function count() {
    const length = field.value.length;
    node.textContent =
      length < least
        ? `${length} of at least ${least}`
        : `${length.toLocaleString("en")} / ${most.toLocaleString("en")}`;
    node.hidden = length === 0 || !(length > most * NEAR || length < least || most <= 200);
    node.classList.toggle("over", length > most || length < least);
  }
  field.addEventListener("input", count);
  count();
  return node;
}

function number(asked) {
  const { min_value: least, max_value: most, is_decimal_allowed: decimal } = asked.element;
  const made = written(asked, { inputmode: decimal ? "decimal" : "numeric" });
  const bounds = least && most ? `${least} – ${most}` : least ? `${least} or more` : most ? `up to ${most}` : "";
  const kind = decimal ? "" : "whole number";
  const told = [kind, bounds].filter(Boolean).join(", ");
  if (told) made.root.append(h("span", { class: "counter" }, told));
  return made;
}

function picker(type, toField, fromField) {
  return ({ element, reader, value, props, changed }) => {
    const field = h("input", {
      type,
      class: "field picker",
      ...props,
      value: value === null ? "" : toField(value, reader),
    });
    const read = () => (field.value === "" ? null : fromField(field.value, reader));
    field.addEventListener("change", () => changed?.(read()));
    if (element.placeholder) field.title = wordsOf(element.placeholder);
    return { root: field, main: field, read };
  };
}

const same = (value) => value;

function single({ element, reader, value, props, changed }) {
  const groups = choices(element, reader);
  const field = h(
    "select",
    { class: "field", ...props },
    h("option", { value: "" }, wordsOf(element.placeholder) || "Choose…"),
    groups.map((group) => {
      const options = group.options.map((one) =>
        h(
          "option",
          { value: one.value, selected: one.value === value },
          one.about ? `${one.label} (${one.about})` : one.label,
        ),
      );
      return group.label ? h("optgroup", { label: group.label }, options) : options;
    }),
  );
  field.addEventListener("change", () => changed?.(empty(field.value)));
  return {
    root: h("div", { class: "select" }, field),
    main: field,
    read: () => empty(field.value),
    reset: () => {
      field.value = value ?? "";
    },
  };
}

function multiple({ element, reader, value, props, changed }) {
  const placeholder = wordsOf(element.placeholder) || "Choose…";
  return several({
    groups: choices(element, reader),
    chosen: value,
    placeholder,
    most: element.max_selected_items,
    props,
    changed,
  });
}

/** Checkboxes and radio buttons: a group whose members have names of their own. */
function ticks(type) {
  return ({ element, reader, value, props, changed }) => {
    const name = freshId("group");
    const chosen = new Set(type === "checkbox" ? (value ?? []) : [value]);
    const { "data-focus": focus, ...rest } = props;
    const boxes = element.options.map((option, at) =>
      h("input", {
        type,
        name,
        value: option.value,
        checked: chosen.has(option.value),
        "data-focus": focus ? `${focus}/${at}` : null,
      }),
    );
    const picked = () => boxes.filter((box) => box.checked).map((box) => box.value);
    const read = () => (type === "checkbox" ? picked() : (picked()[0] ?? null));
    const root = h(
      "div",
      { class: "ticks", role: type === "radio" ? "radiogroup" : "group", ...rest },
      element.options.map((option, at) =>
        h(
          "label",
          { class: "tick-label" },
          boxes[at],
          h(
            "span",
            {},
            h("span", {}, textObject(option.text, reader)),
            option.description ? h("span", { class: "tick-about" }, textObject(option.description, reader)) : null,
          ),
        ),
      ),
    );
    root.addEventListener("change", () => changed?.(read()));
    return { root, main: boxes[0], read };
  };
}

const MAKERS = {
  plain_text_input: (asked) => written(asked),
  email_text_input: (asked) => written(asked, { inputmode: "email" }),
  url_text_input: (asked) => written(asked, { inputmode: "url" }),
  number_input: number,
  datepicker: picker("date", same, same),
  timepicker: picker("time", same, same),
  datetimepicker: picker(
    "datetime-local",
    (value, reader) => localParts(value, reader.zone),
    (text, reader) => momentOf(text, reader.zone),
  ),
  static_select: single,
  users_select: single,
  channels_select: single,
  conversations_select: single,
  multi_static_select: multiple,
  multi_users_select: multiple,
  multi_channels_select: multiple,
  multi_conversations_select: multiple,
  checkboxes: ticks("checkbox"),
  radio_buttons: ticks("radio"),
};
