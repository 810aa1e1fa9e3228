"""A group whose members nobody can say just now: whoever may be in it waits, everybody else goes on."""

from pathlib import Path

import pytest

from bot.condition import Condition
from tests.bot.play import play, scenes
from tests.bot.room import HEAD

FILE = """
actions:
  act: {title: "Act {how}", params: {how: {type: string}, n: {type: number}}, required: [how], run: caller}
  keep: {title: "Keep", may_ask: [leads], run: caller}
  share: {title: "Share", may_ask: [leads, finance], run: caller}
rules:
  route:
    - name: onward
      when: action == "act" && args.how == "onward"
      then: {ask: [{need: [{from: finance}], escalate: [{after: 10m, to: oncall}]}]}
    - name: in turn
      when: action == "act" && args.how == "turn"
      then: {ask: [{need: [{from: finance}], escalate: []}, {need: [{from: oncall}], escalate: []}]}
    - name: either
      when: action == "act" && args.how == "either"
      then: {ask: [{need: [{from: [finance, oncall]}], escalate: []}]}
    - name: grave
      when: action == "act" && args.how == "oncall"
      then: {ask: [{need: [{from: oncall}], escalate: []}]}
    - name: of the directors
      when: action == "act" && args.how == "director" && !("directors" in requester.groups)
      then: deny
  default:
    low: {ask: [{need: [{from: finance}], escalate: []}]}
    medium: {ask: [{need: [{from: finance}], escalate: []}]}
    high: deny
    critical: deny
"""
PEOPLE = HEAD + "  oncall: {users: [U0DORA, U0FAY]}\n"

SCENES = scenes("""
what it is asked only later holds nobody up
    slack hides oncall
    ana asks act how=onward                         → pending
    dora approves                                   → refused not_an_approver
    fred approves                                   → approved

whoever may be in it hears that it is not known
    ana asks act how=either                         → pending
    slack hides oncall
    dora approves                                   → refused unconfirmed
    dora rejects because no                         → refused unconfirmed
    walt approves                                   → refused unconfirmed
    walt looks                                      → refused unconfirmed
    ana approves                                    → refused is_maker
    slack shows oncall
    walt approves                                   → refused not_an_approver
    dora approves                                   → approved

who is certain in another group that is asked goes on
    ana asks act how=either                         → pending
    slack hides oncall
    fay approves                                    → approved

a stage to come that nobody can say the people of is not lost
    ana asks act how=turn                           → pending
    slack hides oncall
    fred approves                                   → pending stage=2
    dora approves                                   → refused unconfirmed
    slack shows oncall
    dora approves                                   → approved

what only they could approve waits for being asked
    slack hides oncall
    ana asks act how=oncall                         → refused unconfirmed
    slack shows oncall
    ana asks act how=oncall                         → pending

what nobody could approve anyway is refused as such
    fay leaves S0FINANCE
    fred leaves S0FINANCE
    flo leaves S0FINANCE
    slack hides leads
    ana asks act how=plain                          → refused nobody_to_ask

an edit to what only they could approve is not made
    ana asks act how=plain                          → pending
    slack hides oncall
    ana edits how=oncall                            → refused unconfirmed
    ana edits how=onward                            → pending version=2

a rule about the requester's groups is not decided on what is not known
    slack hides directors
    ana asks act how=plain                          → refused unconfirmed
    slack shows directors
    ana asks act how=plain                          → pending

nor is who may ask
    slack hides leads
    fay asks keep                                   → refused unconfirmed
    fay asks share                                  → pending
    slack shows leads
    fay asks keep                                   → pending

operators are not guessed
    ana asks act how=plain                          → pending
    slack hides operators
    olga cancels                                    → refused unconfirmed
    walt looks                                      → refused unconfirmed
    olga pauses                                     → refused unconfirmed
    ana cancels                                     → cancelled
""")


@pytest.mark.parametrize("rows", SCENES)
async def test_what_nobody_can_say(tmp_path: Path, rows: list[str]) -> None:
    await play(tmp_path, FILE, rows, head=PEOPLE)


@pytest.mark.parametrize(
    ("source", "finance", "leads"),
    [
        ("true", False, False),
        ('requester.id == "U0ANA" && requester.kind == "person"', False, False),
        ('"finance" in requester.groups', True, False),
        ('!("leads" in requester.groups) || "finance" in requester.groups', True, True),
        ('requester.groups.exists(g, g == "finance")', True, True),
        ('requester["groups"] == ["finance"]', True, True),
        ("size(requester.groups) > 0", True, True),
        ('action == "requester.groups"', False, False),
    ],
)
def test_which_groups_a_condition_depends_on(source: str, finance: bool, leads: bool) -> None:
    condition = Condition(source, ())
    assert (condition.asks_membership("finance"), condition.asks_membership("leads")) == (finance, leads)
