"""The commands, their options and their help."""

from pathlib import Path
from typing import Annotated

import typer

from bot.policy import FLAGS
from bot.request import Asker
from bot.suggest import LEAST
from handlers import config, logs
from handlers.policy import words
from handlers.policy.explaining import Given, explain_given, explain_request
from handlers.policy.past import show_replay, show_suggestions
from handlers.policy.written import SPANS, action_of, arguments_of, history_of, moment_of, pairs_of, plan_of
from handlers.settings import Settings
from handlers.terminal import ConfigPath, book_of, run, settings_of, stop
from handlers.words import choice

app = typer.Typer(
    no_args_is_help=True,
    help="The rules: test them on cases, explain a decision, replay the past through a changed file, get suggestions.",
)


@app.command("test")
def try_cases(
    config_path: ConfigPath = None,
    cases: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, help="More cases, in a YAML file that holds `tests:` and nothing else."
        ),
    ] = None,
) -> None:
    """Try the rules on cases: those under `tests:` of signoff.yaml, and those of a file beside it (--cases).

    A case names an action, its arguments and what must be said: allow, deny, ask, or {ask: [a group for each stage]}.
    It may say who asks, the plan, the history, the context, the time and the risk it must come to.

    Prints pass or FAIL with the rule that decided; exit status 1 when a case fails. Neither Slack nor the database is
    asked.
    """
    book = _book(config_path)
    try:
        results = config.run_cases(book, config.load_cases(cases, book) if cases else ())
    except config.ConfigError as error:
        stop(str(error))
    if not results:
        stop(f"There are no cases: write some under `tests:` of {book.source}, or name a file with --cases.", 0)
    words.show(words.cases(results))
    if not all(result.passed for result in results):
        raise typer.Exit(1)


@app.command("explain")
def explain_(
    action: Annotated[str | None, typer.Argument(help="An action of signoff.yaml; not with --request.")] = None,
    arguments: Annotated[list[str] | None, typer.Argument(metavar="[name=value]…", help="Its arguments.")] = None,
    config_path: ConfigPath = None,
    request: Annotated[str | None, typer.Option(help="Explain this request of the database instead.")] = None,
    person: Annotated[str | None, typer.Option("--as", help="Who asks, by Slack id: U…")] = None,
    agent: Annotated[str | None, typer.Option(help="An API client asks; --as is then whom it acts for.")] = None,
    groups: Annotated[
        str | None, typer.Option(help="The requester's groups: a,b. Default: looked up in Slack, or none.")
    ] = None,
    confidence: Annotated[
        float | None, typer.Option(min=0, max=1, help="As if a model had planned it, this sure.")
    ] = None,
    flag: Annotated[list[str] | None, typer.Option(help=f"A flag of the plan: {choice(FLAGS)}.")] = None,
    history: Annotated[
        list[str] | None, typer.Option(help=f"How often they asked before, such as last_hour=3; {choice(SPANS)}.")
    ] = None,
    context: Annotated[list[str] | None, typer.Option(help="What else is known, as name=text.")] = None,
    now: Annotated[str | None, typer.Option(help="The time, such as 2026-03-02T12:00:00Z. Default: now.")] = None,
    offline: Annotated[bool, typer.Option("--offline", help="Do not ask Slack who is in which group.")] = False,
) -> None:
    """Say why: each rule that is tried, why it holds or not, the route, and who could approve now.

    Either for arguments that nobody has sent (signoff policy explain refund order=ord_1 amount=60 --as U0ANA), or for
    a request (--request ID), on what was stored when it was decided on. Nothing is made, sent or recorded.

    Sensitive arguments take no part in rules: leave them out. Without Slack's settings, or with --offline, nobody is
    looked up.
    """
    logs.set_up(level="error")
    settings = settings_of(config_path, needed=False)
    book = book_of(settings, offline=True)
    live = settings.slack_bot_token is not None and not offline
    if request is not None:
        if action is not None:
            stop("Give either an action with its arguments or --request, not both.")
        run(explain_request(settings, book, request, live=live))
        return
    if action is None:
        stop("Name an action and its arguments, such as: signoff policy explain refund amount=60. Or use --request ID.")
    given = Given(
        action=action_of(book, action),
        args=arguments_of(action_of(book, action), pairs_of(arguments or [])),
        asker=Asker(client=agent, acts_for=person) if agent else Asker(person=person),
        groups=None if groups is None else tuple(filter(None, (each.strip() for each in groups.split(",")))),
        plan=plan_of(confidence, flag or []),
        history=history_of(pairs_of(history or [])),
        context=pairs_of(context or []),
        now=moment_of(now),
    )
    run(explain_given(settings, book, given, live=live))


@app.command()
def replay(
    changed: Annotated[
        Path | None,
        typer.Argument(exists=True, dir_okay=False, help="The changed signoff.yaml. Default: the one in use."),
    ] = None,
    config_path: ConfigPath = None,
    rows: Annotated[int, typer.Option(min=0, help="How many changes to list; 0 lists all.")] = 50,
) -> None:
    """Put everything that was ever asked through a changed file, and say what would be different.

    Each version is decided again on what was stored with it: the requester's groups and history, the time, the plan.
    Prints how many would now be allowed, denied or asked differently, with what people had decided on them, and how
    many cards and minutes of waiting that saves or adds. Nothing is changed; it can run while Signoff serves.

    An edited version that would be allowed still takes one approval. Added waiting is an estimate: the median wait for
    the same action.
    """
    logs.set_up(level="error")
    settings = settings_of(config_path, needed=False)
    book = _loaded(changed, settings) if changed else book_of(settings, offline=True)
    run(show_replay(settings, book, rows))


@app.command()
def suggest(
    config_path: ConfigPath = None,
    least: Annotated[int, typer.Option(min=LEAST, help="How many approvals a suggestion takes.")] = LEAST,
) -> None:
    """Print rules that past decisions would bear out. They are never applied: read them, and paste what you mean.

    Only bounds on numbers and single values of a choice, only at low and medium risk, only where people approved at
    least twenty times and refused or rewrote nothing within. Each comes with the nearest that was refused.

    Try one before you use it: put it into a copy of signoff.yaml, and run signoff policy replay on the copy.
    """
    logs.set_up(level="error")
    settings = settings_of(config_path, needed=False)
    run(show_suggestions(settings, book_of(settings, offline=True), least))


def _book(config_path: Path | None) -> config.Book:
    return book_of(settings_of(config_path, needed=False), offline=True)


def _loaded(path: Path, settings: Settings) -> config.Book:
    try:
        return config.load(path, settings.environment, offline=True)
    except config.ConfigError as error:
        stop(str(error))
