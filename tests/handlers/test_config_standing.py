"""`standing:` of an action: what it permits, and each mistake with its line and remedy."""

from pathlib import Path

import pytest

from bot.standing import Terms
from handlers.config import file_schema
from tests.handlers.configs import HERE, broken, marked, mistakes, read

EDITABLE = "    editable: [amount]\n"
HIGH = "    risk: high\n"

TABLE = {
    "a parameter that there is not": (
        (EDITABLE, f"    standing: {{args: [amout]}}  {HERE}\n"),
        "actions.refund.standing.args[0]",
        'there is no parameter "amout"',
        "did you mean amount?",
    ),
    "a sensitive parameter": (
        (EDITABLE, f"    standing: {{args: [amount, iban]}}  {HERE}\n"),
        "actions.refund.standing.args[1]",
        "iban is sensitive, and a bound is stored and shown",
        "name parameters that are not",
    ),
    "no bounds": (
        (EDITABLE, f"    standing: {{args: []}}  {HERE}\n"),
        "actions.refund.standing.args",
        "is empty",
        "write at least one",
    ),
    "no word on bounds": (
        (EDITABLE, f"    standing: {{uses: 3}}  {HERE}\n"),
        "actions.refund.standing",
        '"args" is missing',
        'add args: ["amount"]',
    ),
    "too many uses": (
        (EDITABLE, f"    standing: {{args: [amount], uses: 21}}  {HERE}\n"),
        "actions.refund.standing.uses",
        "21 is too much",
        "use 20 or less",
    ),
    "no uses": (
        (EDITABLE, f"    standing: {{args: [amount], uses: 0}}  {HERE}\n"),
        "actions.refund.standing.uses",
        "0 is too little",
        "use 1 or more",
    ),
    "too long": (
        (EDITABLE, f"    standing: {{args: [amount], for: 9h}}  {HERE}\n"),
        "actions.refund.standing.for",
        "9h is out of bounds",
        "use 1m to 8h",
    ),
    "a length that is none": (
        (EDITABLE, f"    standing: {{args: [amount], for: 4}}  {HERE}\n"),
        "actions.refund.standing.for",
        "4 has no unit",
        "write 4s for seconds or 4m for minutes",
    ),
    "a word that is not known": (
        (EDITABLE, f"    standing: {{args: [amount], use: 3}}  {HERE}\n"),
        "actions.refund.standing.use",
        '"use" is not known here',
        "did you mean uses?",
    ),
    "yes in place of terms": (
        (EDITABLE, f"    standing: true  {HERE}\n"),
        "actions.refund.standing",
        "stands where names with values belong",
        "write name: value",
    ),
    "an action of high risk": (
        (HIGH, f"    risk: high\n    standing: {{args: [service]}}  {HERE}\n"),
        "actions.rotate.standing",
        "an action of high risk cannot be approved in advance",
        "remove standing: it is for low and medium risk",
    ),
    "something to be typed": (
        (EDITABLE, f'    confirm: "{{order}}"\n    standing: {{args: [amount]}}  {HERE}\n'),
        "actions.refund.standing",
        "what must be typed at each approval cannot be approved in advance",
        "remove standing, or confirm",
    ),
}


@pytest.mark.parametrize(("change", "path", "what", "remedy"), TABLE.values(), ids=TABLE)
def test_a_mistake_is_named(tmp_path: Path, change: tuple[str, str], path: str, what: str, remedy: str) -> None:
    text = broken(change)
    (mistake,) = mistakes(tmp_path, text)
    assert (mistake.line, mistake.path) == (marked(text), path)
    assert what in mistake.what
    assert remedy in mistake.remedy


def test_what_it_permits(tmp_path: Path) -> None:
    def terms(said: str) -> Terms | None:
        actions = read(tmp_path, broken((EDITABLE, said))).catalogue.actions
        return Terms.of(actions["refund"])

    assert terms(EDITABLE) is None
    assert terms("    standing: {args: [amount]}\n") == Terms(("amount",), 20, 8 * 3_600_000)
    given = terms("    standing: {args: [amount, order], uses: 5, for: 90m}\n")
    assert given == Terms(("amount", "order"), 5, 90 * 60_000)


def test_an_undo_permits_none(tmp_path: Path) -> None:
    undo = '    undo: {http: {method: POST, url: "https://billing.example.com/refunds/{result.id}/reverse"}}\n'
    book = read(tmp_path, broken((EDITABLE, "    standing: {args: [amount]}\n" + undo)))
    assert book.catalogue.actions["refund.undo"].standing is None


def test_editors_know_it() -> None:
    schema = file_schema()["$defs"]["Standing"]
    assert set(schema["properties"]) == {"args", "uses", "for"}
    assert schema["required"] == ["args"]
    assert (schema["properties"]["uses"]["minimum"], schema["properties"]["uses"]["maximum"]) == (1, 20)
