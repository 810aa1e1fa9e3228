"""The environment: what is read from it, and the sentence for each thing that is wrong."""

import base64
import hmac
from collections.abc import Mapping
from pathlib import Path

import pytest

from handlers.executors.email import EmailExecutor, Security
from handlers.settings import Settings, SettingsError

KEY = "0f" * 32
GOOD = {
    "SLACK_BOT_TOKEN": "xoxb-1-abc",
    "SLACK_SIGNING_SECRET": "0123456789abcdef0123456789abcdef",
    "SIGNOFF_SECRET_KEY": KEY,
}


def read(needed: bool = True, **changes: str) -> Settings:
    return Settings.read(environment=GOOD | changes, env_file=None, needed=needed)


def told(environment: Mapping[str, str], needed: bool = True) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as raised:
        Settings.read(environment=environment, env_file=None, needed=needed)
    assert str(raised.value) == "\n".join(raised.value.mistakes)
    return raised.value.mistakes


def test_what_is_not_set_has_its_default() -> None:
    settings = read()
    assert settings.bot_token == "xoxb-1-abc"
    assert settings.signing_secret == GOOD["SLACK_SIGNING_SECRET"]
    assert settings.app_token is None
    assert settings.config == Path("signoff.yaml")
    assert settings.database_url == "sqlite:///signoff.db"
    assert settings.listen == ("127.0.0.1", 3000)
    assert settings.slack_api_url == "https://slack.com/api/"
    assert settings.openai_base_url == "https://api.openai.com/v1"
    assert (settings.model, settings.openai_key, settings.smtp) == (None, None, None)


def test_everything_can_be_set() -> None:
    settings = read(
        SLACK_APP_TOKEN="xapp-1-A-2-b",
        SLACK_API_URL="https://slack-gov.com/api",
        SIGNOFF_CONFIG="/etc/signoff.yaml",
        SIGNOFF_DATABASE_URL="postgres://me:secret@db.example.com/signoff",
        SIGNOFF_LISTEN="[::1]:8080",
        OPENAI_API_KEY="sk-1",
        OPENAI_BASE_URL="http://127.0.0.1:8000/v1/",
        SIGNOFF_MODEL="small",
        SIGNOFF_SMTP_URL="smtp://me%40example.com:p%3Aw@mail.example.com",
        SIGNOFF_MAIL_FROM="Signoff <signoff@example.com>",
    )
    assert settings.app_token == "xapp-1-A-2-b"
    assert settings.slack_api_url == "https://slack-gov.com/api/"
    assert settings.config == Path("/etc/signoff.yaml")
    assert settings.database_url == "postgresql://me:secret@db.example.com/signoff"
    assert settings.listen == ("::1", 8080)
    assert (settings.openai_key, settings.openai_base_url, settings.model) == (
        "sk-1",
        "http://127.0.0.1:8000/v1",
        "small",
    )
    assert settings.smtp == {
        "host": "mail.example.com",
        "port": 587,
        "sender": "Signoff <signoff@example.com>",
        "username": "me@example.com",
        "password": "p:w",
        "security": Security.STARTTLS,
    }


@pytest.mark.parametrize(
    ("url", "port", "security"),
    [
        ("smtp://mail.example.com", 587, Security.STARTTLS),
        ("smtp://mail.example.com:2525", 2525, Security.STARTTLS),
        ("smtps://mail.example.com", 465, Security.TLS),
        ("smtp://127.0.0.1:1025", 1025, Security.NONE),
        ("smtp://localhost", 25, Security.NONE),
    ],
)
def test_mail_is_encrypted_but_on_this_machine(url: str, port: int, security: Security) -> None:
    smtp = read(SIGNOFF_SMTP_URL=url, SIGNOFF_MAIL_FROM="signoff@example.com").smtp
    assert smtp is not None
    assert (smtp["port"], smtp["security"]) == (port, security)
    EmailExecutor(**smtp)


