// Rich text: its elements carry no markup, each text is shown letter by letter.

import { h } from "../dom.js";
import { dateText } from "../dates.js";
import { namedEmoji, withEmoji } from "../emoji.js";
import { broadcast, link, mention } from "./text.js";

const TAGS = { bold: "strong", italic: "em", strike: "s", code: "code", underline: "u", highlight: "mark" };

const PARTS = {
  text: (part) => broken(part.text),
  link: (part) => link(part.url, part.text || null),
  user: (part, reader) => mention("user", part.user_id, reader),
  usergroup: (part, reader) => mention("group", part.usergroup_id, reader),
  channel: (part, reader) => mention("channel", part.channel_id, reader),
  broadcast: (part) => broadcast(part.range),
  emoji: (part) => namedEmoji(part.name, part.unicode),
  date: (part, reader) => date(part, reader),
  color: (part) => part.value,
};

function broken(text) {
  return text.split("\n").flatMap((line, at) => [...(at ? [h("br")] : []), ...withEmoji(line)]);
}

function date(part, reader) {
  const text = dateText(part.format, part.timestamp, reader.zone, reader.now);
  const full = dateText("{date_long}, {time_secs}", part.timestamp, reader.zone, reader.now);
  const node = h("time", { title: full }, text || part.fallback);
  return part.url ? link(part.url, text) : node;
}

function inline(parts, reader) {
  return parts.map((part) => {
    const draw = PARTS[part.type];
    let node = draw ? draw(part, reader) : String(part.text ?? part.fallback ?? "");
    for (const [name, tag] of Object.entries(TAGS)) if (part.style?.[name]) node = h(tag, {}, node);
    return node;
  });
}

/** Preformatted: no emoji drawn, no line broken by us. */
function exact(parts, reader) {
  return parts.map((part) => (part.type === "text" ? part.text : inline([part], reader)));
}

function list(part, reader) {
  const ordered = part.style === "ordered";
  const props = { class: "rich-list", ...(ordered && part.offset ? { start: part.offset + 1 } : {}) };
  const node = h(
    ordered ? "ol" : "ul",
    props,
    part.elements.map((item) => h("li", {}, inline(item.elements, reader))),
  );
  node.style.marginInlineStart = `${(part.indent ?? 0) * 22}px`;
  return node;
}

const KINDS = {
  rich_text_section: (part, reader) => h("div", { class: "rich-section" }, inline(part.elements, reader)),
  rich_text_preformatted: (part, reader) => h("pre", { class: "pre", tabIndex: 0 }, exact(part.elements, reader)),
  rich_text_quote: (part, reader) => h("blockquote", {}, inline(part.elements, reader)),
  rich_text_list: list,
};

/** A rich_text block. */
export function richText(block, reader) {
  const parts = block.elements.map((part) => (KINDS[part.type] ?? KINDS.rich_text_section)(part, reader));
  return h("div", { class: "block rich" }, parts);
}
