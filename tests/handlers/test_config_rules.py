"""Rules, groups and people that are well written and cannot be meant."""

from pathlib import Path

import pytest

from bot.catalogue import Risk
from bot.policy import Ask
from bot.route import Escalation, Requirement, Verdict
from tests.handlers.configs import HERE, broken, marked, mistakes, read

WHEN = "    - {when: \"action == 'refund' && args.amount > 1000\", to: high}\n"
AT = "rules.raise[0].when"
FINANCE = "  finance:   {user_groups: [S0FINANCE1]}\n"
DIRECTORS = "  directors: {users: [U0DIRECT01, U0DIRECT02]}\n"
CRITICAL = "    critical: {ask: [{need: [{from: [directors], approvals: 2}]}]}\n"
CRITICAL_AT = "rules.default.critical.ask"


def when(condition: str) -> str:
    return f"    - {{when: '{condition}', to: high}}  {HERE}\n"


def critical(stage: str) -> str:
    return f"    critical: {{ask: [{stage}]}}  {HERE}\n"


PD = "https://api.pagerduty.com"


def looked_up(given: str, *told: str) -> tuple[str, ...]:
    """`given`: the address, its closing quote, and what follows it in the look-up."""
    return (FINANCE, f"{FINANCE}  oncall: {{lookup: {{url: '{given}}}}}  {HERE}\n", *told)


