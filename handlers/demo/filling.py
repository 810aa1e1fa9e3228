"""Values for a form out of a sentence, by what the form's JSON Schema says of each field."""

import datetime
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from handlers.demo.amounts import CURRENCIES, Found, dates, numbers

Schema = Mapping[str, Any]


@dataclass(slots=True)
class Form:
    """What was filled in, which parts of the text it came from, and what was not quite clear."""

    args: dict[str, Any] = field(default_factory=dict)
    taken: list[Found] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    several: bool = False  # more than one value could be meant

    def put(self, name: str, value: Any, *spans: Found) -> None:
        self.args[name] = value
        self.taken += spans

    def choose(self, name: str, schema: Schema, found: list[Found]) -> None:
        """The first of what was found; a doubt where there are different ones."""
        self.put(name, found[0].value, found[0])
        others = list(dict.fromkeys(str(each.value) for each in found))
        if len(others) > 1:
            self.several = True
            self.doubts.append(f"More than one could be the {_title(name, schema)}: {', '.join(others)}.")

    def free(self, start: int, end: int) -> bool:
        return not any(each.overlaps(start, end) for each in self.taken)


def fill(action: Mapping[str, Any], text: str, today: datetime.date, own_words: Collection[str]) -> Form:
    """`own_words` say which action is meant, and are therefore no part of a value."""
    form = Form()
    fields: dict[str, Schema] = dict(action["parameters"])
    quotes = _quotes(text)
    form.taken += quotes
    for find in (_addresses, _patterns, _dates, _numbers, _choices, _yes_or_no):
        find(form, fields, text, today)
    for quote in quotes:
        form.taken.remove(quote)
    _texts(form, fields, text, quotes, own_words, frozenset(action["required"]))
    return form


def _quotes(text: str) -> list[Found]:
    found = re.finditer(r"\"([^\"]+)\"|“([^”]+)”|(?<!\w)'([^']+)'(?!\w)", text)
    return [Found(m[1] or m[2] or m[3], m.start(), m.end()) for m in found]


def _open(form: Form, fields: Mapping[str, Schema], fits: Callable[[Schema], bool]) -> list[tuple[str, Schema]]:
    return [(name, schema) for name, schema in fields.items() if name not in form.args and fits(schema)]