WRONG = {
    "a user token": ({"SLACK_BOT_TOKEN": "xoxp-1"}, "SLACK_BOT_TOKEN is a user token; use the Bot User OAuth Token"),
    "tokens swapped": (
        {"SLACK_BOT_TOKEN": "xapp-1"},
        "SLACK_BOT_TOKEN is an app-level token",
    ),
    "no token": ({"SLACK_BOT_TOKEN": "hello"}, "SLACK_BOT_TOKEN is no bot token; copy"),
    "no app token": ({"SLACK_APP_TOKEN": "xoxb-1"}, "SLACK_APP_TOKEN is no app-level token; make one (xapp-…)"),
    "no signing secret": ({"SLACK_SIGNING_SECRET": "short"}, "SLACK_SIGNING_SECRET is no signing secret; copy"),
    "a listen without a port": ({"SIGNOFF_LISTEN": "0.0.0.0"}, 'SIGNOFF_LISTEN is "0.0.0.0"; write host:port'),
    "a listen beyond ports": ({"SIGNOFF_LISTEN": "a:70000"}, 'SIGNOFF_LISTEN is "a:70000"; write host:port'),
    "another database": (
        {"SIGNOFF_DATABASE_URL": "mysql://a/b"},
        'SIGNOFF_DATABASE_URL is "mysql://a/b"; write sqlite',
    ),
    "a driver": (
        {"SIGNOFF_DATABASE_URL": "postgresql+asyncpg://a/b"},
        "SIGNOFF_DATABASE_URL names the driver asyncpg, which is Signoff's to choose; write postgresql://",
    ),
    "a database in memory": ({"SIGNOFF_DATABASE_URL": "sqlite://"}, "SIGNOFF_DATABASE_URL names no file"),
    "a database only in memory": (
        {"SIGNOFF_DATABASE_URL": "sqlite:///:memory:"},
        "SIGNOFF_DATABASE_URL names no file",
    ),
    "a short key": (
        {"SIGNOFF_SECRET_KEY": "0f" * 16},
        "SIGNOFF_SECRET_KEY holds 16 bytes and must hold 32",
    ),
    "a key that is a word": ({"SIGNOFF_SECRET_KEY": "hunter2!"}, "SIGNOFF_SECRET_KEY is neither hex nor base64"),
    "an API in clear": ({"SLACK_API_URL": "http://slack.example.com/api"}, "SLACK_API_URL is"),
    "an API that is no URL": ({"SLACK_API_URL": "slack.com"}, 'SLACK_API_URL is "slack.com", which is no URL'),
    "a model's endpoint that is no URL": (
        {"OPENAI_BASE_URL": "localhost:8000", "SIGNOFF_MODEL": "m"},
        'OPENAI_BASE_URL is "localhost:8000", which is no URL',
    ),
    "mail by the web": (
        {"SIGNOFF_SMTP_URL": "https://mail.example.com", "SIGNOFF_MAIL_FROM": "a@example.com"},
        "SIGNOFF_SMTP_URL is",
    ),
    "mail by half a login": (
        {"SIGNOFF_SMTP_URL": "smtp://me@mail.example.com", "SIGNOFF_MAIL_FROM": "a@example.com"},
        "SIGNOFF_SMTP_URL names a user without a password",
    ),
    "a sender that is no address": (
        {"SIGNOFF_SMTP_URL": "smtp://mail.example.com", "SIGNOFF_MAIL_FROM": "signoff"},
        'SIGNOFF_MAIL_FROM is "signoff"; write an address',
    ),
}