TABLE = {
    # conditions
    "an argument that no action has": (
        WHEN,
        when("args.amonut > 1000"),
        AT,
        "args.amonut is no parameter of any action",
        "(did you mean args.amount?)",
    ),
    "a variable that does not exist": (
        WHEN,
        when('actoin == "refund"'),
        AT,
        "actoin is not known in a condition",
        "(did you mean action?)",
    ),
    "a single equals sign": (WHEN, when('action = "refund"'), AT, "does not read as a condition", "compare with =="),
    "a condition that breaks off": (WHEN, when("args.amount >"), AT, "does not read as a condition", "join with &&"),
    "a condition that is a number": (WHEN, when("1 + 1"), AT, "must be true or false, but is a whole number", ""),
    "an empty condition": (WHEN, when(""), AT, "is empty", "write a condition"),
    "all arguments at once": (WHEN, when("args == null"), AT, "args cannot be used as a whole", "args.amount"),
    "a condition without an end": (
        WHEN,
        when("args.amount > 1" + " || args.amount > 1" * 200),
        AT,
        "a condition may be 2000 characters long",
        "",
    ),
    "an action that does not exist": (
        WHEN,
        when('action == "refnd"'),
        AT,
        'action is never "refnd"',
        "did you mean refund?",
    ),
    "an action that does not exist, the other way round": (
        WHEN,
        when('"refnd" == action'),
        AT,
        'action is never "refnd"',
        "did you mean refund?",
    ),
    "an action that does not exist, among others": (
        WHEN,
        when('action in ["refund", "rotat"]'),
        AT,
        'action is never "rotat"',
        "did you mean rotate?",
    ),
    "a risk that does not exist": (
        WHEN,
        when('risk == "hihg"'),
        AT,
        'risk is never "hihg"',
        "did you mean high?",
    ),
    "a kind of requester that does not exist": (
        WHEN,
        when('requester.kind == "bot"'),
        AT,
        'requester.kind is never "bot"',
        "there are person and agent",
    ),
    "a count that does not exist": (
        WHEN,
        when("history.last_hours > 5"),
        AT,
        "history.last_hours is not known",
        "(did you mean history.last_hour?)",
    ),
    "a sensitive argument": (
        WHEN,
        when('args.iban == "DE00"'),
        AT,
        "args.iban is sensitive, and its value takes no part in rules",
        "decide on another argument",
    ),
    # groups
    "a group that does not exist": (
        CRITICAL,
        critical("{need: [{from: [director]}]}"),
        f"{CRITICAL_AT}[0].need[0].from[0]",
        'there is no group "director" under people',
        "(did you mean directors?)",
    ),
    "an escalation to a group that does not exist": (
        CRITICAL,
        critical("{need: [{from: [finance]}], escalate: [{after: 5m, to: [oncall]}]}"),
        f"{CRITICAL_AT}[0].escalate[0].to[0]",
        'there is no group "oncall" under people',
        "use finance or directors",
    ),
    # identities
    "an account linked to nobody": (
        DIRECTORS,
        f"{DIRECTORS}identities:\n  - [U0FAY00001]  {HERE}\n",
        "identities[0]",
        "one account alone is a person already",
        "name the other accounts",
    ),
    "an account in two persons": (
        DIRECTORS,
        f"{DIRECTORS}identities:\n  - [U0FAY00001, U0FAYADMIN]\n  - [U0DORA0001, U0FAY00001]  {HERE}\n",
        "identities[1][1]",
        "U0FAY00001 stands in another list already",
        "write all accounts of a person into one list",
    ),
    "an account twice in one person": (
        DIRECTORS,
        f"{DIRECTORS}identities: [[U0FAY00001, U0FAY00001]]  {HERE}\n",
        "identities[0][1]",
        "U0FAY00001 is named twice",
        "remove one",
    ),
    "a name where an account belongs": (
        DIRECTORS,
        f"{DIRECTORS}identities: [[U0FAY00001, fay]]  {HERE}\n",
        "identities[0][1]",
        '"fay" is not the id of a Slack user',
        "write U… or W…",
    ),
    "a person written without a list": (
        DIRECTORS,
        f"{DIRECTORS}identities: [U0FAY00001]  {HERE}\n",
        "identities[0]",
        '"U0FAY00001" stands where a list belongs',
        "write [a, b]",
    ),
    "an empty group": (FINANCE, f"  finance: {{}}  {HERE}\n", "people.finance", "names nobody", "add users"),
    "a group that takes a name with a meaning": (
        FINANCE,
        f"{FINANCE}  everyone: {{user_groups: [S0FINANCE1]}}  {HERE}\n",
        "people.everyone",
        '"everyone" has a meaning of its own',
        "choose another name",
    ),
    "hours without a time zone": (
        FINANCE,
        f'  finance: {{user_groups: [S0FINANCE1], hours: "08:00-20:00"}}  {HERE}\n',
        "people.finance.hours",
        "opening hours need a time zone",
        "add time_zone",
    ),
    "a person named twice": (
        DIRECTORS,
        f"  directors: {{users: [U0DIRECT01, U0DIRECT02, U0DIRECT01]}}  {HERE}\n",
        "people.directors.users[2]",
        "U0DIRECT01 is named twice",
        "remove one",
    ),
    "a look-up without encryption": (
        FINANCE,
        f"{FINANCE}  oncall: {{lookup: {{url: 'http://oncall.example.com', path: $.user}}}}  {HERE}\n",
        "people.oncall.lookup.url",
        "is not encrypted",
        "network.private",
    ),
    "a look-up by a path that is none": (
        FINANCE,
        f"{FINANCE}  oncall: {{lookup: {{url: 'https://oncall.example.com', path: user.id}}}}  {HERE}\n",
        "people.oncall.lookup.path",
        '"user.id" is not a path into JSON',
        "$.user.slack_id",
    ),
    "a look-up that does not say where people stand": (
        FINANCE,
        f"{FINANCE}  oncall: {{lookup: {{url: 'https://oncall.example.com'}}}}  {HERE}\n",
        "people.oncall.lookup",
        '"path" is missing',
        "say format: pagerduty",
    ),
    "a look-up of a format nobody knows": (
        FINANCE,
        f"{FINANCE}  oncall: {{lookup: {{url: 'https://oncall.example.com', format: pagerdudy}}}}  {HERE}\n",
        "people.oncall.lookup.format",
        '"pagerdudy" is not a format',
        "did you mean pagerduty?",
    ),
    "a look-up with a path into what is known": looked_up(
        f"{PD}/oncalls?schedule_ids[]=P1&include[]=users', format: pagerduty, path: $.x",
        "people.oncall.lookup.path",
        "where people stand in pagerduty's answers is known",
        "remove it",
    ),
    "everybody who is on call for anything": looked_up(
        f"{PD}/oncalls?include[]=users', format: pagerduty",
        "people.oncall.lookup.url",
        "asks for everybody who is on call for anything",
        "schedule_ids[]=",
    ),
    "PagerDuty's people without addresses": looked_up(
        f"{PD}/oncalls?schedule_ids[]=P1', format: pagerduty",
        "people.oncall.lookup.url",
        "names people by ids of its own",
        "add &include[]=users",
    ),
    "PagerDuty at another moment": looked_up(
        f"{PD}/schedules/P1/users?since=2026-01-01T00:00:00Z', format: pagerduty",
        "people.oncall.lookup.url",
        "since and until are those of the moment",
        "remove them",
    ),
    "another of PagerDuty's answers": looked_up(
        f"{PD}/users', format: pagerduty",
        "people.oncall.lookup.url",
        "neither PagerDuty's /oncalls nor /schedules/{id}/users",
        "write https://api.pagerduty.com/oncalls?schedule_ids[]=",
    ),
    "another of Opsgenie's answers": looked_up(
        "https://api.opsgenie.com/v2/users', format: opsgenie",
        "people.oncall.lookup.url",
        "not who is on call by one of Opsgenie's schedules",
        "on-calls?flat=true",
    ),
    "Opsgenie at another moment": looked_up(
        "https://api.opsgenie.com/v2/schedules/s1/on-calls?date=2026-01-01T00:00:00Z', format: opsgenie",
        "people.oncall.lookup.url",
        "asked for the moment it is asked",
        "remove date",
    ),
    "a look-up with a variable that is not set": looked_up(
        "https://o.example.com', path: $.id, headers: {Authorization: 'Bearer ${PD_TOKEN}'}",
        "people.oncall.lookup.headers.Authorization",
        "the environment variable PD_TOKEN is not set",
        "set PD_TOKEN",
    ),
    "a look-up with Signoff's own secret": looked_up(
        "https://o.example.com', path: $.id, headers: {Authorization: 'Bearer ${SLACK_BOT_TOKEN}'}",
        "people.oncall.lookup.headers.Authorization",
        "SLACK_BOT_TOKEN is Signoff's own secret",
        "a variable of its own",
    ),
    "a look-up with a header that is ours": looked_up(
        "https://o.example.com', path: $.id, headers: {Host: other.example.com}",
        "people.oncall.lookup.headers.Host",
        "is set by Signoff itself",
        "remove it",
    ),
    "a look-up with a key in its address": looked_up(
        "https://o.example.com/?key=${BILLING_TOKEN}', path: $.id",
        "people.oncall.lookup.url",
        "a URL may not take ${…}",
        "a key belongs into headers",
    ),
    "a look-up that maps to no Slack id": looked_up(
        "https://o.example.com', path: $.id, map: {PFAY: fay}",
        "people.oncall.lookup.map.PFAY",
        '"fay" is not the id of a Slack user',
        "write U… or W…",
    ),
    "an operator that is neither id nor group": (
        "  operators: [S0OPERATE1]\n",
        f"  operators: [S0OPERATE1, ops]  {HERE}\n",
        "slack.operators[1]",
        '"ops" is neither a group under people nor a Slack id',
        "S… for a user group",
    ),
    "a private host with a scheme": (
        "  private: [billing.internal]\n",
        f'  private: ["https://billing.internal"]  {HERE}\n',
        "network.private[0]",
        "is not a host",
        "without https://",
    ),
    # stages
    "a stage that can never pass": (
        CRITICAL,
        critical("{need: [{from: [directors], approvals: 3}]}"),
        f"{CRITICAL_AT}[0].need[0]",
        "can never pass: it takes 3 approvals, and its groups list 2 people",
        "ask for fewer, or add people",
    ),
    "needs that can never pass together": (
        CRITICAL,
        critical("{need: [{from: [directors]}, {from: [directors], approvals: 2}]}"),
        f"{CRITICAL_AT}[0].need[1]",
        "it takes 3 approvals together with the needs before it",
        "ask for fewer",
    ),
    "stages that can never pass one after the other": (
        CRITICAL,
        critical("{need: [{from: [directors], approvals: 2}]}, {need: [{from: [directors]}]}"),
        f"{CRITICAL_AT}[1].need[0]",
        "a person counts once",
        "ask for fewer",
    ),
    "two words of one requester": (
        "    medium:   {ask: [{need: [{from: [finance]}]}]}\n",
        f"    medium:   {{ask: [{{need: [{{from: requester, approvals: 2}}]}}]}}  {HERE}\n",
        "rules.default.medium.ask[0].need[0]",
        "it takes 2 approvals, and its groups list 1 person",
        "ask for fewer",
    ),
    "the requester's own word for what is critical": (
        CRITICAL,
        critical("{need: [{from: [requester]}]}"),
        f"{CRITICAL_AT}[0].need[0].from",
        "the requester cannot confirm what is of high or critical risk",
        "name a group",
    ),
    "the requester's own word in a rule about a risky action": (
        "    - name: small\n",
        (
            f'    - when: action == "rotate"\n      then: {{ask: [{{need: [{{from: requester}}]}}]}}  {HERE}\n'
            "    - name: small\n"
        ),
        "rules.route[0].then.ask[0].need[0].from",
        "the requester cannot confirm what is of high or critical risk",
        "name a group",
    ),
    "a step after the end": (
        CRITICAL,
        (
            f"    critical: {{ask: [{{need: [{{from: [directors]}}], escalate: [{{after: 3h, to: [finance]}}]}}], "
            f"expires: 2h}}  {HERE}\n"
        ),
        f"{CRITICAL_AT}[0].escalate[0].after",
        "the request expires before this step",
        "escalate sooner",
    ),
    "steps that add up to after the end": (
        CRITICAL,
        (
            f"    critical: {{ask: [{{need: [{{from: [directors]}}], escalate: [{{after: 1h, to: [finance]}}, "
            f"{{after: 1h, to: [finance], from: previous}}]}}], expires: 2h}}  {HERE}\n"
        ),
        f"{CRITICAL_AT}[0].escalate[1].after",
        "the request expires before this step",
        "escalate sooner",
    ),
    "a reminder after the end": (
        CRITICAL,
        f"    critical: {{ask: [{{need: [{{from: [directors]}}], remind: 2h}}], expires: 2h}}  {HERE}\n",
        f"{CRITICAL_AT}[0].remind",
        "the request expires before the first reminder",
        "remind sooner",
    ),
    "loops of nothing": (
        CRITICAL,
        critical("{need: [{from: [directors]}], loops: 3}"),
        f"{CRITICAL_AT}[0].loops",
        "there are no steps to repeat",
        "add escalate",
    ),
    "a step for a need that is not there": (
        CRITICAL,
        critical("{need: [{from: [directors]}], escalate: [{after: 5m, to: [finance], for: finance}]}"),
        f"{CRITICAL_AT}[0].escalate[0].for",
        'no need of the stage asks "finance"',
        "use directors",
    ),
    "two rules of one name": (
        "      then: allow\n",
        f'      then: allow\n    - {{name: small, when: "true", then: deny}}  {HERE}\n',
        "rules.route[1].name",
        'two rules are called "small"',
        "give each a name of its own",
    ),
    # tests
    "a test of an action that does not exist": (
        "  - {action: refund, args: {order: ord_1, amount: 20}, expect: allow}\n",
        f"  - {{action: refnd, expect: allow}}  {HERE}\n",
        "tests[0].action",
        'there is no action "refnd"',
        "did you mean refund?",
    ),
    "a test with arguments that do not fit": (
        "args: {order: ord_1, amount: 20}, expect: allow}\n",
        f"args: {{order: ord_1, amount: 20000}}, expect: allow}}  {HERE}\n",
        "tests[0].args.amount",
        "must be at most 10000, got 20000",
        "",
    ),
    "a test that expects a group that does not exist": (
        "expect: allow}\n",
        f"expect: {{ask: [finanze]}}}}  {HERE}\n",
        "tests[0].expect.ask[0]",
        'there is no group "finanze" under people',
        "did you mean finance?",
    ),
    "a test at a time that is none": (
        "expect: allow}\n",
        f"expect: allow, now: noon}}  {HERE}\n",
        "tests[0].now",
        '"noon" is not a moment',
        "2026-03-02T12:00:00Z",
    ),
}


