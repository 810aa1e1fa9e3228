"""`command: […]`: an absolute program and its arguments; no value may become code, an option or a program."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bot import templates
from handlers.config.build.placing import Template
from handlers.config.build.workshop import Workshop
from handlers.config.mistakes import Spot
from handlers.words import quoted

_INTERPRETER = re.compile(r"(?:ba|da|z|k|c|fi)?sh|python[0-9.]*|perl|ruby|node|php|pwsh|awk")
_CODE_FOLLOWS = re.compile(r"-[A-Za-z]*[ce]|--eval|--command")


def command(shop: Workshop, spot: Spot, argv: Sequence[str]) -> dict[str, Any]:
    Template(shop.names, literal="the program is always the same").check(spot / 0, argv[0])
    for at, item in enumerate(argv[1:], 1):
        Template(shop.names, whole=True).check(spot / at, item)
        if "\0" in item:
            (spot / at).mistake("an argument cannot hold a NUL character", "remove it")
        if templates.names(item):
            _value(spot / at, argv, at, shop.names.secret)
    program = argv[0] if templates.names(argv[0]) else shop.machine.program(spot / 0, argv[0])
    return {"argv": [program, *argv[1:]]}


def _value(spot: Spot, argv: Sequence[str], at: int, secret: frozenset[str]) -> None:
    item, before = argv[at], argv[:at]
    if _CODE_FOLLOWS.fullmatch(before[-1]) and any(_INTERPRETER.fullmatch(Path(each).name) for each in before):
        what = f"{quoted(item)} is code, and a value in it would run as code"
        spot.mistake(what, """hand the value over as an argument: [sh, -c, 'cleanup "$1"', --, "{table}"]""")
    for name in sorted(templates.names(item) & secret):
        what = f"{{{name}}} is sensitive, and whoever lists this machine's processes sees it while the command runs"
        spot.warning(what, "run it by http or python, where that matters")
    if item.startswith("{") and "--" not in before:
        what = f"a value of {quoted(item)} that begins with - is refused when asked for"
        spot.warning(what, "write --flag={name}, or put -- before it")


def surroundings(shop: Workshop, spot: Spot, cwd: str | None, env: dict[str, str] | None) -> dict[str, Any]:
    """`cwd` and `env`, which stand beside `command`."""
    way: dict[str, Any] = {}
    if cwd is not None:
        if not Path(cwd).is_dir():
            shop.machine.absent(spot / "cwd", f"there is no folder {cwd} on this machine", "make it, or correct it")
        way["cwd"] = cwd
    if env is not None:
        template = Template(shop.names, literal="values go into the arguments", machine=shop.machine)
        for name, value in env.items():
            template.check(spot / "env" / name, value)
        way["env"] = dict(env)
    return way
