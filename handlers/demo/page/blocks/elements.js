// What can be pressed or chosen in a message, a form or a home tab. A press is told to `stage.press`; what comes of
// it is the bot's business and arrives as a new snapshot.

import { h, safeAddress } from "../dom.js";
import { control } from "../forms/controls.js";
import { valueOf } from "../forms/options.js";
import { icon } from "../icons.js";
import { openMenu } from "../panels/menu.js";
import { textObject, wordsOf } from "./text.js";

/** One element of `block`. `stage` is what the blocks stand on: see `blocks.js`. */
export function element(one, block, stage) {
  const draw = KINDS[one.type] ?? chosen;
  return draw(one, block, stage);
}

const focusName = (one, block) => `${block.block_id}/${one.action_id}`;

/** Say `work` is under way on `node`, and take no second press meanwhile. */
async function during(node, work) {
  if (node.getAttribute("aria-busy") === "true") return;
  node.setAttribute("aria-busy", "true");
  try {
    await work();
  } finally {
    node.removeAttribute("aria-busy");
  }
}

/** The confirm dialog where the element has one, then the press. */
async function press(node, one, block, stage, value) {
  if (one.confirm && !(await stage.confirmed(one.confirm))) return false;
  await during(node, () => stage.press(one, block, value));
  return true;
}

function button(one, block, stage) {
  const address = one.url ? safeAddress(one.url) : null;
  const node = h(
    "button",
    {
      type: "button",
      class: ["button", one.style],
      "aria-label": one.accessibility_label ?? null,
      "data-focus": focusName(one, block),
      onclick: () => {
        if (address) window.open(address, "_blank", "noopener,noreferrer");
        press(node, one, block, stage);
      },
    },
    textObject(one.text, stage.reader),
  );
  return node;
}

function overflow(one, block, stage) {
  const items = one.options.map((option) => ({
    label: wordsOf(option.text),
    about: wordsOf(option.description),
    chosen: () => press(node, one, block, stage, option.value),
  }));
  const node = h(
    "button",
    {
      type: "button",
      class: "button overflow",
      "aria-label": "More options",
      "aria-haspopup": "menu",
      "aria-expanded": "false",
      "data-focus": focusName(one, block),
      onclick: () => openMenu(node, items, "More options"),
    },
    icon("more"),
  );
  return node;
}

/** Pictures are named, not fetched: the page loads nothing from elsewhere. */
export function picture(one) {
  return h(
    "span",
    { class: "picture", role: "img", "aria-label": one.alt_text },
    h("span", { "aria-hidden": "true" }, one.alt_text),
  );
}

function iconButton(one, block, stage) {
  const node = h(
    "button",
    {
      type: "button",
      class: "button",
      "aria-label": one.accessibility_label ?? wordsOf(one.text),
      onclick: () => press(node, one, block, stage),
    },
    textObject(one.text, stage.reader),
  );
  return node;
}

function feedback(one, block, stage) {
  return h(
    "span",
    { class: "feedback" },
    ["positive", "negative"].map((side) => {
      const shown = one[`${side}_button`];
      const node = h(
        "button",
        {
          type: "button",
          class: "button",
          "aria-label": shown.accessibility_label ?? null,
          onclick: () => press(node, one, block, stage, side),
        },
        textObject(shown.text, stage.reader),
      );
      return node;
    }),
  );
}

/** Menus, dates, ticks: each choice is a press with a value. */
function chosen(one, block, stage) {
  const state = stage.values?.[block.block_id]?.[one.action_id] ?? initial(one);
  const label = wordsOf(one.placeholder) || wordsOf(block.text) || wordsOf(block.label) || one.action_id;
  const made = control({
    element: one,
    reader: stage.reader,
    value: valueOf(state),
    props: { "aria-label": label, "data-focus": focusName(one, block) },
    changed: async (value) => {
      if (!(await press(made.main, one, block, stage, value))) made.reset?.();
    },
  });
  return made
    ? made.root
    : h("span", { class: "undrawn" }, `An element of the kind ${one.type}, which is not drawn here.`);
}

const INITIAL = {
  initial_option: "selected_option",
  initial_options: "selected_options",
  initial_date: "selected_date",
  initial_time: "selected_time",
  initial_date_time: "selected_date_time",
  initial_user: "selected_user",
  initial_users: "selected_users",
  initial_channel: "selected_channel",
  initial_conversation: "selected_conversation",
};

function initial(one) {
  const found = Object.entries(INITIAL).find(([name]) => one[name] !== undefined);
  return found ? { [found[1]]: one[found[0]] } : null;
}

const KINDS = { button, overflow, image: picture, icon_button: iconButton, feedback_buttons: feedback };
