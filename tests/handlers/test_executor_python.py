"""`run: python`: registered callables, what they are given, and what each way of ending is taken for."""

import asyncio
import functools
import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.outcome import Ending, Job, Outcome
from handlers.executors import NotDone
from handlers.executors.python import CAP, BadCallables, PythonExecutor, load_callables

FAILED, UNKNOWN, SUCCEEDED = Ending.FAILED, Ending.UNKNOWN, Ending.SUCCEEDED


def job(args: dict[str, Any] | None = None, *, name: str = "act", timeout: float = 5.0) -> Job:
    return Job("req_1", 3, 1, "req_1.3", {"kind": "python", "callable": name, "args": args or {}}, timeout)


async def run(
    function: Callable[..., Any], args: dict[str, Any] | None = None, lines: list[str] | None = None, **more: Any
) -> Outcome:
    told = lines if lines is not None else []
    return await PythonExecutor({"act": function}).run(job(args, **more), told.append)


# --- calling --------------------------------------------------------------------------------------------------------


async def test_a_plain_function_runs_in_a_thread_with_its_arguments_and_ours() -> None:
    def act(user: str, *, days: int = 1, idempotency_key: str, progress: Callable[[str], None]) -> dict[str, Any]:
        progress("half\nway")
        here = threading.current_thread() is threading.main_thread()
        return {"user": user, "days": days, "key": idempotency_key, "main": here}

    lines: list[str] = []
    outcome = await run(act, {"user": "ada", "days": 3}, lines)
    assert outcome == Outcome(SUCCEEDED, "act returned", {"user": "ada", "days": 3, "key": "req_1.3", "main": False})
    assert lines == ["half way"]


async def test_a_coroutine_function_is_awaited_in_the_loop() -> None:
    loop = asyncio.get_running_loop()

    async def act(user: str, idempotency_key: str) -> list[Any]:
        return [user, idempotency_key, asyncio.get_running_loop() is loop]

    assert (await run(act, {"user": "ada"})).result == ["ada", "req_1.3", True]


async def test_what_a_plain_callable_returns_is_awaited_where_it_can_be() -> None:
    async def later(n: int) -> int:
        return n + 1

    class Act:
        async def __call__(self, n: int) -> int:
            return n + 2

    assert (await run(functools.partial(later, n=1))).result == 2
    assert (await run(Act(), {"n": 1})).result == 3


async def test_ours_are_given_only_where_the_signature_names_them() -> None:
    def none(**everything: Any) -> list[str]:
        return sorted(everything)

    def positional(progress: int, /, **everything: Any) -> None:
        raise AssertionError("never called")

    assert (await run(none, {"a": 1})).result == ["a"]
    assert (await run(none, {"progress": "theirs"})).result == ["progress"]
    assert (await run(positional)).ending is FAILED


@pytest.mark.parametrize(
    ("args", "why"),
    [
        ({"user": "ada", "usr": "ada"}, "got an unexpected keyword argument 'usr'"),
        ({}, "missing a required argument: 'user'"),
        ({"user": "ada", "idempotency_key": "forged"}, "idempotency_key is given by Signoff"),
        ({"user": "ada", "progress": "x"}, "progress is given by Signoff"),
    ],
)
async def test_arguments_that_do_not_fit_are_failed_before_the_call(args: dict[str, Any], why: str) -> None:
    called = []

    def act(user: str, idempotency_key: str, progress: Callable[[str], None]) -> None:
        called.append(user)

    outcome = await run(act, args)
    assert outcome.ending is FAILED
    assert why in outcome.summary
    assert not called


@pytest.mark.parametrize("name", ["os.system", "os:system", "builtins.eval", "__import__", "", "ACT"])
async def test_a_name_that_is_not_registered_is_never_looked_up(name: str) -> None:
    outcome = await run(lambda: None, name=name)
    assert outcome.ending is FAILED
    assert repr(name) in outcome.summary


# --- endings --------------------------------------------------------------------------------------------------------


def _raise(exc: BaseException) -> Callable[[], None]:
    def act() -> None:
        raise exc

    return act


