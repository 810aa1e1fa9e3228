"""What is wrong at the start ends in one sentence that names it and what helps; nothing is half done."""

import asyncio
import json
import os
import socket
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path

from handlers.clock import Clock
from handlers.config import template
from handlers.demo.slack import Channel, Fault, LocalSlack
from handlers.main import verify_export
from handlers.settings import Settings
from store import open_store
from tests.journeys.stage import environment_for, staged, workspace
from tests.journeys.terminal import ROOT, Ran, files, plain, refused, signoff

NOWHERE = {  # well formed, and nobody listens there
    "SLACK_BOT_TOKEN": "xoxb-0-0",
    "SLACK_SIGNING_SECRET": "0123456789abcdef",
    "SLACK_API_URL": "http://127.0.0.1:1/api/",
    "SIGNOFF_SECRET_KEY": "4e" * 32,
}


async def each(work: Mapping[str, Awaitable[Ran]]) -> dict[str, Ran]:
    """All of them, as many at once as this machine has cores."""

    cores = asyncio.Semaphore(os.cpu_count() or 2)

    async def one(doing: Awaitable[Ran]) -> Ran:
        async with cores:
            return await doing

    return dict(zip(work, await asyncio.gather(*map(one, work.values())), strict=True))


# ── signoff.yaml ────────────────────────────────────────────────────────────────────────────────────────────────

# Twelve mistakes of twelve kinds in the first file of a newcomer: how it comes to have each, where, what must be told.
MISTAKES: Sequence[tuple[str, str, Sequence[str]]] = (
    ("version: 1", "version: 2", ["version", "use 1"]),
    ("operators: [U0EXAMPLE1]", "operators: [U0EXAMPLE1, managers]", ["managers", "the name of a group"]),
    ("[U0EXAMPLE1, U0EXAMPLE2]", "[rita, U0EXAMPLE2]", ["rita", "Copy member ID"]),
    ("Announce: {text}", "Announce: {txet}", ["{txet}", "there is text"]),
    ("risk: medium ", "risk: medium\n    risk: low ", ["risk", "twice", "keep one of them"]),
    ("required: [text]", "required: [text, place]", ["place", "use text"]),
    ("risk: low\n", "risk: tiny\n", ["tiny", "use low, medium, high or critical"]),
    ("maximum: 100,", "maximum: many,", ["maximum", "many", "number"]),
    ('[echo, "Hello {name}, {times} times"]', "echo Hello", ["echo Hello", "write [a, b]"]),
    ("timeout: 10s", "timeuot: 10s", ["timeuot", "did you mean timeout?"]),
    ("args.times > 10", "args.times >", ["args.times >", "does not read as a condition"]),
    ("now.getHours", "nwo.getHours", ["nwo", "now"]),
)

# A file of which nothing can be read: what stands there, and what must be told.
UNREADABLE: Mapping[str, tuple[bytes, Sequence[str]]] = {
    "a bracket too few": (b"version: 1\npeople:\n  approvers: {users: [U0EXAMPLE1}\n", ["signoff.yaml:3", "]"]),
    "a tab": (b"version: 1\nslack:\n\tchannel: x\n", ["signoff.yaml:3", "a tab stands", "indent with spaces"]),
    "another encoding": (b"version: 1\n# \xff\n", ["signoff.yaml:2", "not UTF-8", "save the file as UTF-8"]),
    "nothing": (b"", ["signoff.yaml:1", "the file is empty", "signoff init"]),
}


async def test_a_file_with_twelve_kinds_of_mistakes_is_told_all_of_them(tmp_path: Path) -> None:
    text = template()
    for this, that, _ in MISTAKES:
        assert text.count(this) == 1, this
        text = text.replace(this, that)
    (tmp_path / "signoff.yaml").write_text(text)
    before = files(tmp_path)

    ran = await signoff("serve", folder=tmp_path, **NOWHERE)

    refused(ran, lines=len(MISTAKES))
    in_order = sorted(MISTAKES, key=lambda mistake: text.index(mistake[1]))
    for line, (_, that, words) in zip(ran.err.splitlines(), in_order, strict=True):
        number = text[: text.index(that) + len(that.rstrip())].count("\n") + 1
        assert line.startswith(f"signoff.yaml:{number}: "), line
        for word in words:
            assert word in line, line
    assert files(tmp_path) == before


