"""The demo's built-in stand-in for a language model: English sentences to filled-in forms, by plain rules.

It knows nothing of Signoff's actions: names, types, patterns and enumerations all come from the catalogue in the
prompt. What it knows is a little English: numbers, money, dates, which words are alike, and which little words
("for", "about", "because") come before what. It is honest where it does not understand: a lower confidence, a
flag, or a name under `missing`. The same words always give the same answer.
"""

import datetime
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from handlers.demo.amounts import numbers
from handlers.demo.filling import MONEY, Form, fill

Entry = dict[str, Any]
Described = Mapping[str, Any]  # an action as the prompt describes it: name, title, about, parameters, required

_ALIKE: Mapping[str, tuple[str, ...]] = {
    "buy": ("purchase", "acquire", "get", "order"),
    "sell": ("dump", "offload", "unload"),
    "delete": ("remove", "purge", "wipe", "drop", "clean", "cleanup", "clear", "erase", "prune", "trash"),
    "expense": ("reimburse", "reimbursement", "expenses", "claim"),
    "mail": ("email", "e-mail", "letter", "message", "write", "notify", "tell", "inform", "ping"),
    "pay": ("reimburse", "settle", "cover", "expense"),
    "publish": ("post", "release", "announce", "put"),
    "refund": ("reimbursement", "return", "give", "back", "repay", "credit"),
    "rows": ("records", "entries", "events", "sessions"),
    "send": ("email", "e-mail", "mail", "write", "message", "notify", "tell", "inform", "ping"),
    "shares": ("stock", "stocks", "share", "equity"),
    "transfer": ("wire", "remit", "move", "send"),
}
_MEANT: dict[str, frozenset[str]] = {}
for _canonical, _words in _ALIKE.items():
    for _word in _words:
        _MEANT[_word] = _MEANT.get(_word, frozenset()) | {_canonical}
_COMMON = frozenset(
    re.findall(
        r"\w+",
        "a an and are as at be by can could did do does for from had has have he her him his i if in into is it its "
        "just let me my of off on or our out please she should so some that the their them then there they this to "
        "up us want was we were will with would you your need like kindly hey hi hello thanks thank",
    )
)
_POLITE = re.compile(
    r"^(?:\W*(?:please|kindly|hey|hi|hello|ok(?:ay)?|so|then|also|and|now|finally|first|next|"
    r"(?:can|could|would|will) (?:you|we|someone)|(?:i|we)(?:'d| would)? (?:like|want|need|have|should|must|ought)"
    r"(?: you)?(?: to)?|(?:i|we) (?:should|must)|let'?s|go ahead and|it is time to|time to|\d+[.)])(?=\W))+\W*",
    re.IGNORECASE,
)
_NOT = re.compile(r"^(?:do not|don'?t|never|no need to|stop|cancel|hold off on)\b", re.IGNORECASE)
_HEDGE = re.compile(
    r"\b(?:maybe|perhaps|possibly|around|roughly|approximately|about (?=[$€£\d])|i think|i guess|or so|not sure|"
    r"unsure|some of|a few|several|somewhere|whatever|something|probably)\b|\?\?",
    re.IGNORECASE,
)
_EXCEPTION = re.compile(
    r"\b(?:exception|bypass|override|despite the (?:policy|rules?|limit)|against (?:the )?(?:policy|rules?)|"
    r"skip (?:the )?(?:approval|review|check)s?|without (?:approval|review)|just this once|ignore (?:the )?(?:\w+ )?"
    r"(?:policy|rules?|limits?|instructions?))\b",
    re.IGNORECASE,
)
_PRESSURE = re.compile(
    r"\b(?:immediately|right now|asap|no questions|do not tell|don'?t tell|keep (?:it|this) (?:quiet|secret)|"
    r"the ceo (?:said|wants|ordered)|auto-?approved?|pre-?approved|already approved)\b",
    re.IGNORECASE,
)
_DOCUMENT = re.compile(r"\b(?:receipts?|invoices?|contracts?)\b", re.IGNORECASE)
_WITHOUT = re.compile(
    r"\b(?:no|without(?: an?| the)?|lost(?: the| my)?|missing(?: the)?|don'?t have (?:an?|the)|have no)\s+"
    r"(?:receipts?|invoices?|contracts?)\b|\b(?:receipts?|invoices?|contracts?) (?:is |was |got )?(?:lost|missing|"
    r"to follow|follows)\b",
    re.IGNORECASE,
)
_FOR_GOOD = re.compile(r"\b(?:cannot be undone|can not be undone|for good|irreversibl[ey]|permanent(?:ly)?)\b", re.I)
_LONGEST = 2_000  # characters
_LEAST = 2.0  # a score below it is no understanding
_LEAD = 2.5  # what comes first, the verb, weighs so much more


