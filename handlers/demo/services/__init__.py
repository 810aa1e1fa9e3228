"""What the demo's actions act upon: small services of its own, all on this machine, all with effects that last.

    async with Services(folder) as services:
        services.places()      # what the sample catalogue needs to know: addresses, paths
        services.billing.next(Mood.RESET)      # the next refund is made, and its answer lost
        services.effects()     # everything that was really done, the oldest first

It knows nothing of who asked, who approved, or that anybody had to.
"""

import sys
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from handlers.demo.services import cleanup, pages
from handlers.demo.services.desk import Mood, Service
from handlers.demo.services.mail import MailServer
from handlers.demo.services.records import Effect
from handlers.demo.services.trades import BANK, BILLING, DESK, LEDGER

__all__ = ["Effect", "Mood", "Service", "Services"]


class Services:
    """All of them, in one folder. They may be stopped and started again on it: what was done stays done.

    `ports` (name → port) keeps the addresses the same over restarts; without it the system chooses.
    """

    def __init__(self, folder: Path, *, ports: dict[str, int] | None = None) -> None:
        given = ports or {}
        folder.mkdir(parents=True, exist_ok=True)
        self.database = folder / "analytics.db"
        self.site = folder / "site"
        self.billing, self.ledger, self.bank, self.desk = (
            Service(trade, folder, port=given.get(trade.name, 0)) for trade in (BILLING, LEDGER, BANK, DESK)
        )
        self.mail = MailServer(folder, port=given.get("mail", 0))
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        self.site.mkdir(exist_ok=True)
        cleanup.prepare(self.database)
        async with AsyncExitStack() as stack:  # where one cannot start, those before it are stopped again
            for service in (self.billing, self.ledger, self.bank, self.desk, self.mail):
                await service.start()
                stack.push_async_callback(service.stop)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    def places(self) -> dict[str, str]:
        """What stands between @ signs in the sample catalogue, as far as it is about services."""
        return {
            "billing": self.billing.url,
            "ledger": self.ledger.url,
            "bank": self.bank.url,
            "desk": self.desk.url,
            "python": sys.executable,
            "root": str(Path(__file__).parents[3]),
            "database": str(self.database.resolve()),
            "site": str(self.site.resolve()),
        }

    def effects(self) -> list[Effect]:
        everything = [
            *(effect for service in (self.billing, self.ledger, self.bank, self.desk) for effect in service.effects()),
            *self.mail.effects(),
            *cleanup.effects(self.database),
            *pages.effects(self.site),
        ]
        return sorted(everything, key=lambda effect: str(effect["at"]))