def _raise_later(exc: BaseException) -> Callable[[], Any]:
    async def act() -> None:
        raise exc

    return act


@pytest.mark.parametrize("make", [_raise, _raise_later])
@pytest.mark.parametrize(
    ("exc", "ending", "summary"),
    [
        (NotDone("the key\nis in use"), FAILED, "act did nothing: the key is in use"),
        (NotDone(), FAILED, "act did nothing: nothing was done"),
        (ValueError("half\nway"), UNKNOWN, "act raised ValueError: half way; it may have got half-way"),
        (TimeoutError(), UNKNOWN, "act raised TimeoutError; it may have got half-way"),
        (KeyError("x" * 1000), UNKNOWN, "act raised KeyError: "),
        (StopIteration("x"), UNKNOWN, "act raised RuntimeError: "),
        (SystemExit(3), UNKNOWN, "act raised RuntimeError: tried to end the process (SystemExit)"),
        (KeyboardInterrupt(), UNKNOWN, "act raised RuntimeError: tried to end the process (KeyboardInterrupt)"),
        (asyncio.CancelledError(), UNKNOWN, "act cancelled itself"),
    ],
)
async def test_each_exception_has_its_ending(
    make: Callable[[BaseException], Callable[..., Any]], exc: BaseException, ending: Ending, summary: str
) -> None:
    outcome = await run(make(exc))
    assert outcome.ending is ending
    assert outcome.summary.startswith(summary)
    assert len(outcome.summary) <= 300
    assert not outcome.again


async def test_not_done_may_say_that_it_can_be_tried_again() -> None:
    assert (await run(_raise(NotDone("busy", again=True)))) == Outcome(FAILED, "act did nothing: busy", again=True)


async def test_a_function_that_does_not_return_in_time_is_unknown_and_its_late_words_are_not_heard() -> None:
    go_on, ended = threading.Event(), threading.Event()

    def act(progress: Callable[[str], None]) -> str:
        progress("early")
        go_on.wait(10)
        progress("late")
        ended.set()
        return "late"

    lines: list[str] = []
    outcome = await run(act, lines=lines, timeout=0.1)
    go_on.set()
    assert await asyncio.to_thread(ended.wait, 10)
    await asyncio.sleep(0)  # the loop runs what the thread left for it
    assert outcome.ending is UNKNOWN
    assert outcome.summary == "act had not returned after 0.1 s; it may still be running"
    assert outcome.result is None
    assert lines == ["early"]


async def test_a_coroutine_that_runs_out_of_time_is_cancelled_and_unknown() -> None:
    ended = asyncio.Event()

    async def act() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    outcome = await run(act, timeout=0.05)
    assert outcome.ending is UNKNOWN
    assert ended.is_set()


async def test_a_coroutine_that_will_not_be_cancelled_does_not_hold_up_the_outcome() -> None:
    release, ended = asyncio.Event(), asyncio.Event()

    async def act() -> None:
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue
        ended.set()
        raise ValueError("too late for anyone to hear")

    async with asyncio.timeout(5):
        outcome = await run(act, timeout=0.05)
        assert outcome.ending is UNKNOWN
        release.set()
        await ended.wait()


async def test_cancelling_the_run_cancels_a_coroutine() -> None:
    began, ended = asyncio.Event(), asyncio.Event()

    async def act() -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    task = asyncio.create_task(run(act))
    async with asyncio.timeout(5):
        await began.wait()
        task.cancel()
        await asyncio.wait({task})
        assert task.cancelled()
        await ended.wait()


async def test_many_stuck_functions_take_no_other_ones_place() -> None:
    release = threading.Event()
    try:
        stuck = [run(lambda: release.wait(30), timeout=0.2) for _ in range(60)]
        started = time.monotonic()
        outcomes = await asyncio.gather(*stuck)
        assert {outcome.ending for outcome in outcomes} == {UNKNOWN}
        assert (await run(lambda: "through")).result == "through"
        assert time.monotonic() - started < 10
    finally:
        release.set()


# --- results --------------------------------------------------------------------------------------------------------


