"""Settings from the environment and `.env`. Every mistake is one sentence, all told at once.

The environment is read once, as one mapping (what is set for the process goes before `.env`), so that the `${NAME}`
of signoff.yaml are taken from the very same: `Settings.environment`.
"""

import base64
import binascii
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import SplitResult, unquote, urlsplit

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from dotenv import dotenv_values
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError

from handlers.executors.email import Security
from handlers.words import quoted

KEY_BYTES = 32
SLACK = "https://slack.com/api/"
OPENAI = "https://api.openai.com/v1"
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_MAKE_A_KEY = "make one with: openssl rand -hex 32"


class SettingsError(Exception):
    """The environment cannot be used. `mistakes` holds a sentence for each variable that is wrong or missing."""

    def __init__(self, *mistakes: str) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


def _bot_token(value: SecretStr) -> SecretStr:
    token = value.get_secret_value()
    known = {
        "xoxp-": "a user token",
        "xapp-": "an app-level token (that is SLACK_APP_TOKEN)",
        "xoxe-": "a refresh token",
    }
    for prefix, what in known.items():
        if token.startswith(prefix):
            raise ValueError(f"is {what}; use the Bot User OAuth Token (xoxb-…) of the installed app")
    if not re.fullmatch(r"(?:xoxe\.)?xoxb-[\w-]+", token):
        raise ValueError("is no bot token; copy the Bot User OAuth Token (xoxb-…) of the installed app")
    return value


def _app_token(value: SecretStr) -> SecretStr:
    if not re.fullmatch(r"xapp-[\w-]+", value.get_secret_value()):
        raise ValueError("is no app-level token; make one (xapp-…) with the scope connections:write")
    return value


def _signing_secret(value: SecretStr) -> SecretStr:
    if not re.fullmatch(r"[!-~]{16,}", value.get_secret_value()):
        raise ValueError("is no signing secret; copy it from Basic Information of the Slack app")
    return value


def _split(value: str, *schemes: str) -> SplitResult:
    """The parts of a URL with a host. ValueError where it is none."""
    try:
        parts = urlsplit(value)
        usable = parts.scheme in schemes and parts.hostname and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    if not usable or re.search(r"[\s\\]", value):
        raise ValueError(f"is {quoted(_unsecret(value))}, which is no URL; write {schemes[0]}://host/…")
    return parts


def _unsecret(url: str) -> str:
    return re.sub(r"//[^@/]*@", "//…@", url)


def _slack_api_url(value: str) -> str:
    parts = _split(value, "https", "http")
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise ValueError(f"is {quoted(value)}, which is not encrypted; write https://…")
    return value.rstrip("/") + "/"


def _openai_base_url(value: str) -> str:
    _split(value, "https", "http")
    return value.rstrip("/")


def _database_url(value: SecretStr) -> SecretStr:
    url = value.get_secret_value()
    scheme, separator, rest = url.partition("://")
    kind, _, driver = scheme.partition("+")
    if driver and kind in ("sqlite", "postgresql"):
        raise ValueError(f"names the driver {driver}, which is Signoff's to choose; write {kind}://…")
    if not separator or scheme not in ("sqlite", "postgresql", "postgres"):
        raise ValueError(f"is {quoted(_unsecret(url))}; write sqlite:///signoff.db or postgresql://host/name")
    if scheme == "sqlite" and (not rest.startswith("/") or rest in ("/", "/:memory:")):
        raise ValueError(
            "names no file; write sqlite:///signoff.db, or sqlite:////var/lib/signoff.db for an absolute path"
        )
    if scheme != "sqlite":
        _split(url, "postgresql", "postgres")
    return SecretStr(re.sub("^postgres:", "postgresql:", url))


def _secret_key(value: SecretStr) -> SecretStr:
    if len(key := _key_bytes(value.get_secret_value())) != KEY_BYTES:
        length = f"holds {len(key)} bytes" if key else "is neither hex nor base64"
        raise ValueError(f"{length} and must hold {KEY_BYTES}; {_MAKE_A_KEY}")
    return value


