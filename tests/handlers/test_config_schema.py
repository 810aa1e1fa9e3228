"""The JSON Schema of the file: what an editor is told."""

import copy
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from handlers.config import file_schema, template
from handlers.config.tree import read
from tests.handlers.configs import BASE

EXAMPLE = Path(__file__).with_name("signoff.example.yaml")
SCHEMA = file_schema()
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def test_it_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(
    "text", [EXAMPLE.read_text(encoding="utf-8"), template(), BASE], ids=["example", "template", "base"]
)
def test_sound_files_are_valid_by_it(text: str) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(read("f", text).value)] == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("actions", "refund", "risk"), "hihg"),
        (("actions", "refund", "rsik"), "high"),
        (("actions", "refund", "run_by"), "half an hour"),
        (("actions", "refund", "run_by"), 30),
        (("actions", "refund", "run"), "rotate"),
        (("actions", "refund", "run", "http", "method"), "SEND"),
        (("actions", "refund", "params", "order", "type"), "object"),
        (("slack", "channel"), "approvals"),
        (("slack", "operators"), []),
        (("people", "finance", "user_groups"), ["finance"]),
        (("rules", "default", "low"), "alow"),
        (("rules", "raise"), {}),
        (("version",), 2),
        (("actions",), {}),
        (("extra",), 1),
    ],
)
def test_what_an_editor_can_see_is_marked(path: tuple[str, ...], value: Any) -> None:
    content = copy.deepcopy(read("f", BASE).value)
    place = content
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    assert list(VALIDATOR.iter_errors(content))


def test_nothing_that_may_be_left_out_may_be_null() -> None:
    assert '"null"' not in str(SCHEMA).replace("'", '"')


def test_every_entry_of_an_action_is_explained() -> None:
    for name in ("Action", "Http", "Slack", "Escalate", "Need", "Escalation", "Email", "People"):
        for entry, schema in SCHEMA["$defs"][name]["properties"].items():
            assert schema.get("description"), f"{name}.{entry} has no word of explanation"


def test_durations_are_shown_as_they_are_written() -> None:
    for definition in SCHEMA["$defs"].values():
        for schema in definition.get("properties", {}).values():
            if schema.get("type") == "string":
                assert isinstance(schema.get("default", ""), str)