class _Rude:
    def __repr__(self) -> str:
        raise ValueError("no")


_LOOP: list[Any] = []
_LOOP.append(_LOOP)


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (None, None),
        ({"a": [1, 2.5, None, True, "ü"]}, {"a": [1, 2.5, None, True, "ü"]}),
        ((1, 2), [1, 2]),
        ({1: "a"}, {"1": "a"}),
        (2**60, str(2**60)),
        ({1}, "{1}"),
        (b"x", "b'x'"),
        (float("nan"), "nan"),
        (_Rude(), "<_Rude whose repr raised ValueError>"),
        ("\ud800", "'\\ud800'"),
        (_LOOP, "[[...]]"),
    ],
)
async def test_a_result_is_kept_as_json_or_as_its_text(value: Any, kept: Any) -> None:
    outcome = await run(lambda: value)
    assert outcome.ending is SUCCEEDED
    assert outcome.result == kept
    assert json.loads(json.dumps(outcome.result)) == kept


@pytest.mark.parametrize("value", ["x" * 5_000_000, list(range(1_000_000)), {"x": b"y" * 3_000_000}])
async def test_a_long_result_is_cut_with_a_marker(value: Any) -> None:
    result = (await run(lambda: value)).result
    assert isinstance(result, str)
    assert CAP < len(result) < CAP + 100
    assert result.endswith(" characters left out]")


# --- registering ----------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder with an operator's modules, gone from the interpreter afterwards."""
    (tmp_path / "keys_of_ops.py").write_text(
        "class Rotator:\n    def rotate(self, n: int) -> int:\n        return n + 1\n"
        "rotator = Rotator()\ndef revoke(n): return -n\nLIMIT = 3\n"
    )
    (tmp_path / "broken_of_ops.py").write_text("raise RuntimeError('no\\nlicence')\n")
    path = list(sys.path)
    yield tmp_path
    sys.path[:] = path
    for name in ("keys_of_ops", "broken_of_ops"):
        sys.modules.pop(name, None)


async def test_callables_are_imported_by_name_from_the_folder_of_the_file(folder: Path) -> None:
    loaded = load_callables({"revoke": "keys_of_ops:revoke", "rotate": "keys_of_ops:rotator.rotate"}, folder=folder)
    assert sys.path[-1] == str(folder)  # last, so that it shadows nothing
    executor = PythonExecutor(loaded)
    assert (await executor.run(job({"n": 2}, name="revoke"), print)).result == -2
    assert (await executor.run(job({"n": 2}, name="rotate"), print)).result == 3


def test_every_callable_that_cannot_be_used_is_named_at_once(folder: Path) -> None:
    with pytest.raises(BadCallables) as caught:
        load_callables(
            {
                "good": "keys_of_ops:revoke",
                "form": "keys_of_ops.revoke",
                "empty": "",
                "half": "keys_of_ops:",
                "absent": "nowhere_of_ops:x",
                "attribute": "keys_of_ops:rotate",
                "nested": "keys_of_ops:rotator.turn",
                "number": "keys_of_ops:LIMIT",
                "broken": "broken_of_ops:x",
                "relative": ".keys_of_ops:revoke",
            },
            folder=folder,
        )
    assert dict(caught.value.problems) == {
        "form": "'keys_of_ops.revoke' is not of the form \"module:attribute\"",
        "empty": "'' is not of the form \"module:attribute\"",
        "half": "'keys_of_ops:' is not of the form \"module:attribute\"",
        "absent": "nowhere_of_ops cannot be imported: ModuleNotFoundError: No module named 'nowhere_of_ops'",
        "attribute": "keys_of_ops has no rotate",
        "nested": "keys_of_ops has no rotator.turn",
        "number": "keys_of_ops:LIMIT is of type int; give a function",
        "broken": "broken_of_ops cannot be imported: RuntimeError: no licence",
        "relative": ".keys_of_ops cannot be imported: TypeError: the 'package' argument is required to perform a "
        "relative import for '.keys_of_ops'",
    }
    assert "callables.broken: " in str(caught.value)
