"""The ways to run an action, one file each; `handlers.main.ways_to_run` lists them by the `kind` of a way.

`caller` has no executor: the agent runs it itself and reports the outcome.

A callable registered in `signoff.yaml` says that nothing happened by raising `handlers.executors.NotDone`.
"""

from handlers.executors.python import NotDone

__all__ = ["NotDone"]
