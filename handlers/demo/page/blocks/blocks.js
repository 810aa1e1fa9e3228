// Block Kit as nodes: one function for each kind of block.
//
// `stage` is what blocks stand on, a message, a form or a home tab:
//   reader             who reads (see `chat/reader.js`)
//   values             state.values chosen so far, {block_id: {action_id: …}}
//   press(element, block, value)   → promise; confirmed(confirm) → promise of true or false
//   input(block)       → node of an input block (forms only)

import { h } from "../dom.js";
import { element, picture } from "./elements.js";
import { richText } from "./rich.js";
import { mrkdwn, textObject, wordsOf } from "./text.js";

/** All blocks, in order. */
export function blocks(list, stage) {
  return list.map((block) => (KINDS[block.type] ?? unknown)(block, stage));
}

function section(block, stage) {
  const text = block.text ? h("div", { class: "section-text" }, textObject(block.text, stage.reader)) : null;
  const fields = block.fields
    ? h(
        "div",
        { class: "fields" },
        block.fields.map((field) => h("div", { class: "fields-one" }, textObject(field, stage.reader))),
      )
    : null;
  const accessory = block.accessory ? h("div", { class: "accessory" }, element(block.accessory, block, stage)) : null;
  return h(
    "div",
    { class: ["block section", accessory && "with-accessory"] },
    h("div", { class: "section-main" }, text, fields),
    accessory,
  );
}

function header(block, stage) {
  return h("h3", { class: "block header" }, textObject(block.text, stage.reader));
}

function context(block, stage) {
  const parts = block.elements.map((one) =>
    one.type === "image" ? picture(one) : h("span", {}, textObject(one, stage.reader)),
  );
  return h("div", { class: "block context" }, parts);
}

function actions(block, stage) {
  return h(
    "div",
    { class: "block actions" },
    block.elements.map((one) => element(one, block, stage)),
  );
}

function image(block, stage) {
  const title = block.title ? h("figcaption", {}, textObject(block.title, stage.reader)) : null;
  return h("figure", { class: "block image" }, title, picture(block));
}

function input(block, stage) {
  return stage.input ? stage.input(block) : unknown(block, stage);
}

function table(block, stage) {
  const cell = (one, tag) =>
    h(tag, {}, one.type === "rich_text" ? richText(one, stage.reader) : String(one.text ?? one.value ?? ""));
  const [head, ...rows] = block.rows;
  return h(
    "div",
    { class: "block table", tabIndex: 0 },
    h(
      "table",
      {},
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          head.map((one) => cell(one, "th")),
        ),
      ),
      h(
        "tbody",
        {},
        rows.map((row) =>
          h(
            "tr",
            {},
            row.map((one) => cell(one, "td")),
          ),
        ),
      ),
    ),
  );
}

function alert(block, stage) {
  return h(
    "div",
    { class: `block alert ${block.level ?? "default"}`, role: "note" },
    textObject(block.text, stage.reader),
  );
}

/** Markdown is shown as it was written: nothing in it is hidden, nothing becomes more than text. */
function markdown(block) {
  return h("div", { class: "block as-written" }, block.text);
}

/** A block this page does not know: what it says, so that nothing goes missing. */
function unknown(block, stage) {
  const told = [block.title, block.subtitle, block.text, block.body, block.label].filter(Boolean);
  const texts = told.map((one) =>
    typeof one === "string" ? one : one.type === "mrkdwn" ? mrkdwn(one.text, stage.reader) : wordsOf(one),
  );
  const inner = [...(block.child_blocks ?? []), ...(block.tasks ?? [])];
  return h(
    "div",
    { class: "block undrawn" },
    texts.map((text) => h("div", {}, text)),
    blocks(inner, stage),
    (block.actions ?? []).map((one) => element(one, block, stage)),
    texts.length || inner.length ? null : `A block of the kind ${block.type}, which is not drawn here.`,
  );
}

const KINDS = {
  section,
  header,
  context,
  actions,
  image,
  input,
  table,
  alert,
  markdown,
  divider: () => h("hr", { class: "block divider" }),
  rich_text: (block, stage) => richText(block, stage.reader),
  context_actions: actions,
};
