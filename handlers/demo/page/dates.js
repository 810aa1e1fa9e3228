// Times as a person reads them in their own zone, Slack's date tokens, and local times typed into fields.

const DAY = 86_400;
const LOCALE = "en-GB";

const formats = new Map();

/** `seconds` since 1970 in a zone, by the options of Intl.DateTimeFormat. */
function formatted(seconds, zone, options) {
  const name = JSON.stringify([zone, options]);
  if (!formats.has(name)) formats.set(name, new Intl.DateTimeFormat(LOCALE, { timeZone: zone, ...options }));
  return formats.get(name).format(new Date(seconds * 1000));
}

export const timeOf = (seconds, zone) => formatted(seconds, zone, { hour: "2-digit", minute: "2-digit" });

export const timeWithSeconds = (seconds, zone) =>
  formatted(seconds, zone, { hour: "2-digit", minute: "2-digit", second: "2-digit" });

/** `2026-11-21`: which day it is there. */
export const dayOf = (seconds, zone) => localParts(seconds, zone).slice(0, 10);

/** "Today", "Yesterday", "Tomorrow", or the date. */
export function prettyDay(seconds, zone, now, options = { weekday: "long", day: "numeric", month: "long" }) {
  const day = dayOf(seconds, zone);
  if (day === dayOf(now, zone)) return "Today";
  if (day === dayOf(now - DAY, zone)) return "Yesterday";
  if (day === dayOf(now + DAY, zone)) return "Tomorrow";
  return formatted(seconds, zone, options);
}

const LONG = { weekday: "long", day: "numeric", month: "long", year: "numeric" };
const PLAIN = { day: "numeric", month: "long", year: "numeric" };
const SHORT = { day: "numeric", month: "short", year: "numeric" };

const TOKENS = {
  date_num: (at, zone) => dayOf(at, zone),
  date_slash: (at, zone) => formatted(at, zone, { day: "2-digit", month: "2-digit", year: "numeric" }),
  date: (at, zone) => formatted(at, zone, PLAIN),
  date_long: (at, zone) => formatted(at, zone, LONG),
  date_long_full: (at, zone) => formatted(at, zone, LONG),
  date_short: (at, zone) => formatted(at, zone, SHORT),
  date_pretty: (at, zone, now) => prettyDay(at, zone, now, PLAIN),
  date_short_pretty: (at, zone, now) => prettyDay(at, zone, now, SHORT),
  date_long_pretty: (at, zone, now) => prettyDay(at, zone, now, LONG),
  day_divider_pretty: (at, zone, now) => prettyDay(at, zone, now),
  time: timeOf,
  time_secs: timeWithSeconds,
  ago: (at, _zone, now) => ago(at, now),
};

/** Slack's `{date_short_pretty} at {time}` filled in; an unknown token stays as it is. */
export function dateText(pattern, at, zone, now) {
  return String(pattern).replace(/\{(\w+)\}/g, (whole, token) => {
    if (!Object.hasOwn(TOKENS, token)) return whole;
    const text = TOKENS[token](at, zone, now);
    return /^date.*_pretty$/.test(token)
      ? text.replace(/^(Today|Yesterday|Tomorrow)$/, (word) => word.toLowerCase())
      : text;
  });
}

function ago(at, now) {
  const seconds = Math.abs(now - at);
  const [size, unit] = [
    [DAY, "day"],
    [3600, "hour"],
    [60, "minute"],
    [1, "second"],
  ].find(([most]) => seconds >= most) ?? [1, "second"];
  const count = Math.floor(seconds / size);
  const told = `${count} ${unit}${count === 1 ? "" : "s"}`;
  return at <= now ? `${told} ago` : `in ${told}`;
}

/** `2026-11-21T09:30` of a moment in a zone, as fields for date and time take it. */
export function localParts(seconds, zone) {
  const options = {
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  };
  const parts = new Intl.DateTimeFormat(LOCALE, { timeZone: zone, ...options }).formatToParts(new Date(seconds * 1000));
  const of = (type) => parts.find((part) => part.type === type).value;
  return `${of("year")}-${of("month")}-${of("day")}T${of("hour")}:${of("minute")}`;
}

/** The moment (seconds since 1970) at which a clock in this zone shows `2026-11-21T09:30`; null when it is no time. */
export function momentOf(local, zone) {
  const wanted = Date.parse(`${local}Z`) / 1000;
  if (Number.isNaN(wanted)) return null;
  let moment = wanted;
  for (let round = 0; round < 3; round += 1) {
    moment += wanted - Date.parse(`${localParts(moment, zone)}Z`) / 1000;
  }
  return moment;
}