@pytest.mark.parametrize(("old", "new", "path", "what", "remedy"), TABLE.values(), ids=TABLE.keys())
def test_a_mistake_names_its_line_and_its_remedy(
    tmp_path: Path, old: str, new: str, path: str, what: str, remedy: str
) -> None:
    text = broken((old, new))
    found = mistakes(tmp_path, text)
    assert [mistake.path for mistake in found] == [path], "\n".join(map(str, found))
    assert what in found[0].what
    assert remedy in found[0].remedy
    assert found[0].line == marked(text)


def test_nobody_to_ask_by_default_is_a_mistake(tmp_path: Path) -> None:
    text = broken((CRITICAL, ""), ("    high:     {ask: [{need: [{from: [finance]}]}]}\n", ""))
    (found,) = mistakes(tmp_path, text)
    assert found.path == "rules.default"
    assert found.what == "nobody is named to ask for high and critical risk"
    assert "add a group called approvers under people, or rules.default.high: " in found.remedy


def test_the_group_approvers_is_asked_where_the_file_says_nothing(tmp_path: Path) -> None:
    text = broken((CRITICAL, ""), (FINANCE, f"{FINANCE}  approvers: {{user_groups: [S0APPROVE1]}}\n"))
    defaults = read(tmp_path, text).policy.defaults
    assert defaults[Risk.LOW] is Verdict.ALLOW
    critical = defaults[Risk.CRITICAL]
    assert isinstance(critical, Ask)
    assert critical.stages[0].need == (Requirement(("approvers",), 2),)
    assert critical.expires == 86_400_000


