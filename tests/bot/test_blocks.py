"""Many rules at once: blocks and the index by action decide what asking each rule by itself decides."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.catalogue import Action, Group, Risk, highest
from bot.condition import Basis, Condition
from bot.policy import BLOCK, Ask, Policy, RaiseRule, RouteRule, Tried, blocks
from bot.route import Requirement, Stage, Verdict
from tests.build import T0

ARGS = ("amount", "text", "tags")
FINANCE = Ask((Stage(need=(Requirement(("finance",)),)),))
DEFAULTS: dict[Risk, Ask | Verdict] = dict.fromkeys(Risk, FINANCE) | {Risk.LOW: Verdict.ALLOW}
SOURCES = (
    "true",
    "false",
    "args.amount > 50",
    "args.amount > 50 // more than that",
    "args.text > 5",
    "args.text",
    'action == "pay"',
    '"pay" == action && args.text > 5',
    'args.text > 5 && action == "pay"',
    'action in ["pay", "send"] && args.amount > 10',
    'action == "pay" && action == "send"',
    'action == "pay" || args.amount > 90',
    'action != "pay" && args.amount < 5',
    '!(action == "pay")',
    'action == "pay" ? args.amount > 5 : args.text > 5',
    'risk == "high"',
    'risk == "medium" && args.amount > 20',
    "args.tags.exists(t, t == 'b')",
    "args.tags.all(t, t > 5) || args.amount > 5",
    'action == "send" && args.tags.exists(t, t == "b")',
    "context.gone == 1",
    "(" * 30 + "args.amount > 30" + ")" * 30,
    "[[[[[[[[[[[[[[[[[[[[[[[args.amount]]]]]]]]]]]]]]]]]]]]]]] == [] || args.amount > 70",
)


def tried_one_by_one(policy: Policy, basis: Basis) -> tuple[Risk, tuple[str, ...], str]:
    """Product.md 4 as plainly as it can be written: the risk, why, and the name of what decided."""
    risk, raised = basis.base_risk, []
    for rule in policy.raises:
        try:
            held, erred = rule.when.holds(basis, risk), False
        except ValueError:
            held = erred = True
        if held and (erred or rule.to.rank > risk.rank):
            raised.append(rule.name)
        risk = highest(risk, rule.to) if held else risk
    for each in policy.routes:
        try:
            if each.when.holds(basis, risk):
                return risk, tuple(raised), each.name
        except ValueError:
            return risk, tuple(raised), f"default for {highest(risk, Risk.MEDIUM).value} risk"
    return risk, tuple(raised), f"default for {risk.value} risk"


sources = st.lists(st.sampled_from(SOURCES), max_size=BLOCK + 8)
values = st.none() | st.integers(0, 100) | st.floats(0, 100) | st.sampled_from(["", "b"])


@given(
    raises=st.lists(st.tuples(st.sampled_from(SOURCES), st.sampled_from(Risk)), max_size=6),
    routes=sources,
    action=st.sampled_from(["pay", "send", "other"]),
    base=st.sampled_from(Risk),
    args=st.fixed_dictionaries(
        {"amount": values, "text": values, "tags": st.lists(values, max_size=3) | values}
    ),
)  # fmt: skip
def test_it_is_decided_as_if_each_rule_were_asked(
    raises: list[tuple[str, Risk]], routes: list[str], action: str, base: Risk, args: dict[str, Any]
) -> None:
    policy = Policy(
        tuple(RaiseRule(Condition(source, ARGS), to, f"raise {at}") for at, (source, to) in enumerate(raises)),
        {},
        tuple(
            RouteRule(f"rule {at}", Condition(source, ARGS), (Verdict.ALLOW, Verdict.DENY, FINANCE)[at % 3])
            for at, source in enumerate(routes)
        ),
        DEFAULTS,
        {"finance": Group("finance")},
    )
    basis = Basis(action, args, base, {}, {}, {}, T0)
    entry = Action(action, action, {"kind": "caller"}, params={name: {} for name in ARGS})
    told: list[Tried] = []

    decided = policy.decide(basis, entry)
    assert decided == policy.decide(basis, entry, told.append)
    risk, raised, rule = tried_one_by_one(policy, basis)
    assert (decided.risk, decided.route.rule) == (risk, rule)
    assert [name for name in raised if not any(f"“{name}”" in reason for reason in decided.raised_by)] == []
    assert len(decided.raised_by) == len(raised)
    assert [each.rule for each in told] == [*policy.raises, *policy.routes][: len(told)], "each is told, in their order"


def rule(source: str) -> RouteRule:
    return RouteRule(source, Condition(source, ARGS), Verdict.ALLOW)


def test_what_names_another_action_is_not_asked() -> None:
    rules = [rule('action == "pay" && args.amount > 5'), rule('action in ["send"]'), rule("args.amount > 7")]
    assert [each.name for block in blocks(rules, "send") for each in block.rules] == [rules[1].name, rules[2].name]


def test_rules_are_asked_in_blocks_and_what_walks_a_list_by_itself() -> None:
    plain, walks = rule("args.amount > 5"), rule("args.tags.exists(t, t == 'b')")
    made = list(blocks([plain] * (BLOCK + 1) + [walks, plain, plain], "pay"))
    assert [len(block.rules) for block in made] == [BLOCK, 1, 1, 2]
    assert [block.any_of is not None for block in made] == [True, False, False, True]


def test_what_is_nested_too_deeply_together_is_asked_one_by_one() -> None:
    deep = rule("(" * 32 + "true" + ")" * 32)
    (block,) = blocks([deep, deep], "pay")
    assert block.any_of is None
    assert block.rules == (deep, deep)
