"""`run: python`: a callable that the operator registered by name; a request can only name it, never a path.

    returned                              succeeded
    raised NotDone                        failed: it says that nothing happened
    arguments that it does not take       failed: it was not called
    raised anything else, or no time left unknown: it may have got half-way (a thread cannot be stopped)

A callable takes the action's arguments by keyword, and where its signature names them also `idempotency_key` (str)
and `progress` (a function of one line). A plain function runs in a thread of its own, a coroutine function in the loop.
"""

import asyncio
import contextvars
import importlib
import inspect
import json
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import structlog

from bot.outcome import Ending, Job, Outcome
from handlers.executors.capped import as_json, one_line

log = structlog.get_logger(__name__)

CAP = 1024 * 1024
"""Characters of a result that are kept."""

_OURS = ("idempotency_key", "progress")
_UNWIND = 1.0  # seconds a cancelled coroutine has to put things away


class NotDone(Exception):
    """Raise this from a callable when nothing has happened: the outcome is then *failed*, not *unknown*.

    `again=True` says that it may be tried again with the same key.
    """

    def __init__(self, text: str = "nothing was done", *, again: bool = False) -> None:
        super().__init__(text)
        self.again = again


class BadCallables(ValueError):
    """Registered callables that cannot be used. `problems` maps each name to what is wrong."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__("\n".join(f"callables.{name}: {problem}" for name, problem in problems.items()))
        self.problems = problems


def load_callables(mapping: Mapping[str, str], *, folder: Path | None = None) -> dict[str, Callable[..., Any]]:
    """Import each `name: "module:attribute"`. `folder` is looked in last: the one `signoff.yaml` is in.

    Raises BadCallables naming every one that is wrong.
    """
    if folder is not None and str(folder) not in sys.path:
        sys.path.append(str(folder))
    found: dict[str, Callable[..., Any]] = {}
    problems: dict[str, str] = {}
    for name, path in mapping.items():
        try:
            found[name] = _import(path)
        except _Unusable as exc:
            problems[name] = str(exc)
    if problems:
        raise BadCallables(problems)
    return found


class _Unusable(Exception):
    pass


def _import(path: str) -> Callable[..., Any]:
    module_name, _, attribute = path.partition(":")
    if not module_name or not attribute:
        raise _Unusable(f'{path!r} is not of the form "module:attribute"')
    try:
        value: Any = importlib.import_module(module_name)
    except Exception as exc:
        raise _Unusable(f"{module_name} cannot be imported: {one_line(f'{type(exc).__name__}: {exc}')}") from exc
    for part in attribute.split("."):
        if not hasattr(value, part):
            raise _Unusable(f"{module_name} has no {attribute}")
        value = getattr(value, part)
    if not callable(value):
        raise _Unusable(f"{path} is of type {type(value).__name__}; give a function")
    return value  # type: ignore[no-any-return]


class PythonExecutor:
    """`callables` maps the registered names to what was imported."""

    def __init__(self, callables: Mapping[str, Callable[..., Any]]) -> None:
        self._callables = callables
        self._left_behind: set[asyncio.Task[Any]] = set()

    async def run(self, job: Job, progress: Callable[[str], None]) -> Outcome:
        name, args = job.way["callable"], dict(job.way.get("args") or {})
        if name not in self._callables:
            return Outcome(Ending.FAILED, f"Not called: no callable {name!r} is registered under callables")
        function = self._callables[name]
        relay = _Relay(progress)
        try:
            keywords = _keywords(function, args, {"idempotency_key": job.key, "progress": relay})
        except TypeError as exc:
            return Outcome(Ending.FAILED, one_line(f"Not called: {name}: {exc}"))
        task = asyncio.create_task(_call(function, keywords))
        try:
            await asyncio.wait({task}, timeout=job.timeout)
            if not task.done():
                task.cancel()
                await asyncio.wait({task}, timeout=_UNWIND)
                return Outcome(
                    Ending.UNKNOWN, f"{name} had not returned after {job.timeout:g} s; it may still be running"
                )
        finally:
            relay.closed = True
            self._leave(task)
        return _outcome(task, name, job)

    def _leave(self, task: asyncio.Task[Any]) -> None:
        """Cancel what still runs, and keep it until it has ended, so that its exception is taken note of."""
        if not task.done():
            task.cancel()
            self._left_behind.add(task)
            task.add_done_callback(self._left_behind.discard)
            task.add_done_callback(lambda ended: ended.cancelled() or ended.exception())


def _outcome(task: asyncio.Task[Any], name: str, job: Job) -> Outcome:
    if task.cancelled():
        return Outcome(Ending.UNKNOWN, f"{name} cancelled itself; it may have got half-way")
    match task.exception():
        case None:
            return Outcome(Ending.SUCCEEDED, f"{name} returned", _result(task.result()))
        case NotDone() as exc:
            return Outcome(Ending.FAILED, one_line(f"{name} did nothing: {exc}"), again=exc.again, denies=not exc.again)
        case exc:
            log.warning("callable raised", callable=name, request=job.request_id, attempt=job.attempt, exc_info=exc)
            raised = one_line(f"{name} raised {type(exc).__name__}: {exc}", 250).rstrip(": ")
            return Outcome(Ending.UNKNOWN, f"{raised}; it may have got half-way")


class _Relay:
    """Passes lines of progress to the loop from whichever thread they come, until the run is over."""

    def __init__(self, progress: Callable[[str], None]) -> None:
        self._progress = progress
        self._loop = asyncio.get_running_loop()
        self.closed = False

    def __call__(self, line: object) -> None:
        if not self.closed:
            with suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(self._show, one_line(str(line)))

    def _show(self, line: str) -> None:
        if not self.closed:
            self._progress(line)


def _keywords(function: Callable[..., Any], args: dict[str, Any], ours: Mapping[str, Any]) -> dict[str, Any]:
    """The keyword arguments of the call; TypeError where they do not fit, so that it is told before the call."""
    try:
        signature = inspect.signature(function)
    except ValueError:  # some functions written in C have none
        return args
    for name in _OURS:
        parameter = signature.parameters.get(name)
        if parameter is None or parameter.kind is inspect.Parameter.POSITIONAL_ONLY:
            continue
        if name in args:
            raise TypeError(f"{name} is given by Signoff and cannot be an argument of the action; rename it")
        args[name] = ours[name]
    signature.bind(**args)
    return args


async def _call(function: Callable[..., Any], keywords: Mapping[str, Any]) -> Any:
    try:
        if inspect.iscoroutinefunction(function):
            return await function(**keywords)
        value = await _in_thread(function, keywords)
        return await value if inspect.isawaitable(value) else value
    except (SystemExit, KeyboardInterrupt) as exc:  # a task that ends so takes the whole process with it
        raise RuntimeError(f"tried to end the process ({type(exc).__name__})") from exc


async def _in_thread(function: Callable[..., Any], keywords: Mapping[str, Any]) -> Any:
    """In a thread of its own: one that never returns takes no other's place, and does not hold up the process's end."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Any] = loop.create_future()
    context = contextvars.copy_context()

    def settle(value: Any, exc: BaseException | None) -> None:
        if future.done():
            return
        if exc is None:
            future.set_result(value)
        else:
            future.set_exception(exc if not isinstance(exc, StopIteration) else RuntimeError("raised StopIteration"))

    def work() -> None:
        value, raised = None, None
        try:
            value = context.run(function, **keywords)
        except BaseException as exc:  # noqa: BLE001 (whatever it raises is the outcome)
            raised = exc
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle, value, raised)

    threading.Thread(target=work, name=f"signoff-{getattr(function, '__name__', 'callable')}", daemon=True).start()
    return await future


def _result(value: Any) -> Any:
    """The value where it is JSON and small enough, else its text, cut with a marker."""
    try:
        text = json.dumps(value, ensure_ascii=False)
        if len(text) <= CAP:
            return as_json(text)
    except (TypeError, ValueError, RecursionError):
        try:
            text = repr(value)
        except Exception as exc:  # noqa: BLE001 (a foreign __repr__)
            text = f"<{type(value).__name__} whose repr raised {type(exc).__name__}>"
    text = text.encode(errors="backslashreplace").decode()
    return text if len(text) <= CAP else f"{text[:CAP]}\n[… {len(text) - CAP} characters left out]"
