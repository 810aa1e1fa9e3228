"""A broken structure: each mistake is told with its line, what it is and what would be right."""

from pathlib import Path

import pytest

from tests.handlers.configs import BASE, HERE, broken, marked, mistakes

RISK = "    risk: medium\n"
NOTE = "      note:   {type: string, x-long: true}\n"
RUN = '    run: {command: [rotate, "--service={service}"]}\n'
CRITICAL = "    critical: {ask: [{need: [{from: [directors], approvals: 2}]}]}\n"

TABLE = {
    # what is broken: (text of the sound file, what it becomes, path, what is wrong, remedy)
    "a summary at no time": (
        '  channel: "#approvals"\n',
        f'  channel: "#approvals"\n  summary: mondays at nine  {HERE}\n',
        "slack.summary",
        '"mondays at nine" is not a time of the week',
        'write one such as "monday 09:00", or off',
    ),
    "no cards at all": (
        '  channel: "#approvals"\n',
        f'  channel: "#approvals"\n  cards: {{per_minute: 0}}  {HERE}\n',
        "slack.cards.per_minute",
        "0 is too little",
        "use 1 or more",
    ),
    "a limit of none": (
        "callables:\n",
        f"limits:\n  requester: {{open: 0}}  {HERE}\ncallables:\n",
        "limits.requester.open",
        "0 is too little",
        "use 1 or more",
    ),
    "a limit that is a word": (
        "callables:\n",
        f"limits:\n  client: {{hour: many}}  {HERE}\ncallables:\n",
        "limits.client.hour",
        '"many" is not a whole number',
        "write one such as 2, without quotes",
    ),
    "limits of nobody": (
        "callables:\n",
        f"limits:\n  requesters: {{open: 5}}  {HERE}\ncallables:\n",
        "limits.requesters",
        '"requesters" is not known here',
        "did you mean requester?",
    ),
    "limits of an action that is not there": (
        "callables:\n",
        f"limits:\n  actions: {{refnud: {{open: 5}}}}  {HERE}\ncallables:\n",
        "limits.actions.refnud",
        'there is no action "refnud"',
        "did you mean refund?",
    ),
    "a risk misspelt": (
        RISK,
        f"    risk: hihg  {HERE}\n",
        "actions.refund.risk",
        '"hihg" is not a risk',
        "use low, medium, high or critical (did you mean high?)",
    ),
    "an unknown key, with the nearest": (
        RISK,
        f"    rsik: medium  {HERE}\n",
        "actions.refund.rsik",
        '"rsik" is not known here',
        "(did you mean risk?)",
    ),
    "a missing title": (
        '    title: "Rotate the key of {service}"\n    risk: high\n',
        "    risk: high\n",
        "actions.rotate",
        '"title" is missing',
        "add title: ",
    ),
    "a missing run": (RUN, "", "actions.rotate", '"run" is missing', "add run: caller, or name the way"),
    "a key given twice": (
        RISK,
        f"    risk: medium\n    risk: low  {HERE}\n",
        "",
        '"risk" is given twice, first on line 13',
        "keep one of them",
    ),
    "a number where text belongs": (
        '    title: "Rotate the key of {service}"\n',
        f"    title: 12  {HERE}\n",
        "actions.rotate.title",
        "12 stands where text belongs",
        "quote what looks like a number",
    ),
    "text where a truth belongs": (
        RISK,
        f"    risk: medium\n    edit_and_approve: yes  {HERE}\n",
        "actions.refund.edit_and_approve",
        '"yes" is neither true nor false',
        "write true or false",
    ),
    "a text where a list belongs": (
        "    editable: [amount]\n",
        f"    editable: amount  {HERE}\n",
        "actions.refund.editable",
        '"amount" stands where a list belongs',
        "write [a, b]",
    ),
    "a list where names belong": (
        "  finance:   {user_groups: [S0FINANCE1]}\n",
        f"  finance: [S0FINANCE1]  {HERE}\n",
        "people.finance",
        "a list stands where names with values belong",
        "name: value",
    ),
    "a channel taken for a comment": (
        '  channel: "#approvals"\n',
        f"  channel: #approvals  {HERE}\n",
        "slack.channel",
        "has no value",
        "quote what begins with it",
    ),
    "a channel without its sign": (
        '  channel: "#approvals"\n',
        f"  channel: Approvals  {HERE}\n",
        "slack.channel",
        '"Approvals" is not a channel',
        'write "#approvals" (in quotes) or its id',
    ),
    "a name for a user id": (
        "  directors: {users: [U0DIRECT01, U0DIRECT02]}\n",
        f'  directors: {{users: ["@alice", U0DIRECT02]}}  {HERE}\n',
        "people.directors.users[0]",
        '"@alice" is not the id of a Slack user',
        "Copy member ID",
    ),
    "a user id among the user groups": (
        "  finance:   {user_groups: [S0FINANCE1]}\n",
        f"  finance: {{user_groups: [U0DIRECT01]}}  {HERE}\n",
        "people.finance.user_groups[0]",
        '"U0DIRECT01" is not the id of a Slack user group',
        "write S…",
    ),
    "a time zone that is none": (
        "  finance:   {user_groups: [S0FINANCE1]}\n",
        f"  finance: {{user_groups: [S0FINANCE1], time_zone: Berlin}}  {HERE}\n",
        "people.finance.time_zone",
        '"Berlin" is not a time zone',
        "Europe/Berlin",
    ),
    "hours that are none": (
        "  finance:   {user_groups: [S0FINANCE1]}\n",
        f'  finance: {{user_groups: [S0FINANCE1], time_zone: UTC, hours: "8-20"}}  {HERE}\n',
        "people.finance.hours",
        '"8-20" are not opening hours',
        '"08:00-18:00"',
    ),
    "a duration without a unit": (
        RISK,
        f"    risk: medium\n    run_by: 30  {HERE}\n",
        "actions.refund.run_by",
        "30 has no unit",
        "write 30s for seconds or 30m for minutes",
    ),
    "a duration in words": (
        RISK,
        f"    risk: medium\n    run_by: half an hour  {HERE}\n",
        "actions.refund.run_by",
        '"half an hour" is not a duration',
        "such as 15m",
    ),
    "a duration out of bounds": (
        RISK,
        f"    risk: medium\n    run_by: 400d  {HERE}\n",
        "actions.refund.run_by",
        "400d is out of bounds",
        "use 1s to 90d",
    ),
    "a type that no form can show": (
        NOTE,
        f"      note: {{type: object}}  {HERE}\n",
        "actions.refund.params.note.type",
        '"object" is not a type that a form can show',
        "use string, number, integer, boolean or array",
    ),
    "a keyword of JSON Schema that is not taken": (
        NOTE,
        f"      note: {{type: string, oneOf: []}}  {HERE}\n",
        "actions.refund.params.note.oneOf",
        '"oneOf" is not known here',
        "",
    ),
    "a parameter with a name that templates cannot say": (
        NOTE,
        f"      the-note: {{type: string}}  {HERE}\n",
        "actions.refund.params.the-note",
        '"the-note" is not a name for a parameter',
        "use letters, digits and _",
    ),
    "a name for an action that cannot be typed": (
        "  rotate:\n",
        f"  Rotate Key:  {HERE}\n",
        "actions.Rotate Key",
        '"Rotate Key" is not a name for an action',
        "use small letters",
    ),
    "a flag that does not exist": (
        "  raise:\n",
        f"  flags: {{ambigous: high}}  {HERE}\n  raise:\n",
        "rules.flags.ambigous",
        '"ambigous" is not known here',
        "(did you mean ambiguous?)",
    ),
    "a raise that lowers": (
        "    - {when: \"action == 'refund' && args.amount > 1000\", to: high}\n",
        f'    - {{when: "args.amount > 1000", to: low}}  {HERE}\n',
        "rules.raise[0].to",
        '"low" is not a risk to raise to',
        "use medium, high or critical",
    ),
    "a verdict that is none": (
        "      then: allow\n",
        f"      then: alow  {HERE}\n",
        "rules.route[0].then",
        '"alow" is not a verdict',
        "(did you mean allow?)",
    ),
    "a stage without needs": (
        CRITICAL,
        f"    critical: {{ask: [{{need: []}}]}}  {HERE}\n",
        "rules.default.critical.ask[0].need",
        "is empty",
        "write at least one",
    ),
    "no approvals at all": (
        CRITICAL,
        f"    critical: {{ask: [{{need: [{{from: [directors], approvals: 0}}]}}]}}  {HERE}\n",
        "rules.default.critical.ask[0].need[0].approvals",
        "0 is too little",
        "use 1 or more",
    ),
    "a way to run that is none": (
        RUN,
        f"    run: rotate  {HERE}\n",
        "actions.rotate.run",
        '"rotate" is not a way to run',
        "use caller",
    ),
    "a method that is none": (
        '        url: "https://billing.example.com/refunds/{order}"\n',
        f'        method: SEND  {HERE}\n        url: "https://billing.example.com/refunds/{{order}}"\n',
        "actions.refund.run.http.method",
        '"SEND" is not a method',
        "GET, POST",
    ),
    "a callable that is a path to a file": (
        "  sweep: ops.jobs:sweep\n",
        f"  sweep: ops/jobs.py  {HERE}\n",
        "callables.sweep",
        '"ops/jobs.py" is not a callable',
        "write module:function",
    ),
    "another version": (
        "version: 1\n",
        f"version: 2  {HERE}\n",
        "version",
        "2 is not a version that is known",
        "use 1",
    ),
    "no operators": (
        "  operators: [S0OPERATE1]\n",
        f"  operators: []  {HERE}\n",
        "slack.operators",
        "is empty",
        "write at least one",
    ),
    "a need without groups": (
        CRITICAL,
        f"    critical: {{ask: [{{need: [{{from: []}}]}}]}}  {HERE}\n",
        "rules.default.critical.ask[0].need[0].from",
        "is empty",
        "write at least one",
    ),
    "an expectation that is none": (
        "expect: allow}\n",
        f"expect: allowed}}  {HERE}\n",
        "tests[0].expect",
        '"allowed" is not a verdict',
        "(did you mean allow?)",
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
    if HERE in text:
        assert found[0].line == marked(text)
    else:
        assert text.splitlines()[found[0].line - 1].strip() == f"{path.rpartition('.')[2]}:"
    assert found[0].column >= 1


def test_the_sound_file_is_sound(tmp_path: Path) -> None:
    assert mistakes(tmp_path, BASE) == ()


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    """Of structure and of meaning, in the order of their lines."""
    found = mistakes(
        tmp_path,
        broken(
            ("[S0OPERATE1]", "[operators]"),
            ("    risk: medium\n", "    risk: hihg\n    may_ask: [finanse]\n"),
            ('title: "Refund {amount} for {order}"', 'title: "Refund {amonut} for {order}"'),
            ("      then: allow\n", "      then: alow\n"),
            ("args.amount > 1000", "args.amuont > 1000"),
            ("[{from: [finance]}]}]}\n    high:", "[{from: [finanze]}]}]}\n    high:"),
        ),
    )
    assert [mistake.path for mistake in found] == [
        "slack.operators[0]",
        "actions.refund.title",
        "actions.refund.risk",
        "actions.refund.may_ask[0]",
        "rules.raise[0].when",
        "rules.route[0].then",
        "rules.default.medium.ask[0].need[0].from[0]",
    ]
    assert [mistake.line for mistake in found] == sorted(mistake.line for mistake in found)


def test_what_refers_to_a_broken_part_is_no_mistake_of_its_own(tmp_path: Path) -> None:
    found = mistakes(
        tmp_path,
        broken(
            ("  finance:   {user_groups: [S0FINANCE1]}", "  finance:   {user_group: [S0FINANCE1]}"),
            ("      amount: {type: number, exclusiveMinimum: 0, maximum: 10000}", "      amount: {type: numbr}"),
        ),
    )
    assert [mistake.path for mistake in found] == ["people.finance.user_group", "actions.refund.params.amount.type"]


def test_a_mistake_reads_as_one_line(tmp_path: Path) -> None:
    (found,) = mistakes(tmp_path, broken((RISK, "    risk: hihg\n")))
    assert str(found) == (
        'signoff.yaml:13: actions.refund.risk: "hihg" is not a risk; '
        "use low, medium, high or critical (did you mean high?)"
    )


def test_a_hostile_value_is_told_on_one_printable_line(tmp_path: Path) -> None:
    (found,) = mistakes(tmp_path, broken((RISK, '    risk: "a\\nb\\e[31m\\u202e' + "x" * 500 + '"\n')))
    assert str(found).isprintable()
    assert len(str(found)) < 250


@pytest.mark.parametrize("text", ["", "# nothing\n", "null\n", "just text\n", "- a\n- b\n", "12\n"])
def test_a_file_that_is_no_mapping_is_one_mistake(tmp_path: Path, text: str) -> None:
    found = mistakes(tmp_path, text)
    assert len(found) == 1
    assert found[0].line == 1