async def test_a_file_that_cannot_be_read_is_told_in_one_sentence(tmp_path: Path) -> None:
    folders = {name: tmp_path / str(number) for number, name in enumerate(UNREADABLE)}
    for name, folder in folders.items():
        folder.mkdir()
        (folder / "signoff.yaml").write_bytes(UNREADABLE[name][0])
    ran = await each({name: signoff("check", folder=folder, **NOWHERE) for name, folder in folders.items()})
    for name, (_, words) in UNREADABLE.items():
        refused(ran[name], *words)
        assert files(folders[name]) == {"signoff.yaml"}


# ── settings ────────────────────────────────────────────────────────────────────────────────────────────────────

SETTINGS: Mapping[str, tuple[str, Sequence[str]]] = {
    "SLACK_BOT_TOKEN": (
        "xapp-1-2",
        ["is an app-level token (that is SLACK_APP_TOKEN)", "use the Bot User OAuth Token"],
    ),
    "SLACK_APP_TOKEN": ("xoxb-1-2", ["is no app-level token", "connections:write"]),
    "SLACK_SIGNING_SECRET": ("abc", ["is no signing secret", "Basic Information"]),
    "SLACK_API_URL": ("http://slack.example.com/api/", ["is not encrypted", "https://"]),
    "SIGNOFF_SECRET_KEY": ("secret", ["openssl rand -hex 32"]),
    "SIGNOFF_LISTEN": ("3000", ["write host:port, such as 127.0.0.1:3000"]),
    "SIGNOFF_DATABASE_URL": ("signoff.db", ["write sqlite:///signoff.db"]),
    "OPENAI_BASE_URL": ("localhost:11434", ["is no URL", "https://"]),
    "SIGNOFF_MODEL": ("", ["is missing", "name the model to ask"]),
    "SIGNOFF_SMTP_URL": ("mail.example.com", ["smtp://"]),
    "SIGNOFF_MAIL_FROM": ("Signoff", ["signoff@example.com"]),
}


async def test_settings_that_are_wrong_are_all_named_with_what_they_must_be(tmp_path: Path) -> None:
    (tmp_path / "signoff.yaml").write_text(template())
    ran = await signoff("serve", folder=tmp_path, **{name: value for name, (value, _) in SETTINGS.items()})
    refused(ran, lines=len(SETTINGS))
    for name, (_, words) in SETTINGS.items():
        (line,) = [line for line in ran.err.splitlines() if line.startswith(f"{name} ")]
        assert all(word in line for word in words), line
    assert files(tmp_path) == {"signoff.yaml"}


async def test_a_newcomer_without_anything_is_shown_the_way(tmp_path: Path) -> None:
    refused(await signoff("serve", folder=tmp_path), "no signoff.yaml", "signoff init", "SLACK_BOT_TOKEN", lines=4)
    assert files(tmp_path) == set()

    made = await signoff("init", folder=tmp_path)
    assert (made.status, made.err) == (0, "")
    assert files(tmp_path) == {"signoff.yaml", ".env", "manifest.yml"}
    assert (tmp_path / ".env").stat().st_mode & 0o777 == 0o600

    kept = (tmp_path / ".env").read_text()
    refused(await signoff("init", folder=tmp_path), "signoff.yaml is there already", "name another folder")
    assert (tmp_path / ".env").read_text() == kept

    refused(await signoff("check", folder=tmp_path), "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", lines=2)
    offline = await signoff("check", "--offline", folder=tmp_path)
    assert (offline.status, offline.err) == (0, "")
    assert "The file is well." in offline.out


