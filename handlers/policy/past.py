"""The past through a file: what it would have said, and what rules it would bear out."""

import sys
import time

import typer

from bot.replay import Change, Past, Tally
from bot.suggest import Evidence
from handlers import config
from handlers import main as composition
from handlers.policy import words
from handlers.policy.words import show
from handlers.settings import Settings


async def show_replay(settings: Settings, book: config.Book, rows: int) -> None:
    tally, changes = Tally(), list[tuple[str, ...]]()
    async with composition.archive(settings) as archive:
        progress = Progress("replayed", await archive.count())
        async for page in archive.pages():
            for past in page.versions:
                made = tally.add(past, book.catalogue, book.policy)
                if made is not None and made.change is not Change.SAME and (not rows or len(changes) < rows):
                    changes.append(words.change_row(made, _hidden(book, past)))
            progress.on(page.requests)
        progress.end()
    if changes:
        show(words.table(changes, words.CHANGE_HEADING))
        if left := tally.versions - tally.unknown - tally.changes[Change.SAME] - len(changes):
            typer.echo(f"… and {left:,} more; --rows 0 lists all.")
        typer.echo()
    show(words.tally(tally))


def _hidden(book: config.Book, past: Past) -> frozenset[str]:
    action = book.catalogue.actions.get(past.action.name)
    return action.sensitive if action else frozenset()


async def show_suggestions(settings: Settings, book: config.Book, least: int) -> None:
    evidence = Evidence(book.catalogue)
    async with composition.archive(settings) as archive:
        progress = Progress("read", await archive.count())
        async for page in archive.pages():
            for past in page.versions:
                evidence.add(past)
            progress.on(page.requests)
        progress.end()
    found = evidence.suggestions(least)
    if not found:
        typer.echo(f"Nothing to suggest: no bounds hold at least {least} approvals and nothing that was refused.")
        return
    typer.echo("# For rules.route, above what they should go before. Read them first; none is applied.")
    for each in found:
        typer.echo()
        show(words.suggestion(each))


class Progress:
    """How far it is, on standard error: one line that changes on a terminal, one for each tenth elsewhere."""

    def __init__(self, verb: str, total: int) -> None:
        self._verb, self._total = verb, total
        self._done = self._tenths = 0
        self._begun = time.monotonic()
        self._terminal = sys.stderr.isatty()

    def on(self, more: int) -> None:
        self._done += more
        tenths = self._done * 10 // max(self._total, 1)
        if self._terminal:
            typer.echo(f"\r{self._told()}\x1b[K", err=True, nl=False)
        elif tenths > self._tenths:
            typer.echo(self._told(), err=True)
        self._tenths = max(tenths, self._tenths)

    def end(self) -> None:
        if self._terminal and self._done:
            typer.echo(err=True)

    def _told(self) -> str:
        took = max(time.monotonic() - self._begun, 1e-6)
        total = max(self._total, self._done)  # some may have been made meanwhile
        rate = self._done / took
        left = f", about {(total - self._done) / rate:.0f} s left" if 0 < self._done < total else ""
        percent = self._done * 100 // max(total, 1)
        return f"{self._verb} {self._done:,} of {total:,} requests ({percent} %), {rate:,.0f} a second{left}"
