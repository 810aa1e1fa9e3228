// Slack's text: plain text objects and mrkdwn, as nodes. What is not understood stays as it was written.

import { h, safeAddress } from "../dom.js";
import { dateText } from "../dates.js";
import { namedEmoji, withEmoji } from "../emoji.js";

/** Slack's three entities read. */
export function unescaped(text) {
  return String(text).replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

/** A text object (or nothing) as nodes. */
export function textObject(object, reader) {
  if (!object) return [];
  if (object.type === "mrkdwn") return mrkdwn(object.text, reader);
  const text = unescaped(object.text);
  return object.emoji ? lines(withNames(text)) : lines([text]);
}

/** The words of a text object, for labels of controls. */
export const wordsOf = (object) => unescaped(object?.text ?? "");

/** Text nodes with line breaks, emoji drawn. */
function lines(parts) {
  return parts.flatMap((part) =>
    typeof part !== "string"
      ? [part]
      : part.split("\n").flatMap((line, at) => [...(at ? [h("br")] : []), ...withEmoji(line)]),
  );
}

function withNames(text) {
  return text
    .split(/(:[a-z0-9_+-]{1,50}:)/)
    .map((part) => (/^:[a-z0-9_+-]+:$/.test(part) ? namedEmoji(part.slice(1, -1)) : part));
}

/** mrkdwn as nodes. `reader` knows names, the zone and the time: see `chat/reader.js`. */
export function mrkdwn(text, reader) {
  return String(text)
    .split(/```\n?([\s\S]+?)\n?```/)
    .flatMap((part, at) => {
      if (at % 2) return [h("pre", { class: "pre" }, insideCode(part, reader))];
      return quoted(part).flatMap(({ quote, text: said }) => {
        const nodes = inline(said, reader);
        return quote ? [h("blockquote", {}, nodes)] : nodes;
      });
    });
}

/** Neighbouring lines that begin with > as one quote each. */
function quoted(text) {
  const runs = [];
  for (const line of text.split("\n")) {
    const quote = /^(&gt;|>)/.test(line);
    const said = quote ? line.replace(/^(&gt;|>)\s?/, "") : line;
    const last = runs.at(-1);
    if (last && last.quote === quote) last.text += `\n${said}`;
    else runs.push({ quote, text: said });
  }
  return runs.filter((run) => run.quote || run.text !== "");
}

// Each with one kind of thing it finds; the earliest in the text wins.
const FINDERS = [
  [/`([^`\n]+)`/g, (match, reader) => h("code", {}, insideCode(match[1], reader))],
  [/<([^<>|\n]+)(?:\|([^<>\n]*))?>/g, (match, reader) => marked(match[1], match[2], reader)],
  [/(?<![\w*])\*(?=\S)([^*\n]*[^*\s])\*(?![\w*])/g, (match, reader) => h("strong", {}, inline(match[1], reader))],
  [/(?<![\w_])_(?=\S)([^_\n]*[^_\s])_(?![\w_])/g, (match, reader) => h("em", {}, inline(match[1], reader))],
  [/(?<![\w~])~(?=\S)([^~\n]*[^~\s])~(?![\w~])/g, (match, reader) => h("s", {}, inline(match[1], reader))],
];

/** One pass from left to right: a pattern looks again only when what it found lies behind. */
function inline(text, reader) {
  const finders = FINDERS.map(([pattern, draw]) => ({ pattern: new RegExp(pattern), draw, match: undefined }));
  const nodes = [];
  let at = 0;
  for (;;) {
    for (const finder of finders) {
      if (finder.match === null || (finder.match && finder.match.index >= at)) continue;
      finder.pattern.lastIndex = at;
      finder.match = finder.pattern.exec(text);
    }
    const found = finders.filter(({ match }) => match).sort((one, other) => one.match.index - other.match.index)[0];
    nodes.push(...lines(withNames(unescaped(text.slice(at, found?.match.index)))));
    if (!found) return nodes;
    nodes.push(found.draw(found.match, reader));
    at = found.match.index + found.match[0].length;
  }
}

/** Code keeps every character; only what Slack put between < and > is read. */
function insideCode(text, reader) {
  return text.split(/(<[^<>\n]+>)/).map((part) => {
    const match = /^<([^<>|]+)(?:\|([^<>]*))?>$/.exec(part);
    return match ? marked(match[1], match[2], reader) : unescaped(part);
  });
}

/** What stands between < and >: a mention, a date, a link. */
function marked(target, label, reader) {
  const named = label === undefined || label === "" ? null : unescaped(label);
  if (target.startsWith("@")) return mention("user", target.slice(1), reader, named);
  if (target.startsWith("#")) return mention("channel", target.slice(1), reader, named);
  if (target.startsWith("!subteam^")) return mention("group", target.slice(9), reader, named);
  if (target.startsWith("!date^")) return dated(target, named, reader);
  if (target.startsWith("!")) return broadcast(target.slice(1));
  return link(unescaped(target), named);
}

function dated(target, named, reader) {
  const [, seconds, pattern] = target.split("^");
  if (!/^\d+$/.test(seconds ?? "") || !pattern) return named ?? unescaped(target);
  return h("time", {}, dateText(unescaped(pattern), Number(seconds), reader.zone, reader.now));
}

/** @bob, @finance, #ops; whom it concerns sees it lit. */
export function mention(kind, ident, reader, fallback = null) {
  const { text, mine } = reader.named(kind, ident);
  return h("span", { class: ["mention", mine && "mine"] }, text ?? fallback ?? ident);
}

/** @channel and the like. */
export const broadcast = (range) => h("span", { class: "mention mine" }, `@${range}`);

/** A link where the address is one a link may lead to; else the text of it. */
export function link(url, label) {
  const address = safeAddress(url);
  const text = label ?? url;
  if (address === null) return label && label !== url ? `${label} (${url})` : url;
  return h("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, withEmoji(text));
}
