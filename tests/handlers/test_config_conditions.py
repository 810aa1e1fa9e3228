"""Conditions typed against the catalogue: what cannot be meant is named with its line and the nearest right word."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import expression
from bot.catalogue import Action
from handlers.config.build.condition import checked
from tests.handlers.configs import HERE, broken, marked, mistakes, read

NOTE = "      note:   {type: string, x-long: true}\n"
MORE = """\
      currency: {type: string, enum: [USD, EUR], default: USD}
      tags:   {type: array, items: {type: string, enum: [new, old]}}
      ok:     {type: boolean}
      fast:   {type: boolean, default: false}
      due:    {type: string, format: date}
      count:  {type: integer, default: 3}
"""
RULE = '      when: action == "refund" && args.amount < 50\n'


def file(condition: str) -> str:
    """The sound file with more parameters, and a condition in its route rule: as a block, where any quote can stand."""
    return broken((NOTE, NOTE + MORE), (RULE, f"      when: >-  {HERE}\n        {condition}\n"))


WRONG = {
    # names
    "requester.grups == 'x'": ("requester.grups is not known", "(did you mean requester.groups?)"),
    "plan.confidense >= 0.95": ("plan.confidense is not known", "(did you mean plan.confidence?)"),
    "history.last_huor > 5": ("history.last_huor is not known", "(did you mean history.last_hour?)"),
    'requester["grups"] == []': ("requester.grups is not known", "(did you mean requester.groups?)"),
    "has(requester.gruops)": ("requester.gruops is not known", "(did you mean requester.groups?)"),
    "args.amonut > 5": ("args.amonut is no parameter of any action", "(did you mean args.amount?)"),
    'action == "refund" && args.amonut > 5': ("args.amonut is no parameter of refund", "(did you mean args.amount?)"),
    'args.amonut > 5 && "refund" == action': ("args.amonut is no parameter of refund", "(did you mean args.amount?)"),
    'action == "rotate" && args.amount > 5': ("args.amount is no parameter of rotate", "use args.service"),
    'action != "refund" && args.amount > 5': ("args.amount is no parameter of rotate", "use args.service"),
    'action == "refund" || args.amount > 5': ("args.amount is no parameter of rotate", "use args.service"),
    'action == "refund" ? args.amount > 5 : args.count > 5': ("args.count is no parameter of rotate", "args.service"),
    'action == "refnd" && args.amount > 5': ('action is never "refnd"', "did you mean refund?"),
    'action == "refnd"': ('action is never "refnd"', "did you mean refund?"),
    'action in ["refund", "rotat"]': ('action is never "rotat"', "did you mean rotate?"),
    'risk in ["hihg"]': ('risk is never "hihg"', "did you mean high?"),
    "has(args.amount)": ("has(args.amount) cannot be asked", "write args.amount != null"),
    "now.getHour() > 5": ("there is no function getHour", "did you mean getHours?"),
    'startsWith("a")': ("startsWith is not called like that", "how many values it takes"),
    # values
    'args.amount == "fifty"': ('args.amount is never "fifty": it must be a number more than 0', "a number"),
    'args.amount == "50"': ('args.amount is never "50"', "write args.amount == 50"),
    "args.amount == 20000": ("args.amount is never 20000: it must be at most 10000", "a number"),
    '"ord" == args.order': ('args.order is never "ord": it must be text that matches', "compare it with text"),
    'args.currency == "EURO"': ('args.currency is never "EURO"', "did you mean EUR?"),
    'args.currency in ["USD", "GPB"]': ('args.currency is never "GPB"', "there are USD and EUR"),
    "args.currency == 5": ("args.currency is never 5", "there are USD and EUR"),
    'args.fast == "true"': ('args.fast is never "true"', "write args.fast == true"),
    "plan.confidence == 95": ("plan.confidence is never 95: it must be at most 1", "a number"),
    '"newer" in args.tags': ('"newer" is never in args.tags', "did you mean new?"),
    'args.tags.exists(t, t == "newer")': ('t is never "newer"', "did you mean new?"),
    '"finanze" in requester.groups': ('"finanze" is never in requester.groups', "did you mean finance?"),
    'requester.groups.exists(g, g == "finanze")': ('g is never "finanze"', "did you mean finance?"),
    '"unusal" in plan.flags': ('"unusal" is never in plan.flags', "did you mean unusual?"),
    # kinds
    "args.currency > 5": ("args.currency > 5 cannot be compared: args.currency is text, 5 is", 'write "5"'),
    "args.amount > args.currency": ("args.amount is a number, args.currency is text", "compare like with like"),
    "args.amount == args.currency": ("is never true: args.amount is a number, args.currency is text", "with a number"),
    "args.amount != args.currency": ("is always true: args.amount is a number, args.currency is text", "with a number"),
    "requester.groups == 'finance'": ("requester.groups is a list", 'write "finance" in requester.groups'),
    'args.tags == "new"': ('args.tags is never "new": it must be a list', 'write "new" in args.tags'),
    "args.tags > 5": ("args.tags is a list, 5 is a whole number", "write size(…) of the list"),
    '"x" in args.currency': ("args.currency is text, not a list", 'write args.currency.contains("x")'),
    'now > "2026-01-01"': ("now is a time", 'write timestamp("2026-01-01T00:00:00Z")'),
    "args.due < now": ("args.due is text, now is a time", "compare like with like"),
    'risk >= "high"': ("compares the words", 'write risk in ["high", "critical"]'),
    'args.amount.startsWith("x")': ("takes text, and args.amount is a number", ""),
    "args.amount + 'x' == 'y'": ("cannot be computed: args.amount is a number", ""),
    "plan.confidence * 100 > 95": ("plan.confidence is a number, 100 is a whole number", "decimals as 2.0"),
    'action == "refund" && double(args.amount) * 2.0 > 100': ("cannot be applied to (double, int)", "such as 100.0"),
    "args.amount.size() > 5": ("takes a list, a mapping, bytes or text", ""),
    "args.currency.code == 'x'": ("args.currency is text, which has no parts", ""),
    "args.amount[0] == 1": ("args.amount is a number, which has no items", ""),
    "args.amount.exists(x, x == 1)": ("walks a list, and args.amount is a number", ""),
    # the whole
    "args.amount": ("must be true or false, but is a number", "compare it"),
    "args.currency": ("must be true or false, but is text", "compare it"),
    "args.amount > 5 && args.currency": ("args.currency is text, not true or false", "compare it"),
    "!args.count": ("takes true or false, and args.count is a whole number", ""),
    'action == "refund" && action == "rotate"': ("is never true: no action is left", ""),
}  # fmt: skip


@pytest.mark.parametrize(("condition", "told"), WRONG.items(), ids=WRONG.keys())
def test_what_cannot_be_meant_is_a_mistake(tmp_path: Path, condition: str, told: tuple[str, str]) -> None:
    text = file(condition)
    (mistake,) = mistakes(tmp_path, text)
    assert told[0] in mistake.what
    assert told[1] in mistake.remedy
    assert (mistake.path, mistake.line) == ("rules.route[0].when", marked(text))


@pytest.mark.parametrize(
    "condition",
    [
        'action == "refund" && args.amount > 50 && args.currency == "EUR"',
        'args.amount > 50 && action == "refund"',
        'action in ["refund"] && args.amount >= 49.99',
        'action != "rotate" && args.amount > 5',
        'action == "rotate" || args.amount > 5',
        'action != "refund" || args.amount > 5',
        '!(action == "refund") || args.amount > 5',
        '(action == "refund" && args.amount > 5) || (action == "rotate" && args.service == "a")',
        'action == "refund" ? args.amount > 5 : args.service == "a"',
        'action == "refund" && args.note != null && args.note.size() > 5',
        'action == "refund" && (args.note == null || args.note.contains("x"))',
        'args.note.startsWith("x") && args.note != null && action == "refund"',
        'action == "refund" && args.fast',
        "args.ok == true",
        "args.amount == 50 || args.amount == 50.0 || args.count == 3.0",
        'action == "refund" && args.tags != null && ("new" in args.tags || args.tags.exists(t, t == "old"))',
        'args.tags == ["new"]',
        '"finance" in requester.groups && !("unusual" in plan.flags) && size(plan.flags) == 0',
        'requester.kind == "agent" && requester.client.startsWith("ci-")',
        "plan.confidence >= 0.95 && plan.confidence >= 1 && history.last_hour + 1 > 20",
        'now.getHours("Europe/Berlin") < 8 || now.getDayOfWeek() in [0, 6]',
        'now > timestamp("2026-01-01T00:00:00Z") && now - timestamp("2026-01-01T00:00:00Z") > duration("5h")',
        "has(context.ticket) && context.ticket.urgent == 1 && context['x'][0] > 5",
        'action == "refund" && args.due != null && args.due < "2026-06-01"',
        'action == "refund" && double(args.amount) * 2.0 > 100.0',
        'risk == "high" && risk in ["high", "critical"]',
        "dyn(5) == 'x' || type(args.amount) == int || [1, 2].map(x, x * 2) == [2, 4]",
    ],
)
def test_what_can_be_meant_is_sound(tmp_path: Path, condition: str) -> None:
    assert [str(each) for each in read(tmp_path, file(condition)).warnings if each.path == "rules.route[0].when"] == []


@pytest.mark.parametrize(
    ("condition", "what", "remedy"),
    [
        ("args.amount > 5", "args.amount is null where it is not given", "say which action it is about"),
        ('action == "refund" && args.note.size() > 5', "args.note is null where", "args.note != null && …"),
        ('action == "refund" && "new" in args.tags', "args.tags is null where", "args.tags != null && …"),
        ('action == "refund" && args.ok', "args.ok may be absent", "write args.ok == true"),
        ("args.fast", "args.fast may be absent", "write args.fast == true"),
        ('action == "refund" && args.amount * 2 > 5', "errs where one is whole", "decimals as 2.0"),
    ],
)
def test_what_errs_for_some_requests_is_a_warning(tmp_path: Path, condition: str, what: str, remedy: str) -> None:
    found = [each for each in read(tmp_path, file(condition)).warnings if each.path == "rules.route[0].when"]
    (warning,) = found
    assert what in warning.what
    assert remedy in warning.remedy


def test_every_mistake_of_a_condition_is_told_at_once(tmp_path: Path) -> None:
    told = [
        each.what for each in mistakes(tmp_path, file("requester.grups == 1 || plan.confidense > 2 || risk == 'x'"))
    ]
    assert len(told) == 3


def test_what_is_wrong_with_an_action_is_not_told_again_by_its_rules(tmp_path: Path) -> None:
    amount = "      amount: {type: number, exclusiveMinimum: 0, maximum: 10000}\n"
    text = broken((amount, f"      amount: {{type: nmber}}  {HERE}\n"))
    (mistake,) = mistakes(tmp_path, text)
    assert mistake.line == marked(text)


# ── any condition at all ────────────────────────────────────────────────────────────────────────────────────────

_ACTION = Action(
    "pay", "Pay", {"kind": "caller"}, required=("n",),
    params={"n": {"type": "number"}, "t": {"type": "string", "enum": ["a"]}, "l": {"type": "array"}, "s": {}},
)  # fmt: skip
_atoms = st.sampled_from(
    ["args.n", "args.t", "args.l", "args.x", "args.s", "action", "risk", "now", "requester", "requester.groups", "plan",
     "plan.flags", "context", "context.a", "5", "0.5", '"a"', "null", "true", "[]", "[1, 'a']", "{}", "b'x'", "x", "3u"]
)  # fmt: skip


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    two = st.sampled_from(["==", "!=", "<", ">=", "&&", "||", "in", "+", "-", "*", "/", "%"])
    of = st.sampled_from(["size", "startsWith", "matches", "getHours", "foo", "string", "timestamp"])
    walks = st.sampled_from(["exists", "all", "exists_one", "map", "filter"])
    return st.one_of(
        st.builds("({} {} {})".format, inner, two, inner),
        st.builds("({} ? {} : {})".format, inner, inner, inner),
        st.builds("!({})".format, inner),
        st.builds("-({})".format, inner),
        st.builds("({}).{}({})".format, inner, of, inner),
        st.builds("{}({})".format, of, inner),
        st.builds("({}).{}(x, {})".format, inner, walks, inner),
        st.builds("({})[{}]".format, inner, inner),
        st.builds("({}).m".format, inner),
        st.builds("[{}, {}]".format, inner, inner),
        st.builds("{{'k': {}}}".format, inner),
    )


@given(st.recursive(_atoms, _grown, max_leaves=12))
def test_whatever_is_written_is_told_or_let_through(condition: str) -> None:
    try:
        tree = expression.parsed(condition)
    except ValueError:
        return
    found = checked(tree, {"pay": _ACTION}, frozenset(), ("finance",))
    assert all(what and "\n" not in what for what, _ in (*found.mistakes, *found.warnings))