async def test_init_writes_all_or_nothing(tmp_path: Path) -> None:
    ran = await each(
        {
            "no folder": signoff("init", "nowhere", folder=tmp_path),
            "not ours": signoff("init", "/proc", folder=tmp_path),
        }
    )
    refused(ran["no folder"], "There is no folder nowhere", "make it first")
    refused(ran["not ours"], "/proc/.env cannot be written", "name a folder that can be")
    assert files(tmp_path) == set()


# ── serving ─────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Place:
    """A workspace, and a folder with a signoff.yaml for it."""

    slack: LocalSlack
    folder: Path
    environment: Mapping[str, str]

    async def serve(self, **more: str) -> Ran:
        return await signoff("serve", folder=self.folder, **{**self.environment, **more})

    async def check(self, **more: str) -> Ran:
        return await signoff("check", folder=self.folder, **{**self.environment, **more})


@asynccontextmanager
async def placed(folder: Path, text: str = template()) -> AsyncIterator[Place]:
    async with workspace() as slack:
        (folder / "signoff.yaml").write_text(text)
        yield Place(slack, folder, environment_for(slack, folder))


async def test_a_start_that_slack_does_not_let_in_makes_nothing(tmp_path: Path) -> None:
    async with placed(tmp_path) as place:
        slack = place.slack
        wrong = await place.serve(SLACK_BOT_TOKEN="xoxb-1-2")
        wrong_app = await place.serve(SLACK_APP_TOKEN="xapp-1-2")
        slack.faults.next("auth.test", Fault.http(503))
        busy = await place.serve()
        slack.faults.next("auth.test", Fault.dropped())
        cut = await place.serve()
        slack.workspace.change_app(scopes=slack.core.app.scopes - {"chat:write", "usergroups:read"})
        lacking = await place.serve()
        slack.workspace.uninstall()
        gone = await place.serve()
    refused(wrong, "does not accept SLACK_BOT_TOKEN (invalid_auth)", "copy the Bot User OAuth Token")
    refused(wrong_app, "does not accept SLACK_APP_TOKEN (invalid_auth)", "connections:write")
    refused(busy, "Slack does not work just now (http_503)", "start again")
    refused(cut, "Slack cannot be reached at http://127.0.0.1", "check the network")
    refused(lacking, "lacks the scopes chat:write, usergroups:read", "manifest.yml", "install the app again")
    refused(gone, "does not accept SLACK_BOT_TOKEN (account_inactive)")
    assert files(tmp_path) == {"signoff.yaml"}