def plan(words: str, catalogue: Sequence[Described], today: datetime.date) -> list[Entry]:
    """An entry for each thing asked, in the order of the words; none where nothing in the catalogue is meant.

    Nothing is made of more than a page of words: this is no reader of documents.
    """
    text = re.sub(r"[^\S\n]+", " ", words).strip()
    if len(text) > _LONGEST:
        return []
    known = [_Known(action, _lexicon(action), _verbs(action)) for action in catalogue]
    clauses = _clauses(text, known)
    entries = [_entry(clause, text, known, today) for clause in clauses]
    at = 1
    while at < len(entries):
        if _two_halves(entries[at - 1], entries[at]):
            clauses[at - 1 : at + 1] = [f"{clauses[at - 1]}, {clauses[at]}"]
            entries[at - 1 : at + 1] = [_entry(clauses[at - 1], text, known, today)]
        else:
            at += 1
    return entries


@dataclass(frozen=True, slots=True)
class _Known:
    """An action, the words it is known by with their weights, and those that open a sentence asking for it."""

    action: Described
    lexicon: Mapping[str, float]
    verbs: frozenset[str]


def _two_halves(first: Entry, second: Entry) -> bool:
    """ "The parcel of ord_81 never came, give them back $50" asks for one thing."""
    disjoint = not set(first["arguments"]) & set(second["arguments"])
    return bool(first["action"] == second["action"] and first["missing"] and second["missing"] and disjoint)


def _clauses(words: str, known: Sequence[_Known]) -> list[str]:
    """The words cut where a new thing is asked; what asks for nothing of its own stays with what came before."""
    clauses: list[str] = []
    for piece in _pieces(words, known):
        if clauses and not _asks(piece, known):
            clauses[-1] += f", {piece}"
        elif piece:
            clauses.append(piece)
    return [clause for clause in clauses if _asks(clause, known)]


_CUT = re.compile(
    r"\s*(?:[;\n]+|[.!?](?=\s)|,?\s+(?:and then|and also|as well as|and|then|also|plus)(?=\s)|,(?=\s))\s*",
    re.IGNORECASE,
)


def _pieces(words: str, known: Sequence[_Known]) -> Iterator[str]:
    verbs = frozenset[str]().union(*(each.verbs for each in known))
    start = 0
    for cut in _CUT.finditer(words):
        quoted = words.count('"', 0, cut.start()) % 2 or words.count("“", 0, cut.start()) > words.count(
            "”", 0, cut.start()
        )
        rest = _POLITE.sub("", words[cut.end() :])
        lead = re.match(r"[\w-]+", rest)
        if quoted or lead is None or not verbs & _meanings(lead[0]):
            continue
        if words[start : cut.start()].strip():
            yield words[start : cut.start()].strip(" ,.-•*")
        start = cut.end()
    yield words[start:].strip(" ,-•*")


def _asks(clause: str, known: Sequence[_Known]) -> bool:
    return any(score >= _LEAST for score in _scores(clause, known))


def _scores(clause: str, known: Sequence[_Known]) -> list[float]:
    text = _NOT.sub("", _POLITE.sub("", clause)).strip()
    said = [token for token in _tokens(text) if token not in _COMMON or token in _MEANT]
    scores = []
    for own in known:
        score = 0.0
        for at, token in enumerate(dict.fromkeys(said)):
            meant = _meanings(token)
            weight = max((own.lexicon[word] for word in meant if word in own.lexicon), default=0.0)
            sharing = sum(1 for each in known if any(word in each.lexicon for word in meant))
            leads = at == 0 and bool(meant & own.verbs)
            score += weight * (_LEAD if leads else 1.0) / (1 if leads else max(sharing, 1) ** 0.5)
        scores.append(score + _typed(own.action, text))
    return scores


def _typed(action: Described, text: str) -> float:
    """What the look of the values says: an order's number, an address, a sum."""
    score = 0.0
    for schema in action["parameters"].values():
        if schema.get("format") == "email" and re.search(r"[\w.+-]+@[\w-]+\.\w", text):
            score += 2.0
        pattern = schema.get("pattern")
        if pattern and any(re.search(pattern, word) for word in re.findall(r"[\w-]*[_\d][\w-]*", text)):
            score += 4.5
    if set(action["parameters"]) & MONEY and any(number.unit for number in numbers(text)):
        score += 1.5
    return score


def _lexicon(action: Described) -> dict[str, float]:
    lexicon: dict[str, float] = {}
    fields = action["parameters"]
    values = [str(value) for schema in fields.values() for value in schema.get("enum", ())]
    titles = [str(schema.get("title", "")) for schema in fields.values()]
    for text, weight in (
        (" ".join(values), 1.0),
        (" ".join((*fields, *titles)), 0.6),
        (str(action.get("about", "")), 0.8),
        (re.sub(r"\{[^}]*\}", " ", action["title"]), 2.0),
        (action["name"], 3.0),
    ):
        for token in _tokens(text):
            if token not in _COMMON and not token.isdecimal():
                for word in _stems(token):
                    lexicon[word] = max(lexicon.get(word, 0.0), weight)
    return lexicon