def test_too_few_approvers_for_what_is_critical_is_a_mistake(tmp_path: Path) -> None:
    text = broken((CRITICAL, ""), (FINANCE, f"{FINANCE}  approvers: {{users: [U0ALONE001]}}\n"))
    (found,) = mistakes(tmp_path, text)
    assert "it takes 2 approvals, and its groups list 1 person" in found.what


def test_two_accounts_of_one_person_are_not_two_approvers(tmp_path: Path) -> None:
    text = broken((DIRECTORS, f"{DIRECTORS}identities: [[U0DIRECT01, U0DIRECT02]]\n"))
    (found,) = mistakes(tmp_path, text)
    assert found.path == f"{CRITICAL_AT}[0].need[0]"
    assert "it takes 2 approvals, and its groups list 1 person" in found.what


def test_look_ups_are_read(tmp_path: Path) -> None:
    """Only what is said is kept, so that a look-up digested before there were formats reads the same."""
    url = f"{PD}/oncalls?schedule_ids[]=P1&include[]=users"
    pagerduty = f"{{url: '{url}', format: pagerduty, headers: {{Authorization: 'Token token=${{OTHER_TOKEN}}'}}}}"
    plain = "{url: 'https://o.example.com/now', path: '$.ids[*]', map: {fay@example.com: U0FAY00001}}"
    groups = f"  night: {{lookup: {pagerduty}}}\n  day: {{lookup: {plain}}}\n"
    read_groups = read(tmp_path, broken((FINANCE, FINANCE + groups))).catalogue.groups
    headers = {"Authorization": "Token token=${OTHER_TOKEN}"}
    assert read_groups["night"].lookup == {"url": url, "format": "pagerduty", "headers": headers}
    assert read_groups["day"].lookup == {
        "url": "https://o.example.com/now",
        "path": "$.ids[*]",
        "map": {"fay@example.com": "U0FAY00001"},
    }


