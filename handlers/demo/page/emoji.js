// Emoji as small drawings of our own, as chat programs show them, so that they look alike on every machine and are
// there where no emoji font is. The character stays in the text: it can be read, searched and copied.

import { h } from "./dom.js";

const DRAWN = new Map(
  Object.entries({
    "🟢": "green",
    "🟡": "yellow",
    "🟠": "orange",
    "🔴": "red",
    "🔵": "blue",
    "⚪": "white",
    "✅": "check",
    "❌": "cross",
    "⏳": "hourglass",
    "⌛": "hourglass_done",
    "⛔": "no_entry",
    "🔄": "running",
    "❗": "exclamation",
    "❓": "question",
    "🔙": "back",
    "📝": "memo",
    "✋": "hand",
    "🚩": "flag",
    "👀": "eyes",
    "👍": "thumbs_up",
    "⚠": "warning",
    "🔔": "bell",
    "🔒": "locked",
    "⏸": "pause",
    "🎉": "party",
    "✏": "pencil",
    "💬": "speech",
    "⏰": "alarm",
    "📣": "megaphone",
    "🔎": "magnifier",
    "▶": "play",
    "📨": "incoming",
  }),
);

const NAMES = new Map(
  Object.entries({
    large_green_circle: "🟢",
    large_yellow_circle: "🟡",
    large_orange_circle: "🟠",
    red_circle: "🔴",
    large_blue_circle: "🔵",
    white_circle: "⚪",
    white_check_mark: "✅",
    x: "❌",
    hourglass_flowing_sand: "⏳",
    hourglass: "⌛",
    no_entry: "⛔",
    arrows_counterclockwise: "🔄",
    exclamation: "❗",
    heavy_exclamation_mark: "❗",
    question: "❓",
    back: "🔙",
    memo: "📝",
    pencil: "📝",
    hand: "✋",
    raised_hand: "✋",
    triangular_flag_on_post: "🚩",
    eyes: "👀",
    "+1": "👍",
    thumbsup: "👍",
    warning: "⚠",
    bell: "🔔",
    lock: "🔒",
    double_vertical_bar: "⏸",
    tada: "🎉",
    pencil2: "✏",
    speech_balloon: "💬",
    alarm_clock: "⏰",
    mega: "📣",
    mag_right: "🔎",
    arrow_forward: "▶",
    incoming_envelope: "📨",
  }),
);

const CHARACTERS = new RegExp(`(${[...DRAWN.keys()].join("|")})\uFE0F?`, "u");

/** Text as nodes, its emoji drawn. */
export function withEmoji(text) {
  const parts = String(text).split(CHARACTERS);
  return parts.filter((part) => part !== "").map((part) => (DRAWN.has(part) ? drawn(part) : part));
}

/** `:name:` as a node: drawn, else the character the bot gave (`unicode`, code points in hex), else as written. */
export function namedEmoji(name, unicode = "") {
  const character = NAMES.get(name) ?? fromCodes(unicode);
  return character === null ? `:${name}:` : DRAWN.has(character) ? drawn(character) : character;
}

function fromCodes(unicode) {
  if (!/^[0-9a-f]{2,6}(-[0-9a-f]{2,6})*$/i.test(unicode)) return null;
  const codes = unicode.split("-").map((code) => parseInt(code, 16));
  return codes.every((code) => code <= 0x10ffff) ? String.fromCodePoint(...codes) : null;
}

function drawn(character) {
  const node = h("span", { class: "emoji" }, character);
  node.style.backgroundImage = `url("/page/emoji/${DRAWN.get(character)}.svg")`;
  return node;
}
