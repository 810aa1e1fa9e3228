"""A mail server that keeps what it is given, and delivers nothing."""

import asyncio
import email
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope

from handlers.demo.services.records import Effect, Records


class MailServer:
    """SMTP on loopback. Mails are kept in `folder`; `url` is how to reach it."""

    def __init__(self, folder: Path, *, port: int = 0) -> None:
        self.records = Records(folder / "mail.json", "ml")
        self.url = ""
        self._port = port
        self._server: asyncio.Server | None = None
        self._sessions: list[SMTP] = []

    async def start(self) -> str:
        self._server = await asyncio.get_running_loop().create_server(self._session, "127.0.0.1", self._port)
        self.url = f"smtp://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self.url

    async def stop(self) -> None:
        if self._server is None:
            return
        self._server.close()
        for session in self._sessions:
            if session.transport is not None:
                session.transport.close()
            if (task := session._handler_coroutine) is not None:  # noqa: SLF001 (aiosmtpd leaves it pending)
                task.cancel()
                await asyncio.wait({task})
        await self._server.wait_closed()
        self._server = None

    def effects(self) -> list[Effect]:
        return self.records.effects("mail", lambda mail: f"Sent mail to {', '.join(mail['to'])}: {mail['subject']}")

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Envelope) -> str:  # noqa: N802 (aiosmtpd's name)
        content = envelope.content if isinstance(envelope.content, bytes) else str(envelope.content).encode()
        message = email.message_from_bytes(content, policy=default)
        text = message.get_content() if isinstance(message, EmailMessage) and not message.is_multipart() else ""
        self.records.add(
            str(message["Message-ID"] or "") or None,
            {
                "from": str(envelope.mail_from),
                "to": [str(address) for address in envelope.rcpt_tos],
                "subject": str(message["Subject"] or ""),
                "text": "\n".join(str(text).splitlines()),
            },
        )
        return "250 taken"

    def _session(self) -> SMTP:
        self._sessions = [session for session in self._sessions if session.transport is not None]
        self._sessions.append(SMTP(self, hostname="demo.localhost", enable_SMTPUTF8=True))
        return self._sessions[-1]
