"""`run: email`: one message over SMTP, to all its recipients or to none.

    never connected, lost before the message    failed, may be tried again
    login, sender or a recipient refused        failed: the message is not sent to the others either
    message refused by the server's answer      failed
    accepted                                    succeeded
    lost, or silent, after DATA                 unknown

Message-ID is derived from the idempotency key, so a second copy can be told from a second message.
"""

import asyncio
import email.utils
import re
import ssl
from collections.abc import Callable
from contextlib import suppress
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from enum import StrEnum
from hashlib import sha256
from typing import Any

import aiosmtplib

from bot.outcome import Ending, Job, Outcome
from handlers.executors.capped import one_line

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_MAILBOX = rf"[A-Za-z0-9.!#$%&'*+/=?^_`{{|}}~-]{{1,64}}@(?:{_LABEL}\.)*{_LABEL}"
# The standard library's parser skips what it does not understand: "a@x.org b@x.org" would be a@x.org alone.
_ADDRESS = re.compile(rf"(?:(?:\"([^\"\\]*)\"|([^\"<>@,;:\\]*))\s*<({_MAILBOX})>|({_MAILBOX}))")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class Security(StrEnum):
    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


class EmailExecutor:
    """`sender` is used where a way has no `from`. A password is never sent without TLS, but for this machine."""

    def __init__(
        self,
        *,
        host: str,
        port: int,
        sender: str,
        username: str | None = None,
        password: str | None = None,
        security: Security = Security.STARTTLS,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        if username is not None and security is Security.NONE and host not in _LOOPBACK:
            raise ValueError(f"the password for {host} would be sent in clear: use starttls or tls")
        _address("the default sender", sender)
        self._sender = sender
        self._settings: dict[str, Any] = {
            "hostname": host,
            "port": port,
            "username": username,
            "password": password,
            "use_tls": security is Security.TLS,
            "start_tls": security is Security.STARTTLS,  # never None: that would go on in clear where it is missing
            "tls_context": tls,
        }

    async def run(self, job: Job, progress: Callable[[str], None]) -> Outcome:
        try:
            message, sender, recipients = self._compose(job)
            content = message.as_bytes(policy=SMTP_POLICY)
        except ValueError as exc:
            return Outcome(Ending.FAILED, one_line(f"Not sent: {exc}"))
        letter = _Letter(sender, recipients, content)
        client = aiosmtplib.SMTP(timeout=job.timeout, **self._settings)
        progress("Handing the message to the mail server")
        try:
            async with asyncio.timeout(job.timeout):
                await letter.send(client)
            with suppress(aiosmtplib.SMTPException, OSError):  # taken is taken, whatever comes after
                await client.quit(timeout=1.0)
        except (aiosmtplib.SMTPException, OSError) as exc:
            return letter.failed(exc)
        finally:
            client.close()
        result = {"message_id": message["Message-ID"], "recipients": recipients, "answer": letter.answer}
        return Outcome(Ending.SUCCEEDED, f"The mail server took it for {len(recipients)} recipient(s)", result)

    def _compose(self, job: Job) -> tuple[EmailMessage, str, list[str]]:
        """The message, the envelope's sender, its recipients. ValueError names the field that cannot be sent."""
        way = job.way
        message = EmailMessage(policy=SMTP_POLICY)
        sender = _address("from", way.get("from") or self._sender)
        message["From"] = sender
        recipients: list[str] = []
        for field in ("to", "cc"):
            addresses = [_address(field, each) for each in _list(way.get(field))]
            if addresses:
                message[field.capitalize()] = addresses
                recipients += [each.addr_spec for each in addresses]
        if not recipients:
            raise ValueError("to: names nobody")
        message["Subject"] = _line("subject", way["subject"])
        message["Date"] = email.utils.localtime()
        message["Message-ID"] = f"<signoff.{sha256(job.key.encode()).hexdigest()[:32]}@{sender.domain}>"
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
        message["X-Signoff-Request"] = _line("request", job.request_id)
        message.set_content(str(way["text"]))
        return message, sender.addr_spec, list(dict.fromkeys(recipients))


class _Letter:
    """One message on its way through one connection, and how far it came."""

    def __init__(self, sender: str, recipients: list[str], content: bytes) -> None:
        self._sender = sender
        self._recipients = recipients
        self._content = content
        self._begun = False
        self.answer = ""

    async def send(self, client: aiosmtplib.SMTP) -> None:
        await client.connect()
        await client.mail(self._sender)
        for recipient in self._recipients:
            await client.rcpt(recipient)
        self._begun = True
        answer = await client.data(self._content)
        self.answer = one_line(f"{answer.code} {answer.message}")

    def failed(self, exc: Exception) -> Outcome:
        match exc:
            case aiosmtplib.SMTPRecipientRefused():
                text = f"Not sent to anyone: {exc.recipient} was refused ({exc.code} {exc.message})"
            case aiosmtplib.SMTPResponseException() if not self._begun or isinstance(exc, aiosmtplib.SMTPDataError):
                text = f"Not sent: the mail server answered {exc.code} {exc.message}"
            case _ if self._begun:
                return Outcome(Ending.UNKNOWN, one_line(f"Sent, but the mail server did not confirm it: {_why(exc)}"))
            case _:
                lasting = isinstance(exc, aiosmtplib.SMTPNotSupported)
                return Outcome(Ending.FAILED, one_line(f"Not sent: {_why(exc)}"), again=not lasting)
        return Outcome(Ending.FAILED, one_line(text), again=400 <= exc.code < 500)


def _why(exc: Exception) -> str:
    return "no answer in time" if isinstance(exc, TimeoutError) else str(exc) or type(exc).__name__


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    return [value] if isinstance(value, str) else list(value)


def _line(field: str, value: Any) -> str:
    if _CONTROL.search(text := str(value)):
        raise ValueError(f"{field}: must be one line without control characters")
    return text


def _address(field: str, value: Any) -> Address:
    """Exactly one mailbox, with or without a name; an argument must not be able to add a second recipient."""
    text = _line(field, value).strip()
    if not (found := _ADDRESS.fullmatch(text)):
        raise ValueError(f"{field}: {text!r} is not one address like name@example.com; give several as a list")
    quoted, name, within, bare = found.groups()
    return Address((quoted or name or "").strip(), addr_spec=within or bare)
