"""The ways to run an action, by the `kind` of a resolved way. One file each; the list is this one.

`caller` has no executor: the agent runs it itself and reports the outcome.

A callable registered in `signoff.yaml` says that nothing happened by raising `handlers.executors.NotDone`.
"""

from bot.ports import Executor
from handlers.executors.command import CommandExecutor
from handlers.executors.email import EmailExecutor
from handlers.executors.http import HttpExecutor
from handlers.executors.python import NotDone, PythonExecutor, load_callables
from handlers.executors.slack import SlackExecutor

EXECUTORS: dict[str, type[Executor]] = {
    "http": HttpExecutor,
    "command": CommandExecutor,
    "python": PythonExecutor,
    "email": EmailExecutor,
    "slack": SlackExecutor,
}
"""Which class runs which kind; `handlers/main.py` constructs one of each."""

__all__ = ["EXECUTORS", "NotDone", "load_callables"]
