"""The command line: it reads settings and file, tells mistakes in sentences, and hands over to what `main` builds."""

import secrets
import sys
from pathlib import Path
from typing import Annotated

import orjson
import typer

from handlers import config, logs, policy
from handlers import main as composition
from handlers.cards.words import count
from handlers.manifest import manifest
from handlers.terminal import ConfigPath, book_of, run, settings_of, stop

try:
    from handlers import demonstration
except ModuleNotFoundError as missing:
    if (missing.name or "").partition(".")[0] != "aiosmtpd":
        raise
    demonstration = None  # type: ignore[assignment] # the extra `demo` is not installed; everything else works

UNREADABLE = 3
app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="A Slack bot that stands between a request and the action.",
    epilog="Begin with: signoff demo. It needs no account, no key and no network.",
)
audit = typer.Typer(no_args_is_help=True, help="The audit trail: verify it, export it.")
app.add_typer(audit, name="audit")
app.add_typer(policy.app, name="policy")
Port = Annotated[int, typer.Option(help="Port of the web page; 0 takes a free one.")]


def main() -> None:
    """The console script."""
    app()


@app.command()
def demo(
    tour: Annotated[bool, typer.Option("--tour", help="Play one approval of each kind here, and end.")] = False,
    port: Port = 8484,
    browser: Annotated[bool, typer.Option(help="Open the page in a browser, where there is one.")] = True,
) -> None:
    """Try it now: a small Slack in a web page, the real bot behind it, actions with real local effects."""
    if demonstration is None:
        stop("The demo needs one more package: pip install 'signoff[demo]'.")
    logs.set_up(level="warning", plain=True)
    raise typer.Exit(run(demonstration.tour() if tour else demonstration.demo(port, browser=browser)))


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="Where to write signoff.yaml and .env.")] = Path(),
) -> None:
    """Write a commented signoff.yaml, a .env with a fresh secret key and the Slack app's manifest; say what is next."""
    book, env, app_manifest = folder / "signoff.yaml", folder / ".env", folder / "manifest.yml"
    kept = app_manifest.exists()
    for path in (book, env):
        if path.exists():
            stop(f"{path} is there already and is left as it is; move it away, or name another folder.")
    if not folder.is_dir():
        stop(f"There is no folder {folder}; make it first.")
    try:
        env.touch(mode=0o600)
        env.write_text(_ENV.format(key=secrets.token_hex(32)))
        book.write_text(config.template())
        if not kept:
            app_manifest.write_text(manifest())
    except OSError as error:
        for path in (env, book):
            path.unlink(missing_ok=True)
        stop(f"{error.filename} cannot be written ({error.strerror}); name a folder that can be.")
    here = "" if folder == Path() else f" --config {book}"
    typer.echo(f"{app_manifest} was there already and is left as it is." if kept else f"Wrote {app_manifest}.")
    typer.echo(_NEXT.format(book=book, env=env, manifest=app_manifest, here=here))


@app.command()
def serve(
    config_path: ConfigPath = None, plain_logs: Annotated[bool, typer.Option(help="Logs to read.")] = False
) -> None:
    """Run the bot: over HTTP with SLACK_SIGNING_SECRET, by Socket Mode with SLACK_APP_TOKEN, or both."""
    logs.set_up(plain=plain_logs)
    settings = settings_of(config_path)
    run(composition.serve(settings, book_of(settings)))


@app.command()
def reload(
    config_path: ConfigPath = None,
    wait: Annotated[float, typer.Option(min=1, help="Seconds to wait for those that serve.")] = 15,
) -> None:
    """Have every process that serves load its signoff.yaml again, as SIGHUP does for one; say what each made of it.

    A file with a mistake changes nothing. What is open keeps its rules; only new versions see new ones. What comes
    from the environment or .env, and Python code that is imported already, changes only at a restart.

    Exit status 0 taken by all, 1 refused (every mistake is told), 3 nobody serves or somebody did not answer.
    """
    asked = run(composition.ask_to_reload(settings_of(config_path, needed=False), wait), UNREADABLE)
    for server in asked.answered:
        if server.answer is not None:
            taken, short = server.answer.taken, server.answer.version[:12]
            how = f"taken, {short} is in force" if taken else f"NOT taken, {short} from before stays in force"
            typer.echo(f"{server.name}: {how}.", err=not taken)
            for line in server.answer.told:
                typer.echo(f"  {line}", err=not taken)
    for server in asked.silent:
        typer.echo(f"{server.name}: no answer. Is it still there? Its log says more.", err=True)
    if not asked.answered and not asked.silent:
        stop("Nobody serves this database: signoff serve reads the file when it starts.", UNREADABLE)
    if any(server.answer and not server.answer.taken for server in asked.answered):
        raise typer.Exit(1)
    if asked.silent:
        raise typer.Exit(UNREADABLE)
    typer.echo(_AT_A_RESTART)


