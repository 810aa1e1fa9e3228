"""Break-glass in the file: what turns it on, and what is told of what cannot be meant."""

from pathlib import Path

import pytest

from handlers.config import template
from handlers.config.schema import file_schema
from tests.handlers.configs import BASE, HERE, marked, mistakes, read

SLACK = '  channel: "#approvals"\n'
LOUD = '  channel: "#approvals"\n  security_channel: "#security"\n'
RISK = "    risk: medium\n"
AT = "actions.refund.break_glass"


def with_glass(glass: str, slack: str = LOUD) -> str:
    return BASE.replace(SLACK, slack).replace(RISK, f"{RISK}    break_glass: {glass}\n")


def test_it_is_off_unless_the_file_turns_it_on(tmp_path: Path) -> None:
    assert read(tmp_path, BASE).catalogue.glass == {}
    assert read(tmp_path, BASE).catalogue.security_channel is None


def test_what_it_says(tmp_path: Path) -> None:
    catalogue = read(tmp_path, with_glass("{who: [finance, directors], review: 90m}")).catalogue
    refund = catalogue.action("refund")
    glass = catalogue.glass_of(refund)
    assert glass is not None
    assert [group.name for group in glass.who] == ["finance", "directors"]
    assert glass.review == 90 * 60_000
    assert catalogue.security_channel == "#security"
    assert catalogue.glass_of(catalogue.action("rotate")) is None
    other = read(tmp_path, with_glass("{who: [finance]}")).catalogue
    assert other.glass["refund"].review == 24 * 3_600_000, "a day, where nothing is said"


def test_turning_it_on_changes_no_definition_of_what_is_open(tmp_path: Path) -> None:
    before = read(tmp_path, BASE).catalogue.action("refund").definition()
    assert read(tmp_path, with_glass("{who: [finance]}")).catalogue.action("refund").definition() == before


TABLE = {
    "a group that is none": (
        f"{{who: [finnance]}}  {HERE}",
        f"{AT}.who[0]",
        'there is no group "finnance" under people',
        "did you mean finance?",
    ),
    "everyone": (f"{{who: [everyone]}}  {HERE}", f"{AT}.who[0]", 'there is no group "everyone"', "use finance"),
    "nobody": (f"{{who: []}}  {HERE}", f"{AT}.who", "", ""),
    "not said who": (f"{{review: 1h}}  {HERE}", AT, '"who" is missing', "add who: "),
    "a review later than a day": (
        f"{{who: [finance], review: 25h}}  {HERE}",
        f"{AT}.review",
        "25h is out of bounds",
        "use 1m to 24h",
    ),
    "a review without a unit": (
        f"{{who: [finance], review: 24}}  {HERE}",
        f"{AT}.review",
        "24 has no unit",
        "write 24s",
    ),
    "a word misspelt": (f"{{whom: [finance]}}  {HERE}", f"{AT}.whom", '"whom" is not known here', "did you mean who?"),
    "a truth": (f"true  {HERE}", AT, "", ""),
}


@pytest.mark.parametrize(("glass", "path", "what", "remedy"), TABLE.values(), ids=TABLE)
def test_each_mistake_is_named_with_line_and_remedy(
    glass: str, path: str, what: str, remedy: str, tmp_path: Path
) -> None:
    text = with_glass(glass)
    found = [each for each in mistakes(tmp_path, text) if each.path == path]
    assert found, mistakes(tmp_path, text)
    assert found[0].line == marked(text)
    assert what in found[0].what
    assert remedy in found[0].remedy
    assert found[0].remedy


def test_somebody_must_hear_of_it(tmp_path: Path) -> None:
    text = with_glass(f"{{who: [finance]}}  {HERE}", SLACK)
    (one,) = mistakes(tmp_path, text)
    assert (one.path, one.line) == (AT, marked(text))
    assert "slack.security_channel is not set" in one.what
    assert 'add security_channel: "#security" under slack' in one.remedy
    text = with_glass("{who: [finance]}", f"{SLACK}  security_channel: Security  {HERE}\n")
    assert [(each.path, each.line) for each in mistakes(tmp_path, text)] == [("slack.security_channel", marked(text))]


def test_the_schema_and_the_template_know_it() -> None:
    schema = file_schema()["$defs"]
    assert "break_glass" in schema["Action"]["properties"]
    assert "security_channel" in schema["Slack"]["properties"]
    assert schema["BreakGlass"]["required"] == ["who"]
    text = template()
    assert "# security_channel:" in text
    assert "break_glass: {who: [oncall]" in text
