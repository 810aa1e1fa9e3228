"""What never reaches the model: sensitive parameters, and secrets in the words."""

import json
import time

import pytest

from bot.request import Draft
from handlers.planner.prompt import safe
from handlers.redact import holds_mark, redact, redact_tree
from tests.handlers.planning import ACTIONS, MAIL, REFUND, TRANSFER, asking, entry, told
from tests.handlers.scripted import ScriptedModel, answering, saying

TAIL = "Ab3dEf6hIj9kLm2nOp5qRs8tUv1wXy4z"
HEX = "0123456789abcdef" * 4
SECRETS = {
    "AWS key": "AKIA" + "IOSFODNN7EXAMPLE",
    "GitHub token": "ghp_" + TAIL + "1234",
    "GitHub fine-grained token": "github_pat_11ABCDEFG0" + TAIL + "_" + TAIL,
    "GitLab token": "glpat-" + TAIL[:20],
    "Slack bot token": "xoxb-" + "123456789012-1234567890123-" + TAIL[:24],
    "Slack app token": "xapp-" + "1-A0123456789-1234567890123-" + HEX,
    "Slack webhook": "https://hooks.slack.com/services/" + "T00000000/B00000000/" + TAIL[:24],
    "Stripe key": "sk_live_" + TAIL,
    "Stripe webhook secret": "whsec_" + TAIL,
    "Google key": "AIza" + "SyA-" + TAIL[:31],
    "Anthropic key": "sk-ant-" + "api03-" + TAIL,
    "OpenAI key": "sk-proj-" + TAIL + TAIL,
    "Twilio key": "SK" + HEX[:32],
    "SendGrid key": "SG." + TAIL[:22] + "." + TAIL + TAIL[:11],
    "npm token": "npm_" + TAIL + "1234",
    "PyPI token": "pypi-" + "AgEIcHlwaS5vcmc" + TAIL + TAIL,
    "Hugging Face token": "hf_" + TAIL + "12",
    "DigitalOcean token": "dop_v1_" + HEX,
    "Shopify token": "shpat_" + HEX[:32],
    "Azure key": "AccountKey=" + TAIL + TAIL + "==",
    "Telegram token": "123456789:AA" + TAIL + "1",
    "JSON web token": "eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiIxMjM0NTY3ODkwIn0." + TAIL,
    "private key": f"-----BEGIN RSA PRIVATE KEY-----\n{TAIL}\n{TAIL}\n-----END RSA PRIVATE KEY-----",
    "private key without its end": f"-----BEGIN OPENSSH PRIVATE KEY-----\n{TAIL}\n{TAIL}",
    "password in a URL": "postgresql://admin:" + "h0rse@db.internal/main",
    "bearer token": "Authorization: Bearer " + TAIL,
    "password by name": "password: " + "h0rse-battery",
    "password in JSON": '{"password": "' + 'h0rse battery staple"}',
    "password by is": "the password is " + "h0rse",
    "API key by name": "API_KEY=" + TAIL,
}
VALUES = {
    name: next(part for part in (TAIL[:20], HEX[:32], "IOSFODNN7", "h0rse", "eyJzdWI") if part in secret)
    for name, secret in SECRETS.items()
}


@pytest.mark.parametrize("name", SECRETS)
async def test_a_secret_in_the_words_never_reaches_the_model(name: str) -> None:
    model = ScriptedModel(saying("not JSON"))
    async with asking(model) as asked:
        await asked.draft(f"refund ord_81 50 dollars, {SECRETS[name]} and that is all")
    assert len(model.calls) == 2
    for call in model.calls:
        sent = json.dumps(dict(call.body))
        assert VALUES[name] not in sent
        assert "[redacted: " in sent
        assert "refund ord_81 50 dollars" in sent


@pytest.mark.parametrize("name", SECRETS)
def test_redacting_twice_changes_nothing_more(name: str) -> None:
    once = redact(f"before {SECRETS[name]} after")
    assert VALUES[name] not in once
    assert once.startswith("before ")
    assert redact(once) == once
    assert holds_mark({"a": [once]})


@pytest.mark.parametrize(
    "text",
    [
        "refund order ord_81 fifty dollars, parcel never came",
        "delete events older than 2025-01-01",
        "the password is required before the token expires",
        "task-management-system-for-everybody",
        "https://example.com/a/b?c=d@e",
        "send 100 EUR to DE89 3704 0044 0532 0130 00",
        "SKU 0123456789 for basic training",
        "",
    ],
)
def test_ordinary_words_stay_as_they_are(text: str) -> None:
    assert redact(text) == text


