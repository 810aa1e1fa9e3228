"""`run: email` against real SMTP servers: one that takes mail (aiosmtpd), and scripted ones that break off."""

import asyncio
import email
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd import smtp
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword

from bot.outcome import Ending, Job, Outcome
from handlers.executors.email import EmailExecutor, Security
from tests.handlers.test_egress import authority

FAILED, UNKNOWN, SUCCEEDED = Ending.FAILED, Ending.UNKNOWN, Ending.SUCCEEDED


def job(more: dict[str, Any] | None = None, *, key: str = "req_1.3", timeout: float = 5.0, **way: Any) -> Job:
    base = {"kind": "email", "to": "ada@example.com", "subject": "Hello", "text": "Hello, Ada."}
    return Job("req_1", 3, 1, key, base | way | (more or {}), timeout)


def executor(port: int, **more: Any) -> EmailExecutor:
    settings: dict[str, Any] = {"host": "127.0.0.1", "port": port, "sender": "Signoff <bot@example.org>"}
    return EmailExecutor(**(settings | {"security": Security.NONE} | more))


async def run(port: int, what: Job, **more: Any) -> Outcome:
    lines: list[str] = []
    return await executor(port, **more).run(what, lines.append)


# --- a server that takes mail ---------------------------------------------------------------------------------------


