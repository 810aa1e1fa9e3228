// One input block of a form: label, control, hint, and what is wrong with it.

import { freshId, h } from "../dom.js";
import { wordsOf } from "../blocks/text.js";
import { control } from "./controls.js";

const GROUPS = new Set(["checkboxes", "radio_buttons"]);

/**
 * A field is {node, block, read(), blame(text | null), focus()}. `value` is what stands in it at first;
 * `changed(value)` hears of each change.
 */
export function field({ block, reader, value, changed }) {
  const [id, labelId, aboutId] = [freshId("field"), freshId("label"), freshId("about")];
  const { element } = block;
  const group = GROUPS.has(element.type);
  const made = control({
    element,
    reader,
    value,
    changed,
    props: {
      ...(group ? {} : { id }),
      "aria-labelledby": labelId,
      "aria-describedby": aboutId,
      "aria-required": group || block.optional ? null : "true",
      "data-focus": `${block.block_id}/${element.action_id}`,
    },
  });
  const words = [wordsOf(block.label), block.optional ? h("span", { class: "optional" }, " (optional)") : null];
  const label = group
    ? h("span", { class: "label", id: labelId }, words)
    : h("label", { class: "label", id: labelId, htmlFor: id }, words);
  const error = h("span", { class: "error" });
  const about = h(
    "span",
    { class: "about", id: aboutId },
    error,
    block.hint ? h("span", { class: "hint" }, wordsOf(block.hint)) : null,
  );
  const body = made
    ? made.root
    : h("span", { class: "undrawn" }, `A field of the kind ${element.type}, which is not drawn here.`);
  const node = h("div", { class: "block input" }, label, body, about);
  error.hidden = true;

  return {
    node,
    block,
    read: () => made?.read() ?? null,
    focus: () => made?.main.focus(),
    blame(text) {
      error.textContent = text ?? "";
      error.hidden = text === null;
      node.classList.toggle("wrong", text !== null);
      if (text === null) made?.main.removeAttribute("aria-invalid");
      else made?.main.setAttribute("aria-invalid", "true");
    },
  };
}