def test_linked_accounts_are_read(tmp_path: Path) -> None:
    links = read(tmp_path, broken((DIRECTORS, f"{DIRECTORS}identities: [[U0FAY00001, U0FAYADMIN]]\n")))
    assert links.catalogue.identities.same("U0FAYADMIN", "U0FAY00001")


def test_escalation_makes_a_stage_passable(tmp_path: Path) -> None:
    """People whom a step may add count, unless they may not approve."""
    stage = "{{need: [{{from: [directors], approvals: 3}}], escalate: [{{after: 5m, to: [finance]{}}}]}}"
    assert mistakes(tmp_path, broken((CRITICAL, critical(stage.format(""))))) == ()
    assert len(mistakes(tmp_path, broken((CRITICAL, critical(stage.format(", may_approve: false")))))) == 1


def test_the_file_wide_escalation_is_for_stages_that_name_none(tmp_path: Path) -> None:
    text = broken(
        ("rules:\n", "rules:\n  escalation: {to: [directors]}\n"),
        (
            CRITICAL,
            (
                "    critical: {ask: [{need: [{from: [finance]}], escalate: []}, {need: [{from: finance}], escalate: "
                "[{after: 5m, to: finance, may_approve: false, from: previous, any_hour: true}], loops: 2}]}\n"
            ),
        ),
        (
            "    medium:   {ask: [{need: [{from: [finance]}]}]}\n",
            "    medium: {ask: [{need: [{from: finance}]}], expires: 10m}\n",
        ),
    )
    defaults = read(tmp_path, text).policy.defaults
    high, critical, medium = (defaults[risk] for risk in (Risk.HIGH, Risk.CRITICAL, Risk.MEDIUM))
    assert isinstance(high, Ask)
    assert isinstance(critical, Ask)
    assert isinstance(medium, Ask)
    assert high.stages[0].escalate == (Escalation(900_000, ("directors",)),)
    assert critical.stages[0].escalate == ()
    own = Escalation(300_000, ("finance",), may_approve=False, counted_from="previous", any_hour=True)
    assert critical.stages[1].escalate == (own,)
    assert critical.stages[1].loops == 2
    assert medium.stages[0].escalate == (), "it would fall due after the request has expired"