@app.command()
def check(
    config_path: ConfigPath = None,
    offline: Annotated[bool, typer.Option("--offline", help="Only read the file; do not ask Slack.")] = False,
) -> None:
    """Look for what would go wrong: signoff.yaml, its test cases, the app's scopes, channels and people."""
    logs.set_up(level="error")
    settings = settings_of(config_path, needed=not offline)
    book = book_of(settings, offline=offline)
    actions, groups = count(len(book.catalogue.offered()), "action"), count(len(book.catalogue.groups), "group")
    typer.echo(f"{settings.config}: {actions}, {groups}, well formed.")
    for warning in book.warnings:
        typer.echo(f"{warning}")
    failed = [result for result in config.run_cases(book) if not result.passed]
    for result in failed:
        typer.echo(f"tests: {result}")
    found = [] if offline else run(composition.troubles(settings, book))
    for trouble in found:
        typer.echo(trouble)
    if failed or found:
        raise typer.Exit(1)
    well = "The file is well" if offline else "All is well"
    typer.echo(f"{well}, apart from what is said above." if book.warnings else f"{well}.")


@app.command()
def schema() -> None:
    """Print the JSON Schema of signoff.yaml, for your editor."""
    sys.stdout.buffer.write(orjson.dumps(config.file_schema(), option=orjson.OPT_INDENT_2) + b"\n")


@audit.command("verify")
def audit_verify(
    export: Annotated[
        Path | None, typer.Argument(help="An export to verify offline; else the database is read.")
    ] = None,
    gaps: Annotated[bool, typer.Option("--gaps", help="The export is of one request: others are left out.")] = False,
) -> None:
    """Verify the audit trail: exit status 0 good, 1 broken (the first bad line is named), 3 not readable."""
    found = (
        composition.verify_export(export, gaps=gaps)
        if export
        else run(composition.verify_database(settings_of(None, needed=False)), UNREADABLE)
    )
    typer.echo(found.text, err=found.status == UNREADABLE)
    raise typer.Exit(found.status)


@audit.command("export")
def audit_export(
    request: Annotated[str | None, typer.Option(help="Only the events of this request.")] = None,
) -> None:
    """Write the audit trail to standard output, as JSON lines."""
    written = run(composition.export(settings_of(None, needed=False), sys.stdout.buffer, request), UNREADABLE)
    if request and not written:
        stop(f"There is no request {request}; without --request every event is written.")


_AT_A_RESTART = "Settings (the environment, .env) and Python code that is imported already change only at a restart."
_ENV = """\
# Secrets of Signoff. Keep this file to yourself.
SLACK_BOT_TOKEN=
# One of these two: an app-level token (Socket Mode), or the signing secret (HTTP).
SLACK_APP_TOKEN=
SLACK_SIGNING_SECRET=
# Seals sensitive arguments in the database. Without it they cannot be read again: back it up.
SIGNOFF_SECRET_KEY={key}
# Any OpenAI-compatible endpoint; without one, free words lead to the form.
OPENAI_API_KEY=
OPENAI_BASE_URL=
SIGNOFF_MODEL=
"""
_NEXT = """\
Wrote {book} and {env}.
1. Make the Slack app: api.slack.com/apps, Create New App, From a manifest; paste {manifest}. Install it.
2. Put two of its tokens into {env}: the Bot User OAuth Token (OAuth & Permissions, xoxb-…), and an app-level
   token with the scope connections:write (Basic Information, xapp-…).
3. Put your channel and your people's ids into {book}, where it says CHANGE, and invite the bot: /invite @signoff
4. signoff check{here}
5. signoff serve{here}
"""


if __name__ == "__main__":
    main()
