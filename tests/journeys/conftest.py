import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import structlog

from handlers import logs
from tests.journeys.stage import Stage, staged


@pytest.fixture(autouse=True)
def _logs() -> Iterator[None]:
    """The bot logs as it does when it serves."""
    before = logging.root.handlers[:]
    logs.set_up()
    yield
    logging.root.handlers[:] = before
    structlog.reset_defaults()


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path) as made:
        yield made