@pytest.mark.parametrize(("changes", "sentence"), WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong_is_one_sentence_naming_the_variable(changes: dict[str, str], sentence: str) -> None:
    (mistake,) = told(GOOD | changes)
    assert mistake.startswith(sentence)
    assert mistake.endswith(".")


MISSING = {
    "no bot token": ("SLACK_BOT_TOKEN", "SLACK_BOT_TOKEN is missing: copy"),
    "neither secret nor app token": (
        "SLACK_SIGNING_SECRET",
        "SLACK_SIGNING_SECRET and SLACK_APP_TOKEN are both missing",
    ),
    "no key": ("SIGNOFF_SECRET_KEY", "SIGNOFF_SECRET_KEY is missing: it seals what is sensitive"),
}


@pytest.mark.parametrize(("name", "sentence"), MISSING.values(), ids=MISSING.keys())
def test_what_is_missing_is_told_where_it_is_needed(name: str, sentence: str) -> None:
    for value in ({}, {name: ""}, {name: "  "}):
        (mistake,) = told({key: each for key, each in GOOD.items() if key != name} | value)
        assert mistake.startswith(sentence)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"OPENAI_API_KEY": "sk-1"}, "SIGNOFF_MODEL is missing: name the model to ask, or take OPENAI_API_KEY out."),
        ({"SIGNOFF_MODEL": "m"}, "OPENAI_API_KEY is missing"),
        ({"SIGNOFF_SMTP_URL": "smtp://mail.example.com"}, "SIGNOFF_MAIL_FROM is missing"),
    ],
)
def test_half_of_a_pair_is_told(changes: dict[str, str], sentence: str) -> None:
    (mistake,) = told(GOOD | changes)
    assert mistake.startswith(sentence)


def test_everything_wrong_and_missing_is_told_at_once() -> None:
    found = told({"SLACK_BOT_TOKEN": "xoxp-1", "SIGNOFF_LISTEN": "nowhere", "OPENAI_API_KEY": "sk-1"})
    variables = ("SIGNOFF_LISTEN", "SLACK_BOT_TOKEN", "SIGNOFF_SECRET_KEY", "SLACK_SIGNING_SECRET", "SIGNOFF_MODEL")
    assert [mistake.split()[0] for mistake in found] == list(variables)


def test_nothing_is_needed_to_check_offline() -> None:
    settings = Settings.read(environment={}, env_file=None, needed=False)
    with pytest.raises(SettingsError, match="SLACK_BOT_TOKEN is missing"):
        _ = settings.bot_token
    with pytest.raises(SettingsError, match="SIGNOFF_SECRET_KEY is missing"):
        settings.subkey("seal")


def test_what_is_wrong_is_told_even_where_nothing_is_needed() -> None:
    (mistake,) = told({"SIGNOFF_LISTEN": "nowhere"}, needed=False)
    assert mistake.startswith("SIGNOFF_LISTEN")


def test_the_command_line_s_config_goes_first() -> None:
    settings = Settings.read(config=Path("mine.yaml"), environment=GOOD | {"SIGNOFF_CONFIG": "x"}, env_file=None)
    assert settings.config == Path("mine.yaml")


@pytest.mark.parametrize("value", ["xoxp-s3cr3t-t0ken", "xapp-s3cr3t-t0ken", "s3cr3t-t0ken"])
def test_a_secret_is_in_no_mistake(value: str) -> None:
    for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SIGNOFF_SECRET_KEY"):
        if not (name == "SLACK_APP_TOKEN" and value.startswith("xapp-")):
            assert "s3cr3t" not in "".join(told(GOOD | {name: value}))
    assert "s3cr3t" not in "".join(told(GOOD | {"SIGNOFF_DATABASE_URL": "mysql://me:s3cr3t@db/x"}))
    smtp = {"SIGNOFF_SMTP_URL": "https://me:s3cr3t@mail", "SIGNOFF_MAIL_FROM": "a@example.com"}
    assert "s3cr3t" not in "".join(told(GOOD | smtp))