def test_a_step_for_one_need_is_told_by_its_group(tmp_path: Path) -> None:
    stage = (
        "{need: [{from: finance}, {from: [directors, finance]}], escalate: [{after: 5m, to: finance, for: finance}]}"
    )
    critical_ask = read(tmp_path, broken((CRITICAL, critical(stage)))).policy.defaults[Risk.CRITICAL]
    assert isinstance(critical_ask, Ask)
    assert critical_ask.stages[0].escalate[0].requirement == 0


def test_rules_without_a_name_are_called_by_what_they_say(tmp_path: Path) -> None:
    policy = read(tmp_path, broken(("    - name: small\n      when:", "    - when:"))).policy
    assert policy.raises[0].name == "raise 1: action == 'refund' && args.amount > 1000"
    assert policy.routes[0].name == "route 1"


def test_what_runs_unseen_at_high_risk_is_a_warning(tmp_path: Path) -> None:
    (warning,) = read(tmp_path, broken((CRITICAL, "    critical: allow\n"))).warnings
    assert warning.path == "rules.default.critical"


def test_operators_are_ids_and_groups_together(tmp_path: Path) -> None:
    operators = read(
        tmp_path, broken(("[S0OPERATE1]", "[S0OPERATE1, U0OPERAT01, directors, finance]"))
    ).catalogue.operators
    assert operators.name == "operators"
    assert operators.users == ("U0OPERAT01", "U0DIRECT01", "U0DIRECT02")
    assert operators.user_groups == ("S0OPERATE1", "S0FINANCE1")