def test_a_tree_is_redacted_in_every_text_of_it() -> None:
    tree = {"a": [SECRETS["AWS key"], 1, None], "b": {"c": SECRETS["npm token"]}, "d": True}
    assert redact_tree(tree) == {
        "a": ["[redacted: AWS key]", 1, None],
        "b": {"c": "[redacted: npm token]"},
        "d": True,
    }


@pytest.mark.parametrize(
    "shape",
    [
        "a" * 40_000,
        "sk-" * 15_000,
        "-----BEGIN PRIVATE KEY-----" * 1_500,
        "password " * 5_000,
        "://" + "a:" * 20_000,
        "eyJ" * 15_000,
        "Bearer " * 6_000,
        "xoxb-" * 9_000,
    ],
)
def test_no_text_keeps_redaction_busy(shape: str) -> None:
    began = time.perf_counter()
    redact(shape)
    assert time.perf_counter() - began < 2


# --- sensitive parameters -------------------------------------------------------------------------------------------

IBAN = "DE89370400440532013000"


async def test_sensitive_parameters_do_not_occur_in_what_the_model_is_told() -> None:
    model = ScriptedModel(answering(entry()))
    async with asking(model) as asked:
        await asked.draft("transfer 20 to Jo", TRANSFER)
    sent = json.dumps(dict(model.calls[0].body))
    assert "payee" in sent
    assert '\\"iban' not in sent
    assert '\\"pin' not in sent
    assert not {"iban", "pin"} & set(str(model.calls[0].body["response_format"]).replace("'", " ").split())


@pytest.mark.parametrize(
    "words",
    [
        f"transfer 20 to Jo, iban {IBAN}",
        f"transfer 20 to Jo (IBAN: {IBAN})",
        "transfer 20 to Jo, iban DE89 3704 0044 0532 0130 00",
        f"transfer 20 to Jo at {IBAN}, please",
        f"{IBAN}: transfer 20 to Jo",
    ],
)
async def test_what_looks_like_a_sensitive_value_is_taken_out_of_the_words(words: str) -> None:
    model = ScriptedModel(answering(entry()))
    async with asking(model) as asked:
        await asked.draft(words)
    assert "3704" not in model.calls[0].prompt
    assert "transfer 20 to Jo" in told(model)["words"]
    assert "[redacted: iban]" in told(model)["words"]


def test_the_same_words_stay_whole_where_no_parameter_is_sensitive() -> None:
    words = f"refund ord_81, iban {IBAN}, pin 1234"
    assert safe(words, (REFUND, MAIL)) == words
    assert safe(words, ACTIONS) == "refund ord_81, iban [redacted: iban], pin [redacted: pin]"


async def test_a_sensitive_value_that_the_model_fills_in_is_dropped_and_asked_for() -> None:
    """And it is not worth a correction: the model could only guess again."""
    filled = {"amount": 20, "payee": "Jo", "iban": IBAN, "pin": "1234"}
    model = ScriptedModel(answering(entry(action="transfer_money", arguments=filled)))
    async with asking(model) as asked:
        draft = await asked.draft("transfer 20 to Jo")
    assert draft.args == {"amount": 20, "payee": "Jo"}
    assert draft.status == "incomplete"
    assert [problem.where for problem in draft.problems] == ["iban"]
    assert "iban" in draft.note
    assert len(model.calls) == 1


async def test_what_was_known_before_is_told_without_its_secrets() -> None:
    earlier = Draft(action="send_mail", args={"to": "a@example.com", "body": SECRETS["AWS key"]})
    model = ScriptedModel(answering(entry()))
    async with asking(model) as asked:
        await asked.draft("again", earlier=earlier)
    assert "IOSFODNN7" not in model.calls[0].prompt


async def test_an_argument_that_needs_a_redacted_part_is_left_to_the_requester() -> None:
    mail = {"to": "dana@example.com", "subject": "Your key", "body": "It is [redacted: AWS key]."}
    model = ScriptedModel(answering(entry(action="send_mail", arguments=mail)))
    async with asking(model) as asked:
        draft = await asked.draft(f"mail dana@example.com her key: {SECRETS['AWS key']}")
    assert draft.status == "incomplete"
    assert set(draft.args) == {"to", "subject"}
    assert [problem.where for problem in draft.problems] == ["body"]
    assert "yourself" in draft.problems[0].message
    assert len(model.calls) == 1


async def test_a_wrong_answer_that_holds_a_secret_is_not_sent_back() -> None:
    model = ScriptedModel(saying(f"The key is {SECRETS['Stripe key']}"))
    async with asking(model) as asked:
        await asked.draft("refund")
    assert len(model.calls) == 2
    assert TAIL not in model.calls[1].prompt
