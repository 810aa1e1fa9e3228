"""What every command shares: settings and file read or the mistake told, work run, an end with a sentence."""

import asyncio
import os
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import typer

from handlers import config
from handlers import main as composition
from handlers.settings import Settings, SettingsError

T = TypeVar("T")
ConfigPath = Annotated[Path | None, typer.Option("--config", "-c", help="The signoff.yaml to use (SIGNOFF_CONFIG).")]
_HERE = Path("signoff.yaml")
_FIRST = "There is no signoff.yaml here: signoff init writes one, and a .env beside it."


def settings_of(config_path: Path | None, *, needed: bool = True) -> Settings:
    """`needed`: Slack's tokens must be there."""
    try:
        beside = config_path.parent / ".env" if config_path else Path(".env")
        return Settings.read(config=config_path, needed=needed, env_file=beside)
    except SettingsError as error:
        none = needed and config_path is None and "SIGNOFF_CONFIG" not in os.environ and not _HERE.exists()
        stop("\n".join([*([_FIRST] if none else []), str(error)]))


def book_of(settings: Settings, *, offline: bool = False) -> config.Book:
    try:
        return config.load(settings.config, settings.environment, offline=offline)
    except config.ConfigError as error:
        stop(str(error))


def run(work: Coroutine[Any, Any, T], status: int = 1) -> T:
    """What it returns. Where it cannot begin: why, in a sentence, and this exit status."""
    try:
        return asyncio.run(work)
    except composition.STOPS as error:
        stop("\n".join(line if line.endswith((".", ")")) else f"{line}." for line in str(error).splitlines()), status)
    except KeyboardInterrupt:
        stop("Stopped.", 130)


def stop(text: str, code: int = 1) -> NoReturn:
    typer.echo(text, err=True)
    raise typer.Exit(code)
