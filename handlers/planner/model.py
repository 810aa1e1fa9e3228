"""Words to drafts by a language model, within a budget: 20 s, two calls, a cap on tokens."""

import asyncio
import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import openai
import structlog

from bot.catalogue import Action
from bot.ports import Planned, Schemas
from bot.request import Draft
from handlers.planner import answer, prompt
from handlers.planner.closest import unread
from handlers.planner.endpoint import Budget, Endpoint, NoAnswer, Said

_MOST_CHARACTERS = 12_000  # of words; more is not a request but a document
_CORRECTED = "(It was asked once to correct that.)"

_log = structlog.get_logger(__name__)


def _today() -> datetime.date:
    return datetime.datetime.now(datetime.UTC).date()


@dataclass(frozen=True, slots=True)
class _Reading:
    """What came of one answer: drafts, what the model could still put right, and why nothing could be read."""

    drafts: tuple[Draft, ...]
    faults: tuple[str, ...] = ()

    @property
    def worth(self) -> tuple[int, int]:
        """Fewer unread drafts first, then fewer faults: by which two readings of the same words are compared."""
        return (sum(draft.status != "unread" for draft in self.drafts), -len(self.faults))


class ModelPlanner:
    """Asks any OpenAI-compatible endpoint (`model_client` makes the client). One object serves all requests.

    `seconds` is the deadline over everything, `calls` the most calls a plan makes, whatever the model answers.
    """

    def __init__(
        self,
        client: openai.AsyncOpenAI,
        model: str,
        schemas: Schemas,
        *,
        seconds: float = 20.0,
        calls: int = 2,
        max_tokens: int = 4_000,
        today: Callable[[], datetime.date] = _today,
    ) -> None:
        self._endpoint = Endpoint(client, model, max_tokens=max_tokens, seconds=seconds)
        self._schemas = schemas
        self._seconds = seconds
        self._calls = calls
        self._today = today

    async def plan(self, words: str, actions: Sequence[Action], earlier: Draft | None = None) -> Planned:
        if not actions or len(words) > _MOST_CHARACTERS:
            why = f"Your words are {len(words)} characters long and {_MOST_CHARACTERS} is the most that is read"
            return Planned((unread(why, words[:_MOST_CHARACTERS], actions),))
        readings: list[_Reading] = []
        why = ""
        try:
            async with asyncio.timeout(self._seconds):
                await self._read(words, actions, earlier, readings)
        except TimeoutError:
            why = f"The model did not answer within {self._seconds:g} seconds"
        except NoAnswer as error:
            text = str(error)
            why = f"{text[0].upper()}{text[1:]}"
        if why:
            _log.warning("planner.no_answer", why=why)
        if readings:
            return Planned(sorted(readings, key=lambda reading: reading.worth)[-1].drafts)  # of equals the later
        return Planned((unread(why, words, actions),))

    async def _read(
        self, words: str, actions: Sequence[Action], earlier: Draft | None, readings: list[_Reading]
    ) -> None:
        """Fills `readings` one by one, so that what was read before a deadline is not lost."""
        messages = prompt.conversation(words, actions, self._today(), earlier)
        shape = prompt.shape(actions)
        budget = Budget(self._calls)
        said = await self._endpoint.ask(messages, shape, budget)
        readings.append(self._judged(said, words, actions))
        if readings[0].faults and budget.left:
            _log.info("planner.correction", faults=len(readings[0].faults))
            messages += prompt.correction(said.text, readings[0].faults)
            said = await self._endpoint.ask(messages, shape, budget)
            readings.append(self._judged(said, words, actions, corrected=True))

    def _judged(self, said: Said, words: str, actions: Sequence[Action], *, corrected: bool = False) -> _Reading:
        again = ", even after one correction" if corrected else ""
        try:
            entries = answer.entries(said.text)
        except answer.TooMany as error:
            why = f"These are {error.count} actions, and {prompt.MOST_ACTIONS} is the most for one go: split them up"
            return _Reading((replace(unread(why, words, ()), note=f"{why}."),))
        except answer.Unreadable as error:
            cut = "was cut off at its limit of length" if said.cut else "made no sense"
            fault = f"{error}; it was cut off: answer more briefly" if said.cut else str(error)
            return _Reading((unread(f"The model's answer {cut}{again}", words, actions),), (fault,))
        if not entries:
            return _Reading((unread("The model found no action for your words", words, actions),))
        known = {action.name: action for action in actions}
        drafts, faults = [], []
        for entry in entries:
            draft, wrong = self._draft(entry, words, known)
            drafts.append(replace(draft, note=f"{draft.note} {_CORRECTED}") if wrong and corrected else draft)
            faults += wrong
        return _Reading(tuple(drafts), tuple(faults))

    def _draft(self, entry: answer.Entry, words: str, known: Mapping[str, Action]) -> tuple[Draft, list[str]]:
        action = known.get(entry.action)
        if action is None:
            named = entry.action[:60]
            fault = f"action: {named!r} is not in the catalogue; these are: {', '.join(known)}"
            why = f"The model named an action that is not there ({named!r})"
            return unread(why, words, list(known.values())), [fault]
        judged = answer.judged(entry, action, self._schemas)
        return judged.draft, list(judged.faults)