def _key_bytes(text: str) -> bytes:
    """The bytes that hex or base64 stand for; none where it is neither."""
    if re.fullmatch(r"(?:[0-9a-fA-F]{2})+", text):
        return bytes.fromhex(text)
    try:
        return base64.b64decode(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _listen(value: str) -> str:
    found = re.fullmatch(r"(\[[0-9a-fA-F:.%]+\]|[A-Za-z0-9._-]+):(\d{1,5})", value)
    if not found or int(found[2]) > 65_535:
        raise ValueError(f"is {quoted(value)}; write host:port, such as 127.0.0.1:3000")
    return value


def _smtp_url(value: SecretStr) -> SecretStr:
    parts = _split(value.get_secret_value(), "smtp", "smtps")
    if bool(parts.username) != bool(parts.password):
        raise ValueError("names a user without a password; write smtp://user:password@host:587 (percent-encode both)")
    return value


def _mail_from(value: str) -> str:
    if not re.fullmatch(r"[^<>@\r\n]*<[^\s<>@]+@[^\s<>@]+>|[^\s<>@]+@[^\s<>@]+", value):
        raise ValueError(f"is {quoted(value)}; write an address such as signoff@example.com")
    return value


class Settings(BaseModel):
    """What the environment says. Secrets are kept as SecretStr; what needs them asks by a property."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    config: Path = Field(Path("signoff.yaml"), alias="SIGNOFF_CONFIG")
    database: Annotated[SecretStr, AfterValidator(_database_url)] = Field(
        SecretStr("sqlite:///signoff.db"), alias="SIGNOFF_DATABASE_URL"
    )
    listen_on: Annotated[str, AfterValidator(_listen)] = Field("127.0.0.1:3000", alias="SIGNOFF_LISTEN")
    slack_bot_token: Annotated[SecretStr, AfterValidator(_bot_token)] | None = Field(None, alias="SLACK_BOT_TOKEN")
    slack_app_token: Annotated[SecretStr, AfterValidator(_app_token)] | None = Field(None, alias="SLACK_APP_TOKEN")
    slack_signing_secret: Annotated[SecretStr, AfterValidator(_signing_secret)] | None = Field(
        None, alias="SLACK_SIGNING_SECRET"
    )
    slack_api_url: Annotated[str, AfterValidator(_slack_api_url)] = Field(SLACK, alias="SLACK_API_URL")
    secret_key: Annotated[SecretStr, AfterValidator(_secret_key)] | None = Field(None, alias="SIGNOFF_SECRET_KEY")
    openai_api_key: SecretStr | None = Field(None, alias="OPENAI_API_KEY")
    openai_base_url: Annotated[str, AfterValidator(_openai_base_url)] = Field(OPENAI, alias="OPENAI_BASE_URL")
    model: str | None = Field(None, alias="SIGNOFF_MODEL")
    smtp_url: Annotated[SecretStr, AfterValidator(_smtp_url)] | None = Field(None, alias="SIGNOFF_SMTP_URL")
    mail_from: Annotated[str, AfterValidator(_mail_from)] | None = Field(None, alias="SIGNOFF_MAIL_FROM")
    environment: Mapping[str, str] = Field(default_factory=dict, repr=False, exclude=True)
    env_file: Path | None = Field(None, repr=False, exclude=True)

    @classmethod
    def read(
        cls,
        *,
        config: Path | None = None,
        needed: bool = True,
        environment: Mapping[str, str] = os.environ,
        env_file: Path | None = Path(".env"),
    ) -> Self:
        """The settings, or SettingsError with every mistake.

        `config` goes before SIGNOFF_CONFIG. `needed`: what serving needs (Slack's tokens, the key) must be there.
        """
        merged = _merged(environment, env_file)
        given = {str(each.alias): merged.get(str(each.alias), "").strip() for each in cls.model_fields.values()}
        present: dict[str, Any] = {name: value for name, value in given.items() if value}
        if config is not None:
            present["SIGNOFF_CONFIG"] = str(config)
        missing = _missing(present) if needed else []
        try:
            settings = cls.model_validate(present | {"environment": merged, "env_file": env_file})
        except ValidationError as error:
            wrong = [
                f"{each['loc'][0]} {each['ctx']['error'] if 'ctx' in each else each['msg']}." for each in error.errors()
            ]
            raise SettingsError(*wrong, *missing) from None
        if missing:
            raise SettingsError(*missing)
        return settings

    def stale(self, environment: Mapping[str, str] = os.environ) -> tuple[str, ...]:
        """Names whose values in `.env` are others than those that were read at the start."""
        try:
            now = _merged(environment, self.env_file)
        except SettingsError:
            return ()
        names = sorted({*now, *self.environment})
        return tuple(name for name in names if now.get(name) != self.environment.get(name) and name not in environment)

    @property
    def bot_token(self) -> str:
        return _there(self.slack_bot_token, "SLACK_BOT_TOKEN")

    @property
    def app_token(self) -> str | None:
        return self.slack_app_token.get_secret_value() if self.slack_app_token else None

    @property
    def signing_secret(self) -> str | None:
        return self.slack_signing_secret.get_secret_value() if self.slack_signing_secret else None

    @property
    def openai_key(self) -> str | None:
        return self.openai_api_key.get_secret_value() if self.openai_api_key else None

    @property
    def database_url(self) -> str:
        return self.database.get_secret_value()

    @property
    def listen(self) -> tuple[str, int]:
        host, _, port = self.listen_on.rpartition(":")
        return host.strip("[]"), int(port)

    @property
    def smtp(self) -> dict[str, Any] | None:
        """How mail is sent, as the e-mail executor takes it; None where it is not.

        `smtp://` upgrades by STARTTLS (but on this machine), `smtps://` speaks TLS from the first byte.
        """
        if self.smtp_url is None or self.mail_from is None:
            return None
        parts = urlsplit(self.smtp_url.get_secret_value())
        host = parts.hostname or ""
        security = (
            Security.TLS if parts.scheme == "smtps" else Security.NONE if host in _LOOPBACK else Security.STARTTLS
        )
        port = {Security.TLS: 465, Security.STARTTLS: 587, Security.NONE: 25}[security]
        return {
            "host": host,
            "port": parts.port or port,
            "sender": self.mail_from,
            "username": unquote(parts.username) if parts.username else None,
            "password": unquote(parts.password) if parts.password else None,
            "security": security,
        }

    def subkey(self, purpose: str) -> bytes:
        """32 bytes for one purpose ("seal", "fingerprint"), derived from SIGNOFF_SECRET_KEY by HKDF (RFC 5869).

        Keys of two purposes tell nothing of each other. SettingsError where there is no SIGNOFF_SECRET_KEY.
        """
        secret = _key_bytes(_there(self.secret_key, "SIGNOFF_SECRET_KEY"))
        return HKDF(SHA256(), KEY_BYTES, salt=None, info=b"signoff/" + purpose.encode()).derive(secret)


_NEEDED = {
    "SLACK_BOT_TOKEN": "copy the Bot User OAuth Token (xoxb-…) of the installed Slack app",
    "SIGNOFF_SECRET_KEY": f"it seals what is sensitive in the database; {_MAKE_A_KEY}",
}


def _there(secret: SecretStr | None, name: str) -> str:
    if secret is None:
        raise SettingsError(f"{name} is missing: {_NEEDED[name]}.")
    return secret.get_secret_value()


def _missing(present: Mapping[str, str]) -> list[str]:
    missing = [f"{name} is missing: {what}." for name, what in _NEEDED.items() if name not in present]
    if not present.keys() & {"SLACK_SIGNING_SECRET", "SLACK_APP_TOKEN"}:
        missing.append(
            "SLACK_SIGNING_SECRET and SLACK_APP_TOKEN are both missing: set the app-level token (xapp-…) "
            "for Socket Mode, or the signing secret for HTTP."
        )
    model = "SIGNOFF_MODEL" in present
    endpoint = [name for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL") if name in present]
    if endpoint and not model:
        missing.append(f"SIGNOFF_MODEL is missing: name the model to ask, or take {' and '.join(endpoint)} out.")
    if model and not endpoint:
        missing.append("OPENAI_API_KEY is missing: set it, or OPENAI_BASE_URL for an endpoint without keys.")
    if "SIGNOFF_SMTP_URL" in present and "SIGNOFF_MAIL_FROM" not in present:
        missing.append("SIGNOFF_MAIL_FROM is missing: name the address that mail comes from.")
    return missing


def _merged(environment: Mapping[str, str], env_file: Path | None) -> dict[str, str]:
    """`.env` under the environment. SettingsError where the file cannot be read."""
    try:
        written = dotenv_values(env_file) if env_file is not None and env_file.is_file() else {}
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{env_file} cannot be read ({error}); make it a text file in UTF-8.") from None
    return {name: value for name, value in written.items() if value is not None} | dict(environment)