def _addresses(form: Form, fields: Mapping[str, Schema], text: str, _: datetime.date) -> None:
    found = [Found(m[0], m.start(), m.end()) for m in re.finditer(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", text)]
    for (name, _schema), each in zip(_open(form, fields, lambda s: s.get("format") == "email"), found, strict=False):
        form.put(name, each.value, each)


def _patterns(form: Form, fields: Mapping[str, Schema], text: str, _: datetime.date) -> None:
    values = {str(value).lower() for schema in fields.values() for value in schema.get("enum", ())}
    values |= {word for words in CURRENCIES.values() for word in words}
    for name, schema in _open(form, fields, lambda s: "pattern" in s and s.get("type") == "string"):
        words = [Found(m[0], m.start(), m.end()) for m in re.finditer(r"[A-Za-z0-9][\w-]*", text)]
        words = [word for word in words if form.free(word.start, word.end) and word.value.lower() not in values]
        fits = [word for word in words if re.search(schema["pattern"], word.value) and len(word.value) > 1]
        fits = fits or [each for word in words for each in _in_other_letters(schema["pattern"], text, word)]
        if fits:
            named = [word for word in fits if _after_name(text, word, name, schema)] or fits
            form.choose(name, schema, named)


def _in_other_letters(pattern: str, text: str, word: Found) -> Iterator[Found]:
    """`acme` for ACME, but only where a little word points at it: nearly any word would fit a pattern of letters."""
    if re.search(r"\b(?:of|in|order|ticker)\s+$", text[: word.start], re.IGNORECASE):
        for value in (word.value.upper(), word.value.lower()):
            if re.search(pattern, value):
                yield Found(value, word.start, word.end)


def _after_name(text: str, word: Found, name: str, schema: Schema) -> bool:
    before = text[: word.start].lower().rstrip(" :=#").rsplit(maxsplit=1)
    return bool(before) and before[-1] in _names(name, schema)


def _dates(form: Form, fields: Mapping[str, Schema], text: str, today: datetime.date) -> None:
    wanted = _open(form, fields, lambda s: s.get("format") == "date")
    found = [each for each in dates(text, today) if form.free(each.start, each.end)] if wanted else []
    for at, (name, schema) in enumerate(wanted[: len(found)]):
        form.choose(name, schema, found if len(wanted) == 1 else [found[at]])


MONEY = frozenset({"amount", "price", "total", "cost", "sum", "budget", "value"})


def _numbers(form: Form, fields: Mapping[str, Schema], text: str, _: datetime.date) -> None:
    wanted = _open(form, fields, lambda s: s.get("type") in ("number", "integer"))
    wanted.sort(
        key=lambda each: bool(MONEY & _names(*each))
    )  # a count has its noun beside it; money takes what is left
    for name, schema in wanted:
        left = [each for each in numbers(text) if form.free(each.start, each.end)]
        if schema["type"] == "integer":
            left = [each for each in left if isinstance(each.value, int)]
        best = _likely(left, name, schema, text)
        if not best or (
            len(wanted) > 1 and not _points_at(best[0], name, schema, text) and not _is_money(name, schema)
        ):
            continue
        form.choose(name, schema, best)
        if best[0].unit and (currency := _currency(fields)) and best[0].unit in fields[currency]["enum"]:
            form.args.setdefault(currency, best[0].unit)


def _likely(found: list[Found], name: str, schema: Schema, text: str) -> list[Found]:
    """The numbers that stand beside the field's name, else those with a currency where it is money, else all."""
    named = [each for each in found if _points_at(each, name, schema, text)]
    money = [each for each in found if each.unit]
    if _is_money(name, schema):
        return [each for each in named if each.unit] or money or named or found
    return named or [each for each in found if not each.unit]


def _is_money(name: str, schema: Schema) -> bool:
    return bool(MONEY & _names(name, schema))


def _points_at(each: Found, name: str, schema: Schema, text: str) -> bool:
    names = _names(name, schema)
    before = re.findall(r"[a-z]+", text[max(0, each.start - 30) : each.start].lower())[-2:]
    after = re.findall(r"[a-z]+", text[each.end : each.end + 30].lower())[:2]
    return any(word in names or word.rstrip("s") in names for word in (*before, *after))


def _currency(fields: Mapping[str, Schema]) -> str | None:
    return next((name for name, schema in fields.items() if set(schema.get("enum", ())) & set(CURRENCIES)), None)


_SAME = {"purchase": "buy", "acquire": "buy", "get": "buy", "dump": "sell", "offload": "sell", "unload": "sell"}


def _choices(form: Form, fields: Mapping[str, Schema], text: str, _: datetime.date) -> None:
    for name, schema in _open(form, fields, lambda s: "enum" in s):
        found: list[Found] = []
        for value in schema["enum"]:
            spelled = re.sub(r"[-_ ]+", "[-_ ]?", re.escape(str(value)).replace("\\", "").rstrip("s"))
            ways = [spelled + "(?:s|es)?", *(word for word, same in _SAME.items() if same == value)]
            ways += [re.escape(word) for word in CURRENCIES.get(str(value), ())]
            said = re.finditer(rf"(?<!\w)(?:{'|'.join(ways)})(?!\w)", text, re.IGNORECASE)
            found += [Found(value, m.start(), m.end()) for m in said if form.free(m.start(), m.end())]
        found.sort(key=lambda each: each.start)
        if found:
            form.choose(name, schema, found)


def _yes_or_no(form: Form, fields: Mapping[str, Schema], text: str, _: datetime.date) -> None:
    for name, schema in _open(form, fields, lambda s: s.get("type") == "boolean"):
        noun = "|".join(sorted(map(re.escape, _names(name, schema) - {"attached", "is", "has"})))
        said = re.search(
            rf"\b(?:(?P<no>no|not|without(?: an?| the)?|(?:lost|missing)(?: the| my)?|don'?t have (?:an?|the))\s+)?"
            rf"(?:the |a |with )?(?:{noun})s?\b(?P<lost>\s+(?:is |was |got )?(?:lost|missing|to follow|follows))?"
            rf"(?:\s+(?:is\s+)?(?:attached|included|enclosed|here))?",
            text,
            re.IGNORECASE,
        )
        if said and form.free(said.start(), said.end()):
            form.put(name, not (said["no"] or said["lost"]), Found(said[0], said.start(), said.end()))


@dataclass(frozen=True, slots=True)
class _Role:
    names: frozenset[str]
    cue: str
    to_the_end: bool = False


_ROLES = (
    _Role(frozenset({"body", "text", "message", "content"}), r"saying(?: that)?|says|to say|that|text|body", True),
    _Role(frozenset({"subject", "topic", "headline", "title"}), r"about|regarding|re|subject|titled|headed|headline"),
    _Role(frozenset({"note", "reason", "comment", "memo", "why"}), r"because(?: of)?|since|reason|note"),
    _Role(frozenset({"purpose", "occasion", "category", "what", "reference"}), r"reference|ref|for|on"),
    _Role(frozenset({"payee", "recipient", "beneficiary", "vendor", "supplier", "customer"}), r"to"),
)
_REASON = _ROLES[2]


def _texts(
    form: Form,
    fields: Mapping[str, Schema],
    text: str,
    quotes: list[Found],
    own_words: Collection[str],
    required: frozenset[str],
) -> None:
    plain = _open(form, fields, _is_text)
    roles = {name: role for name, schema in plain if (role := _role(name, schema))}
    cues = {name: role.cue for name, role in roles.items()}
    left = [quote for quote in quotes if form.free(quote.start, quote.end)]
    for name, role in sorted(roles.items(), key=lambda each: _ROLES.index(each[1])):
        if found := _after_cue(form, text, role, [cue for other, cue in cues.items() if other != name]):
            inside = next((quote for quote in left if found.start <= quote.start <= found.start + 2), None)
            if inside:
                left.remove(inside)
            form.put(name, inside.value if inside else found.value, inside or found)
    for (name, _schema), quote in zip(_open(form, fields, _is_text), left, strict=False):
        form.put(name, quote.value, quote)
    for name, schema in _open(form, fields, _is_text):
        if _role(name, schema) is _REASON and (reason := _aside(form, text)):
            form.put(name, reason.value, reason)
    _derived(form, fields, text, own_words, required)


def _derived(
    form: Form, fields: Mapping[str, Schema], text: str, own_words: Collection[str], required: frozenset[str]
) -> None:
    """For what is needed and has no little word before it: the words nothing else has taken, or the body's first."""
    for name, schema in _open(form, fields, _is_text):
        role = _role(name, schema)
        if name not in required or "default" in schema or role is _ROLES[0]:
            continue
        if role is _ROLES[1]:
            body = next(
                (str(form.args[n]) for n, s in fields.items() if n in form.args and _role(n, s) is _ROLES[0]), ""
            )
            words = body.split()[:8]
        else:
            words = [word for word in _left_over(form, text) if word.lower().strip("'s") not in own_words]
        if words:
            value = " ".join(words).strip(" ,.;:")
            form.put(name, value[:1].upper() + value[1:] if role is _ROLES[1] else value)
            form.doubts.append(f"The {_title(name, schema)} is taken from the words around it.")


def _left_over(form: Form, text: str) -> Iterator[str]:
    for word in re.finditer(r"[\w'&-]+", text):
        if form.free(word.start(), word.end()):
            yield word[0]


def _is_text(schema: Schema) -> bool:
    return schema.get("type") == "string" and not {"pattern", "enum", "format"} & set(schema)


def _role(name: str, schema: Schema) -> _Role | None:
    return next((role for role in _ROLES if role.names & _names(name, schema)), None)


def _after_cue(form: Form, text: str, role: _Role, others: list[str]) -> Found | None:
    ends = "|".join(others)
    for cue in re.finditer(rf"(?:^|(?<=[\s,;.(]))(?:{role.cue})(?:\s*[:=]\s*|\s+)", text, re.IGNORECASE):
        start = cue.end()
        stop = r"$" if role.to_the_end else r"[,;]|[.!?]\s|\s[-–—]\s|$"
        if ends and not role.to_the_end:
            stop += rf"|\s(?:{ends})(?=[\s:])"
        end = start + (re.search(stop, text[start:]) or re.match("", "")).start()  # type: ignore[union-attr]
        end = min([end, *(each.start for each in form.taken if start <= each.start < end)])
        value = text[start:end].strip(" ,;.:-–—()")
        if value and form.free(start, start + 1) and not re.fullmatch(r"(?:the|an?|my|our|order|it)", value, re.I):
            return Found(value, start, end)
    return None


def _aside(form: Form, text: str) -> Found | None:
    """Parts between commas out of which nothing was taken, but for the first, which asks."""
    parts = list(re.finditer(r"[^,;()–—]+?(?:(?=\s-\s|[.!?]\s)|(?=[,;()–—]|$))", text))
    free = [part for part in parts[1:] if part[0].strip(" .!?-") and form.free(part.start(), part.end())]
    if not free:
        return None
    said = ", ".join(part[0].strip(" .!?-") for part in free)
    return Found(said, free[0].start(), free[-1].end())


def _names(name: str, schema: Schema) -> frozenset[str]:
    words = re.findall(r"[a-z]+", f"{name} {schema.get('title', '')}".lower())
    return frozenset(words) - {"of", "the", "a", "an", "id"}


def _title(name: str, schema: Schema) -> str:
    return str(schema.get("title") or name).lower()
