"""Structured logs: one JSON line a move, never arguments, words or secrets."""

import logging
import sys
from collections.abc import Iterable, MutableMapping
from typing import Any

import structlog

from bot.request import Step
from handlers.redact import redact

log = structlog.get_logger("moves")
_NOISY = ("slack_bolt", "slack_sdk", "aiohttp", "apscheduler", "openai", "httpx2", "httpcore2", "aiosqlite", "alembic")


def set_up(*, level: str = "info", plain: bool = False) -> None:
    """Every line goes to standard error as JSON (`plain`: for people to read), other libraries' warnings among them."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _masked,
    ]
    render = structlog.dev.ConsoleRenderer() if plain else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[*shared, render],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(processors=[_from_library, render], foreign_pre_chain=shared)
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)


def moved(steps: Iterable[Step]) -> None:
    """One line for each event that was committed."""
    for step in steps:
        for event in step.events:
            log.info(
                event.type,
                request=event.request_id,
                version=event.version,
                before=event.before.value if event.before else None,
                after=event.after.value if event.after else None,
                actor=f"{event.actor.kind}:{event.actor.id}",
                via=event.actor.via,
            )


def _masked(_: Any, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Tokens and keys that found their way into a text are masked, whoever wrote it."""
    texts = "\n".join(value for value in line.values() if isinstance(value, str))
    if redact(texts) == texts:  # one look at all of them costs a tenth of one at each
        return line
    return {key: redact(value) if isinstance(value, str) else value for key, value in line.items()}


def _from_library(_: Any, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {key: value for key, value in line.items() if not key.startswith("_")}