@dataclass
class Sink:
    """What an aiosmtpd server was handed."""

    port: int = 0
    envelopes: list[Envelope] = field(default_factory=list)
    logins: list[tuple[bytes, bytes]] = field(default_factory=list)

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:  # noqa: N802 (aiosmtpd's name)
        self.envelopes.append(envelope)
        return "250 taken as 4711"

    def login(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        if isinstance(data, LoginPassword):
            self.logins.append((data.login, data.password))
        return AuthResult(success=isinstance(data, LoginPassword) and data.password == b"right", handled=False)

    @property
    def messages(self) -> list[EmailMessage]:
        parsed = [email.message_from_bytes(each.content, policy=default) for each in self.envelopes]  # type: ignore[arg-type]
        return [each for each in parsed if isinstance(each, EmailMessage)]


@asynccontextmanager
async def sink(*, tls: ssl.SSLContext | None = None, **server: Any) -> AsyncIterator[Sink]:
    taken = Sink()
    made: list[smtp.SMTP] = []

    def serve() -> smtp.SMTP:
        made.append(smtp.SMTP(taken, hostname="mail.test", enable_SMTPUTF8=True, authenticator=taken.login, **server))
        return made[-1]

    listener = await asyncio.get_running_loop().create_server(serve, "127.0.0.1", 0, ssl=tls)
    taken.port = listener.sockets[0].getsockname()[1]
    try:
        yield taken
    finally:
        listener.close()
        for each in made:
            if each.transport is not None:
                each.transport.close()
            if each._handler_coroutine is not None:
                each._handler_coroutine.cancel()
                await asyncio.wait({each._handler_coroutine})
        await listener.wait_closed()


async def test_a_message_arrives_once_with_everything_it_should_have() -> None:
    async with sink() as taken:
        outcome = await run(
            taken.port,
            job(
                to=["Ada Lovelace <ada@example.com>", "grace@example.com"],
                cc="ADA Again <ada@example.com>",
                subject="Rückerstattung für ord_81 – 50 €",
                text="Grüße,\nSignoff\n.\n..dots\n" + "long " * 400 + "\n",
            ),
        )
        (envelope,), (message,) = taken.envelopes, taken.messages
    assert outcome.ending is SUCCEEDED
    assert outcome.summary == "The mail server took it for 2 recipient(s)"
    assert outcome.result == {
        "message_id": message["Message-ID"],
        "recipients": ["ada@example.com", "grace@example.com"],
        "answer": "250 taken as 4711",
    }
    assert envelope.mail_from == "bot@example.org"
    assert envelope.rcpt_tos == ["ada@example.com", "grace@example.com"]
    assert message["From"] == "Signoff <bot@example.org>"
    assert message["To"] == "Ada Lovelace <ada@example.com>, grace@example.com"
    assert message["Cc"] == "ADA Again <ada@example.com>"
    assert message["Subject"] == "Rückerstattung für ord_81 – 50 €"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Signoff-Request"] == "req_1"
    assert message["Date"].datetime is not None
    assert _text(message) == "Grüße,\nSignoff\n.\n..dots\n" + "long " * 400 + "\n"


async def test_the_message_id_follows_the_key() -> None:
    async with sink() as taken:
        for key in ("req_1.3", "req_1.3", "req_1.4", "x> <y\r\nBcc: e@example.com"):
            assert (await run(taken.port, job(key=key))).ending is SUCCEEDED
        ids = [message["Message-ID"] for message in taken.messages]
        extra = [message["Bcc"] for message in taken.messages]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3
    assert all(each.startswith("<signoff.") and each.endswith("@example.org>") for each in ids)
    assert extra == [None] * 4


async def test_a_way_may_name_its_own_sender() -> None:
    async with sink() as taken:
        assert (await run(taken.port, job({"from": "Finance <fin@example.net>"}))).ending is SUCCEEDED
    assert taken.envelopes[0].mail_from == "fin@example.net"
    assert taken.messages[0]["From"] == "Finance <fin@example.net>"


# --- nothing can be slipped in --------------------------------------------------------------------------------------

INJECTIONS = [
    "x\r\nBcc: eve@example.com",
    "x\nBcc: eve@example.com",
    "x\rBcc: eve@example.com",
    "x\r\n\r\n<html>body",
    "x\r\n Bcc: eve@example.com",
    "x\x00",
    "x\x0bBcc: eve@example.com",
    "x\x0cBcc: eve@example.com",
    "x\x1cBcc: eve@example.com",
    "x\x85Bcc: eve@example.com",
    "x\u2028Bcc: eve@example.com",
    "x\u2029Bcc: eve@example.com",
]
BAD_ADDRESSES = [
    "",
    "   ",
    "ada",
    "@example.com",
    "ada@",
    "ada@example.com, eve@example.com",
    "ada@example.com; eve@example.com",
    "ada@example.com eve@example.com",
    "friends: ada@example.com, eve@example.com;",
    "friends: ada@example.com;",
    "<ada@example.com> <eve@example.com>",
    "ada@example.com>, <eve@example.com",
    "ada@example.com> SIZE=1",
    '"ada eve"@example.com',
    '"x" <@relay:ada@example.com>',
    "ada@@example.com",
    "ada@exämple.com",
    "ädä@example.com",
    "ada@example.com\u200b",
    "ada@[127.0.0.1]",
    "undisclosed-recipients:;",
]


@pytest.mark.parametrize("value", INJECTIONS)
async def test_no_header_can_be_slipped_in_through_a_field(value: str) -> None:
    async with sink() as taken:
        for name in ("subject", "to", "cc", "from"):
            for given in (value, f"{value}@example.com", f"{value} <ada@example.com>"):
                outcome = await run(taken.port, job({name: given}))
                assert outcome.ending is FAILED
                assert outcome.summary.startswith(f"Not sent: {name}: ")
                assert outcome.summary.isprintable()
        assert taken.envelopes == []


@pytest.mark.parametrize("value", BAD_ADDRESSES)
async def test_an_address_is_exactly_one_address(value: str) -> None:
    async with sink() as taken:
        for name, given in (("to", value), ("to", ["ada@example.com", value]), ("cc", value), ("from", value)):
            if name == "from" and not value:
                continue  # none given: the default sender
            outcome = await run(taken.port, job({name: given}))
            assert outcome.ending is FAILED, (name, given)
            assert f"{name}: " in outcome.summary
        assert taken.envelopes == []


async def test_nobody_to_send_to_is_failed() -> None:
    assert (await run(1, job(to=[]))).summary == "Not sent: to: names nobody"


@pytest.mark.parametrize(
    "text",
    [
        "\r\n.\r\nMAIL FROM:<eve@example.com>\r\nRCPT TO:<eve@example.com>\r\nDATA\r\nsmuggled\r\n.\r\n",
        "\n.\nMAIL FROM:<eve@example.com>\nRCPT TO:<eve@example.com>\nDATA\nsmuggled\n.\n",
        "\r.\rMAIL FROM:<eve@example.com>\rRCPT TO:<eve@example.com>\rDATA\rsmuggled\r.\r",
        "\n.\r\nMAIL FROM:<eve@example.com>\r\nDATA\r\n",
        "\r\n.\rMAIL FROM:<eve@example.com>\r\n",
        ".\r\nQUIT\r\n",
        "Bcc: eve@example.com\r\n\r\nbody",
        "\r\n\r\nBcc: eve@example.com",
        "x\x00y\x0b\x0c\x85\u2028z",
        "",
    ],
)
async def test_a_text_cannot_end_the_message_early(text: str) -> None:
    async with sink() as taken:
        outcome = await run(taken.port, job(text=text))
    assert outcome.ending is SUCCEEDED
    assert len(taken.envelopes) == 1
    assert taken.envelopes[0].rcpt_tos == ["ada@example.com"]
    (message,) = taken.messages
    assert message["Bcc"] is None
    lines = text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n").split("\n")
    assert _text(message).rstrip("\n").split("\n") == lines


def _text(message: EmailMessage) -> str:
    return str(message.get_content()).replace("\r\n", "\n")


# --- TLS and login --------------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")  # it knows only STARTTLS
async def test_login_happens_over_tls_only(tmp_path: Path) -> None:
    with authority(tmp_path, "localhost") as made:
        account = {"host": "localhost", "username": "bot", "password": "right", "tls": made.trust}
        async with sink(tls_context=made.serve, require_starttls=True, auth_required=True) as taken:
            outcome = await run(taken.port, job(), security=Security.STARTTLS, **account)
            assert outcome.ending is SUCCEEDED, outcome
            assert taken.logins == [(b"bot", b"right")]
        async with sink(tls=made.serve, auth_require_tls=False, auth_required=True) as taken:
            assert (await run(taken.port, job(), security=Security.TLS, **account)).ending is SUCCEEDED
            wrong = account | {"password": "wrong-canary"}
            outcome = await run(taken.port, job(), security=Security.TLS, **wrong)
            assert outcome.ending is FAILED
            assert not outcome.again
            assert "535" in outcome.summary
            assert "canary" not in repr(outcome)
            assert len(taken.envelopes) == 1
        async with sink(auth_require_tls=False) as taken:  # offers no STARTTLS: nothing goes on in clear
            outcome = await run(taken.port, job(), security=Security.STARTTLS, **account)
            assert outcome.ending is FAILED
            assert "STARTTLS" in outcome.summary
            assert taken.logins == []
            assert taken.envelopes == []
        async with sink(tls=made.serve) as taken:
            outcome = await run(taken.port, job(), security=Security.TLS, host="localhost")  # not our authority
            assert outcome.ending is FAILED
            assert taken.envelopes == []


def test_a_password_is_never_sent_in_clear_to_another_machine() -> None:
    with pytest.raises(ValueError, match="in clear"):
        executor(25, host="mail.example.com", username="bot", password="x")
    executor(25, host="localhost", username="bot", password="x")


def test_a_default_sender_that_is_no_address_is_refused_at_the_start() -> None:
    with pytest.raises(ValueError, match="default sender"):
        executor(25, sender="Signoff")


# --- servers that refuse and break off ------------------------------------------------------------------------------

Script = dict[str, str | None]
GOOD: Script = {"hello": "220 hi", "EHLO": "250 mail.test", "MAIL": "250 ok", "RCPT": "250 ok", "DATA": "354 go"}
GOOD |= {".": "250 taken", "QUIT": "221 bye"}
SILENCE = "silence"


@asynccontextmanager
async def scripted(script: Script) -> AsyncIterator[tuple[int, list[str]]]:
    """A server that answers each command from a script; None breaks the connection off, SILENCE says nothing more."""
    commands: list[str] = []
    tasks: set[asyncio.Task[Any]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await _talk(script, reader, writer, commands)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()
            tasks.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], commands
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()


async def _talk(
    script: Script, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, commands: list[str]
) -> None:
    line, in_data = "hello", False
    while True:
        if in_data:
            if script.get("content", "") is None:
                return
            word = "." if line == "." else ""
        else:
            word = line if line in script else line.partition(" ")[0]
            commands.append(line)
        if word:
            answer = script.get(word, "500 what")
            if answer is None:
                return
            if answer == SILENCE:
                await reader.read()
                return
            writer.write(f"{answer}\r\n".encode())
            await writer.drain()
            in_data = answer.startswith("354")
        if not (raw := await reader.readline()):
            return
        line = raw.decode().rstrip("\r\n")


AGAIN, FINAL = True, False


@pytest.mark.parametrize(
    ("change", "ending", "again"),
    [
        ({}, SUCCEEDED, False),
        ({"QUIT": None}, SUCCEEDED, False),
        ({"QUIT": SILENCE}, SUCCEEDED, False),
        # before the message: nothing was accepted
        ({"hello": None}, FAILED, AGAIN),
        ({"hello": SILENCE}, FAILED, AGAIN),
        ({"hello": "421 busy"}, FAILED, AGAIN),
        ({"hello": "554 go away"}, FAILED, FINAL),
        ({"EHLO": None}, FAILED, AGAIN),
        ({"MAIL": "451 later"}, FAILED, AGAIN),
        ({"MAIL": "550 not you"}, FAILED, FINAL),
        ({"MAIL": None}, FAILED, AGAIN),
        ({"RCPT": "450 later"}, FAILED, AGAIN),
        ({"RCPT": "550 unknown"}, FAILED, FINAL),
        ({"RCPT": None}, FAILED, AGAIN),
        ({"RCPT": SILENCE}, FAILED, AGAIN),
        ({"DATA": "451 later"}, FAILED, AGAIN),
        ({"DATA": "554 no"}, FAILED, FINAL),
        # the message was refused as a whole
        ({".": "451 later"}, FAILED, AGAIN),
        ({".": "452 full"}, FAILED, AGAIN),
        ({".": "552 too big"}, FAILED, FINAL),
        ({".": "554 spam"}, FAILED, FINAL),
        # after DATA: nobody can say
        ({"DATA": None}, UNKNOWN, FINAL),
        ({"content": None}, UNKNOWN, FINAL),
        ({".": None}, UNKNOWN, FINAL),
        ({".": SILENCE}, UNKNOWN, FINAL),
        ({".": "what?"}, UNKNOWN, FINAL),
    ],
)
async def test_each_way_a_server_can_fail_has_its_ending(change: Script, ending: Ending, again: bool) -> None:
    async with scripted(GOOD | change) as (port, _):
        outcome = await run(port, job(timeout=0.5 if SILENCE in change.values() else 5.0))
    assert outcome.ending is ending, outcome
    assert outcome.again is again
    assert outcome.summary.isprintable()


async def test_one_refused_recipient_keeps_the_message_from_all() -> None:
    script = GOOD | {"RCPT TO:<grace@example.com>": "550 unknown\x1b[31m"}
    async with scripted(script) as (port, commands):
        outcome = await run(port, job(to=["ada@example.com", "grace@example.com", "alan@example.com"]))
    assert outcome.ending is FAILED
    assert "grace@example.com" in outcome.summary
    assert outcome.summary.isprintable()
    assert "DATA" not in commands


async def test_nobody_listening_is_failed_and_may_be_tried_again() -> None:
    async with scripted(GOOD) as (port, _):
        pass
    outcome = await run(port, job())
    assert outcome.ending is FAILED
    assert outcome.again


async def test_cancelling_closes_the_connection() -> None:
    async with scripted(GOOD | {".": SILENCE}) as (port, commands):
        task = asyncio.create_task(run(port, job()))
        async with asyncio.timeout(5):
            await _until(lambda: "DATA" in commands)
            task.cancel()
            await asyncio.wait({task})
        assert task.cancelled()


async def _until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 (polled, under the caller's deadline)
        await asyncio.sleep(0.005)