def test_no_secret_shows_when_settings_are_printed() -> None:
    settings = read(
        SLACK_APP_TOKEN="xapp-s3cr3t",
        SLACK_BOT_TOKEN="xoxb-s3cr3t",
        SLACK_SIGNING_SECRET="s3cr3ts3cr3ts3cr3t",
        SIGNOFF_DATABASE_URL="postgresql://me:s3cr3t@db/x",
        OPENAI_API_KEY="s3cr3t",
        SIGNOFF_MODEL="m",
        SIGNOFF_SMTP_URL="smtp://me:s3cr3t@mail.example.com",
        SIGNOFF_MAIL_FROM="a@example.com",
        SOME_TOKEN="s3cr3t",
    )
    for shown in (repr(settings), str(settings), settings.model_dump_json(), str(settings.model_dump())):
        assert "s3cr3t" not in shown
        assert KEY not in shown


def test_keys_are_bound_to_their_purpose() -> None:
    settings = read()
    seal, fingerprint = settings.subkey("seal"), settings.subkey("fingerprint")
    assert len(seal) == len(fingerprint) == 32
    assert seal != fingerprint
    assert read().subkey("seal") == seal, "the same for every start of every replica"
    assert read(SIGNOFF_SECRET_KEY="0e" * 32).subkey("seal") != seal
    assert bytes.fromhex(KEY) not in (seal, fingerprint)


def test_the_derivation_is_hkdf() -> None:
    """RFC 5869 by hand: a key derived otherwise would leave every sealed value unreadable."""
    extracted = hmac.digest(bytes(32), bytes.fromhex(KEY), "sha256")
    expanded = hmac.digest(extracted, b"signoff/seal" + b"\x01", "sha256")
    assert read().subkey("seal") == expanded


def test_a_key_is_hex_or_base64() -> None:
    raw = bytes(range(224, 256))
    written = {raw.hex(), raw.hex().upper(), base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()}
    written.add(base64.urlsafe_b64encode(raw).decode().rstrip("="))
    assert len(written) == 5
    assert len({read(SIGNOFF_SECRET_KEY=each).subkey("seal") for each in written}) == 1


def test_dotenv_stands_under_the_environment(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text('# secrets\nSLACK_BOT_TOKEN="xoxb-file"\nSIGNOFF_LISTEN=127.0.0.1:9\nBILLING_TOKEN=b1\nEMPTY=\n')
    settings = Settings.read(environment=GOOD, env_file=file)
    assert settings.bot_token == "xoxb-1-abc"
    assert settings.listen == ("127.0.0.1", 9)
    assert settings.environment["BILLING_TOKEN"] == "b1"
    assert settings.environment["SLACK_BOT_TOKEN"] == "xoxb-1-abc"


def test_a_dotenv_that_is_no_text_is_told(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_bytes(b"A=\xff\xfe\n")
    with pytest.raises(SettingsError, match=r"\.env cannot be read .*UTF-8"):
        Settings.read(environment=GOOD, env_file=file)


def test_a_missing_dotenv_is_nothing(tmp_path: Path) -> None:
    assert Settings.read(environment=GOOD, env_file=tmp_path / ".env").bot_token == "xoxb-1-abc"


def test_what_has_changed_in_the_file_since_the_start_is_known(tmp_path: Path) -> None:
    """A reload takes none of it, and says so."""
    env = tmp_path / ".env"
    env.write_text("SIGNOFF_MODEL=small\nBILLING_TOKEN=one\nSIGNOFF_LISTEN=127.0.0.1:1\n")
    given = {"SIGNOFF_LISTEN": "127.0.0.1:2"}
    settings = Settings.read(environment=given, env_file=env, needed=False)
    assert settings.stale(given) == ()
    env.write_text("SIGNOFF_MODEL=large\nOTHER_TOKEN=new\nSIGNOFF_LISTEN=127.0.0.1:3\n")
    assert settings.stale(given) == ("BILLING_TOKEN", "OTHER_TOKEN", "SIGNOFF_MODEL")
    assert settings.model == "small"