async def test_an_address_that_is_taken_is_named_and_nothing_is_made(tmp_path: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        async with placed(tmp_path) as place:
            ran = await each(
                {
                    "taken": place.serve(SIGNOFF_LISTEN=f"127.0.0.1:{port}"),
                    "not ours": place.serve(SIGNOFF_LISTEN="192.0.2.1:3000"),
                    "no host": place.serve(SIGNOFF_LISTEN="no-such-host.invalid:3000"),
                    "demo": signoff("demo", "--port", str(port), "--no-browser", folder=tmp_path),
                }
            )
    refused(ran["taken"], f"127.0.0.1:{port} cannot be listened on", "in use", "set SIGNOFF_LISTEN")
    refused(ran["not ours"], "192.0.2.1:3000 cannot be listened on", "set SIGNOFF_LISTEN")
    refused(ran["no host"], "no-such-host.invalid:3000 cannot be listened on", "set SIGNOFF_LISTEN")
    refused(ran["demo"], f"Port {port} cannot be listened on", "in use", "signoff demo --port 0")
    assert files(tmp_path) == {"signoff.yaml"}


async def test_what_a_file_needs_of_this_machine_is_looked_for_before_anything(tmp_path: Path) -> None:
    text = template().replace('      slack: {channel: "#announcements", text: "{text}"}', "      python: announce_it")
    text += "\ncallables:\n  announce_it: no_such_module:run\n"
    mail = template().replace(
        'slack: {channel: "#announcements", text: "{text}"}',
        "email: {to: [a@example.com], subject: News, text: '{text}'}",
    )
    (tmp_path / "mail").mkdir()
    async with placed(tmp_path, text) as place, placed(tmp_path / "mail", mail) as other:
        ran = await each({"module": place.serve(), "check": place.check(), "mail": other.serve()})
    refused(ran["module"], "callables.announce_it", "no_such_module cannot be imported")
    assert ran["check"].err == ran["module"].err
    refused(ran["mail"], "sends e-mail", "SIGNOFF_SMTP_URL is not set", "SIGNOFF_MAIL_FROM")
    assert files(tmp_path) == {"signoff.yaml", "mail"}


async def test_a_database_that_cannot_be_used_is_left_as_it_is(tmp_path: Path) -> None:
    def sqlite(path: Path, *statements: str) -> str:
        with closing(sqlite3.connect(path)) as raw:
            for statement in statements:
                raw.execute(statement)
            raw.commit()
        return f"sqlite:///{path}"

    (tmp_path / "text.db").write_text("not a database, but a text that is long enough to look at")
    async with placed(tmp_path) as place:
        settings = Settings.read(environment=place.environment, env_file=None)
        for name in ("newer.db", "sealed.db"):
            url = f"sqlite:///{tmp_path / name}"
            async with open_store(url, key=settings.subkey("seal"), clock=Clock()):
                pass
        newer = sqlite(tmp_path / "newer.db", "UPDATE alembic_version SET version_num = '9999'")
        others = sqlite(tmp_path / "others.db", "CREATE TABLE recipes (name TEXT)")
        before = files(tmp_path)
        ran = await each(
            {
                "no folder": place.serve(SIGNOFF_DATABASE_URL=f"sqlite:///{tmp_path}/nowhere/signoff.db"),
                "a folder": place.serve(SIGNOFF_DATABASE_URL=f"sqlite:///{tmp_path}"),
                "no database": place.serve(SIGNOFF_DATABASE_URL=f"sqlite:///{tmp_path}/text.db"),
                "others": place.serve(SIGNOFF_DATABASE_URL=others),
                "newer": place.serve(SIGNOFF_DATABASE_URL=newer),
                "another key": place.serve(
                    SIGNOFF_DATABASE_URL=f"sqlite:///{tmp_path}/sealed.db", SIGNOFF_SECRET_KEY="5f" * 32
                ),
            }
        )
    refused(ran["no folder"], f"The directory {tmp_path}/nowhere of the database does not exist", "create it first")
    refused(ran["a folder"], f"{tmp_path} is a directory", "must be a file")
    refused(ran["no database"], "text.db", "is not a database", "name another one")
    refused(ran["others"], "others.db is a database of something else", "recipes", "give Signoff its own")
    refused(ran["newer"], "newer.db was written by a newer Signoff", "upgrade Signoff or restore the backup")
    refused(ran["another key"], "SIGNOFF_SECRET_KEY is another key", "start Signoff with that one")
    assert files(tmp_path) == before


# ── checking ────────────────────────────────────────────────────────────────────────────────────────────────────

TROUBLED = """
version: 1
slack: {channel: "#approvlas", fallback_channel: "#ops", operators: [S0OPERATORS, S0NONE]}
people:
  approvers: {users: [U0FAY, U0NOBODY, U0GUS, U0LEFT, U0EVE], user_groups: [S0FINANCE]}
  desk: {channels: [C0NONE]}
actions:
  shared: {title: Shared, channel: "#general", run: caller}
  archived: {title: Archived, channel: "#archive", run: caller}
  posts: {title: Posts, run: {slack: {channel: "#private", text: News}}}
tests:
  - {action: shared, expect: allow}
"""


async def test_check_names_every_trouble_of_the_workspace_and_what_helps(tmp_path: Path) -> None:
    async with placed(tmp_path, TROUBLED) as place:
        slack = place.slack
        bot = slack.core.app.bot_user
        slack.workspace.add_channel(Channel("C0ARCHIVE", "archive", members=(bot,), archived=True))
        slack.workspace.add_channel(Channel("C0PRIVATE", "private", kind="private"))
        slack.workspace.change_channel("C0GENERAL", is_ext_shared=True)
        slack.workspace.leave("C0OPS", bot)
        slack.workspace.set_group("S0FINANCE", [])
        ran = await place.check()
    assert (ran.status, ran.err) == (1, "")
    well_formed, *told = ran.out.splitlines()
    assert "3 actions, 2 groups, well formed" in well_formed
    expected = (
        ("tests: signoff.yaml:12: tests[0]: expected allow", "the rules say ask approvers"),
        ("channel #approvlas: there is none the bot can see", "check the name"),
        ("channel #ops: the bot is not in it", "/invite @signoff"),
        ("channel #general: it is shared with another organisation", "name one that is not"),
        ("channel #archive: it is archived", "name another"),
        ("channel #private: there is none the bot can see", "/invite @signoff"),
        ("people.approvers: U0NOBODY is not known in this workspace", "correct the id"),
        ("people.approvers: U0GUS is a guest", "take it out"),
        ("people.approvers: U0LEFT is deactivated", "take it out"),
        ("people.approvers: U0EVE belongs to another organisation", "take it out"),
        ("people.approvers: user group S0FINANCE: no full member", "add some"),
        ("people.desk: channel C0NONE: there is none that the bot can see", "copy its id"),
        ("slack.operators: user group S0NONE: there is none, or it is disabled", "copy its id"),
    )
    for line, words in zip(told, expected, strict=True):
        assert line.startswith(words[0]), line
        assert all(word in line for word in words), line
        plain(line)
    assert files(tmp_path) == {"signoff.yaml"}


async def test_check_finds_what_would_keep_serve_from_starting(tmp_path: Path) -> None:
    text = (Path(__file__).parent / "signoff.yaml").read_text().replace("TARGET", "http://127.0.0.1:1")
    async with placed(tmp_path, text) as place:
        slack = place.slack
        well = await place.check()
        wrong_app = await place.check(SLACK_APP_TOKEN="xapp-1-2")
        slack.workspace.change_app(app_scopes=frozenset())
        weak_app = await place.check(SLACK_APP_TOKEN=slack.app_token)
        slack.faults.next("conversations.list", Fault.rate_limited(7))
        busy = await place.check()
        slack.workspace.change_app(scopes=slack.core.app.scopes - {"groups:read"})
        lacking = await place.check()
    assert (well.status, well.err) == (0, "")
    assert well.out.endswith("All is well.\n")
    for ran, *words in (
        (wrong_app, "does not accept SLACK_APP_TOKEN (invalid_auth)", "connections:write"),
        (weak_app, "does not accept SLACK_APP_TOKEN (missing_scope)", "connections:write"),
        (busy, "does not list its channels (ratelimited)", "try again in a minute"),
        (lacking, "lacks the scope groups:read", "install the app again"),
    ):
        assert ran.status == 1
        (line,) = ran.err.splitlines()
        plain(line)
        assert all(word in line for word in words), line


# ── the trail ───────────────────────────────────────────────────────────────────────────────────────────────────


async def test_verify_and_export_tell_what_they_cannot_read_and_what_is_broken(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        request, card = await stage.asked(stage.rita, "refund order=ord_81 amount=50")
        await stage.fay.click(card, "Approve")
        await stage.reaches(request.id, "succeeded")
        await stage.asked(stage.rita, "refund order=ord_82 amount=60")
    url = {"SIGNOFF_DATABASE_URL": stage.settings.database_url}
    ran = await each(
        {
            "whole": signoff("audit", "export", folder=tmp_path, **url),
            "one": signoff("audit", "export", "--request", request.id, folder=tmp_path, **url),
            "none": signoff("audit", "export", "--request", "nobody", folder=tmp_path, **url),
            "nowhere": signoff("audit", "export", folder=tmp_path, SIGNOFF_DATABASE_URL="sqlite:///other.db"),
            "verify": signoff("audit", "verify", folder=tmp_path, **url),
            "verify nowhere": signoff("audit", "verify", folder=tmp_path, SIGNOFF_DATABASE_URL="sqlite:///other.db"),
        }
    )
    refused(ran["none"], "There is no request nobody")
    refused(ran["nowhere"], "There is no database other.db", "SIGNOFF_DATABASE_URL", status=3)
    refused(ran["verify nowhere"], "There is no database other.db", status=3)
    assert ran["verify"].status == 0, ran["verify"]
    lines = ran["whole"].out.splitlines(keepends=True)
    assert f"All {len(lines)} events are as they were written." in ran["verify"].out

    edited = [line.replace('"version":1', '"version":2') if at == 2 else line for at, line in enumerate(lines)]
    exports = {
        "whole": "".join(lines),
        "one": ran["one"].out,
        "cut": "".join(lines[1:]),
        "edited": "".join(edited),
        "not ours": '{"hello": "world"}\n',
        "no text": "\udcff\udcfe",
        "empty": "",
    }
    for name, text in exports.items():
        (tmp_path / f"{name}.jsonl").write_text(text, errors="surrogateescape")
    found = await each(
        {
            "whole": signoff("audit", "verify", "whole.jsonl", folder=tmp_path),
            "one": signoff("audit", "verify", "--gaps", "one.jsonl", folder=tmp_path),
            "edited": signoff("audit", "verify", "edited.jsonl", folder=tmp_path),
            "missing": signoff("audit", "verify", "missing.jsonl", folder=tmp_path),
        }
    )
    assert (found["whole"].status, found["one"].status) == (0, 0), (found["whole"], found["one"])
    assert (found["edited"].status, found["edited"].err) == (1, "")
    assert found["edited"].out.startswith("edited.jsonl:3: event 3 does not give its hash: it was edited")
    refused(found["missing"], "missing.jsonl cannot be read (No such file or directory)", status=3)
    for name, status, words in (
        ("cut", 1, ":1: event 2 stands where event 1 belongs"),
        ("not ours", 1, ":1: is not an event that Signoff wrote"),
        ("no text", 1, ":1: is not an event that Signoff wrote"),
        ("empty", 3, " is empty, so it proves nothing; name a file that signoff audit export wrote."),
    ):
        path = tmp_path / f"{name}.jsonl"
        told = verify_export(path)
        assert told.status == status
        assert told.text.startswith(f"{path}{words}"), told.text
        plain(f"{told.text}.")


# ── the rest ────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_demo_says_what_it_lacks_and_everything_else_works_without_it(tmp_path: Path) -> None:
    (tmp_path / "aiosmtpd.py").write_text("raise ModuleNotFoundError('not installed', name='aiosmtpd')")
    path = {"PYTHONPATH": f"{tmp_path}:{ROOT}"}
    ran = await each(
        {"demo": signoff("demo", folder=tmp_path, **path), "schema": signoff("schema", folder=tmp_path, **path)}
    )
    refused(ran["demo"], "The demo needs one more package", "pip install 'signoff[demo]'")
    assert (ran["schema"].status, ran["schema"].err) == (0, "")
    assert json.loads(ran["schema"].out)["type"] == "object"


async def test_the_tour_ends_by_itself_having_really_seen_every_effect(tmp_path: Path) -> None:
    began = time.monotonic()
    ran = await signoff("demo", "--tour", folder=tmp_path, TMPDIR=str(tmp_path))
    took = time.monotonic() - began
    assert (ran.status, ran.err) == (0, ""), ran.out[-2000:] + ran.err[-2000:]
    assert "All of it really happened" in ran.out
    assert "events are as they were written" in ran.out
    assert took < 60
    assert files(tmp_path) == set()