def _verbs(action: Described) -> frozenset[str]:
    """What opens a sentence asking for this: the first word of the name, of the title, or an enumeration there."""
    title = str(action["title"])
    first = re.match(r"\{(\w+)\}|([\w-]+)", title)
    verbs = {_tokens(action["name"])[0]}
    if first and first[2]:
        verbs.add(first[2].lower())
    elif first:
        verbs |= {str(value).lower() for value in action["parameters"].get(first[1], {}).get("enum", ())}
    return frozenset(verbs)


def _tokens(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+(?:-[a-z0-9]+)?", text.lower().replace("_", " "))


def _stems(token: str) -> Iterator[str]:
    yield token
    for ending in ("ing", "ed", "es", "s"):
        if token.endswith(ending) and len(token) - len(ending) >= 3:
            yield token[: -len(ending)]


def _meanings(token: str) -> frozenset[str]:
    stems = set(_stems(token.lower()))
    return frozenset(stems).union(*(_MEANT.get(stem, frozenset()) for stem in stems))


@dataclass(frozen=True, slots=True)
class _Choice:
    known: _Known
    tied: Described | None

    @property
    def action(self) -> Described:
        return self.known.action


def _choose(clause: str, known: Sequence[_Known]) -> _Choice:
    scores = _scores(clause, known)
    order = sorted(range(len(scores)), key=lambda at: (-scores[at], at))
    best = order[0]
    close = len(order) > 1 and scores[order[1]] >= max(_LEAST, 0.85 * scores[best])
    return _Choice(known[best], known[order[1]].action if close else None)


def _entry(clause: str, words: str, known: Sequence[_Known], today: datetime.date) -> Entry:
    choice = _choose(clause, known)
    action = choice.action
    text = _POLITE.sub("", clause)
    form = fill(action, text, today, set(choice.known.lexicon) | set(_MEANT) | _COMMON)
    missing = [name for name in action["required"] if name not in form.args and not _default(action, name)]
    flags = tuple(_flags(words, text, form, choice))
    return {
        "action": action["name"],
        "arguments": form.args,
        "steps": _steps(action, form),
        "impact": str(action.get("about", "")),
        "warnings": [*form.doubts, *_warnings(flags, choice)],
        "flags": list(flags),
        "confidence": _confidence(clause, form, missing, flags),
        "missing": missing,
    }


def _default(action: Described, name: str) -> bool:
    return "default" in action["parameters"].get(name, {})


def _flags(words: str, text: str, form: Form, choice: _Choice) -> Iterator[str]:
    described = f"{choice.action.get('about', '')} {' '.join(_descriptions(choice.action))}"
    if choice.tied is not None or form.several:
        yield "ambiguous"
    if _DOCUMENT.search(described) and (_WITHOUT.search(text) or not _DOCUMENT.search(text)):
        yield "missing_document"
    if _EXCEPTION.search(words):
        yield "policy_exception"
    if _FOR_GOOD.search(described):
        yield "irreversible"
    if _PRESSURE.search(words):
        yield "unusual"
    if _NOT.search(text):
        yield "conflicts_with_words"


def _descriptions(action: Described) -> Iterable[str]:
    return (f"{schema.get('title', '')} {schema.get('description', '')}" for schema in action["parameters"].values())


def _confidence(clause: str, form: Form, missing: Sequence[str], flags: Sequence[str]) -> float:
    confidence = 0.99 - 0.06 * len(form.doubts) - 0.3 * bool(missing) - 0.15 * bool(_HEDGE.search(clause))
    confidence -= 0.3 * ("ambiguous" in flags) + 0.6 * ("conflicts_with_words" in flags)
    return round(max(confidence, 0.05), 2)


def _steps(action: Described, form: Form) -> list[str]:
    headline = re.sub(r"\{(\w+)\}", lambda m: str(form.args.get(m[1], _shown(action, m[1]))), str(action["title"]))
    return [headline]


def _shown(action: Described, name: str) -> str:
    return str(action["parameters"].get(name, {}).get("default", "…"))


def _warnings(flags: Sequence[str], choice: _Choice) -> Iterator[str]:
    if choice.tied is not None:
        yield f"This could also mean: {choice.tied['name']}."
    for flag, text in (
        ("missing_document", "No receipt or invoice is mentioned."),
        ("policy_exception", "The words ask for an exception to the rules."),
        ("irreversible", "This cannot be undone."),
        ("unusual", "The words press for speed or secrecy."),
        ("conflicts_with_words", "The words say not to do it."),
    ):
        if flag in flags:
            yield text
