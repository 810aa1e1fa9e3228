"""Any OpenAI-compatible chat-completions endpoint, asked once or twice, and never believed about its own limits.

Endpoints differ in what they take: structured output (`json_schema`), JSON alone (`json_object`), or neither, and
then the JSON comes in a fence; the cap on tokens has two names. What an endpoint refuses is learned from its
refusals and remembered for the life of the object. A refusal costs one of the two calls of that plan: the second
goes out in the plainest form, which every endpoint takes, so the person still gets an answer, and only the chance
to have a wrong one corrected is lost, once for each thing learned.
"""

import ipaddress
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx2
import openai
import structlog

from handlers.executors.capped import as_json, one_line
from handlers.planner.prompt import Conversation

CAP = 256 * 1024
"""Bytes of an answer that are read; a longer one is no answer."""

_log = structlog.get_logger(__name__)
_MAY_BE_THE_FORM = frozenset({400, 404, 422})  # how endpoints say that they do not know a parameter
_NEXT_MODE = {"json_schema": "json_object", "json_object": "plain", "plain": "plain"}
_OTHER_NAME = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}


class NoAnswer(openai.OpenAIError):
    """The model gave no answer that could be read. The text completes “I could not read your words: …”."""


@dataclass(frozen=True, slots=True)
class Said:
    """What the model answered. `cut`: it ran into the cap on tokens."""

    text: str
    cut: bool = False


@dataclass(slots=True)
class Budget:
    """Calls that a plan may still make."""

    left: int = 2

    def spend(self) -> None:
        if not self.left:
            raise NoAnswer("the model was already asked as often as it may be")
        self.left -= 1


@dataclass(frozen=True, slots=True)
class Form:
    """How a question is put: the mode of the answer, and what the cap on tokens is called."""

    mode: str = "json_schema"
    cap_name: str = "max_tokens"

    def plainest(self, complaint: str) -> "Form":
        """What every endpoint takes; the cap by its other name where the complaint is about that."""
        named = self.cap_name in complaint
        return Form("plain", _OTHER_NAME[self.cap_name] if named else self.cap_name)

    def without(self, complaint: str, taken: "Form") -> "Form":
        """This form without what was complained of, after the plainest was taken."""
        only_the_cap = taken.cap_name != self.cap_name and not any(
            word in complaint for word in ("response_format", self.mode)
        )
        return Form(self.mode if only_the_cap else _NEXT_MODE[self.mode], taken.cap_name)


class Endpoint:
    """`max_tokens` caps each answer; `seconds` each call (the planner's own deadline goes over all of them)."""

    def __init__(self, client: openai.AsyncOpenAI, model: str, *, max_tokens: int, seconds: float) -> None:
        self._client = client
        self._model = model
        self._max_tokens = max_tokens
        self._seconds = seconds
        self._form = Form()

    async def ask(self, messages: Conversation, shape: Mapping[str, Any], budget: Budget) -> Said:
        """One answer. NoAnswer where there is none; no second try but for the form of the question."""
        form = self._form
        try:
            return await self._call(form, messages, shape, budget)
        except openai.APIStatusError as error:
            complaint = f"{error.param or ''} {error.message}"
            plainest = form.plainest(complaint)
            if error.status_code not in _MAY_BE_THE_FORM or plainest == form or not budget.left:
                raise NoAnswer(_status(error)) from error
        try:
            said = await self._call(plainest, messages, shape, budget)
        except openai.APIStatusError as error:
            raise NoAnswer(_status(error)) from error
        self._form = form.without(complaint, plainest)  # the same question was taken without it
        _log.info("planner.endpoint_refused", form=form, next=self._form, said=one_line(complaint, 200))
        return said

    async def _call(self, form: Form, messages: Conversation, shape: Mapping[str, Any], budget: Budget) -> Said:
        budget.spend()
        question: dict[str, Any] = {form.cap_name: self._max_tokens}
        if form.mode == "json_schema":
            schema = {"name": "plan", "schema": dict(shape), "strict": False}
            question["response_format"] = {"type": form.mode, "json_schema": schema}
        elif form.mode == "json_object":
            question["response_format"] = {"type": form.mode}
        try:
            raw = await self._client.chat.completions.with_raw_response.create(
                model=self._model, messages=messages, timeout=self._seconds, **question
            )
        except openai.APITimeoutError as error:
            raise NoAnswer("the model took too long") from error
        except openai.APIConnectionError as error:
            raise NoAnswer("the model could not be reached, or broke off its answer") from error
        return _said(raw.content)


def _status(error: openai.APIStatusError) -> str:
    code = error.status_code
    match code:
        case 401 | 403:
            why = "it does not accept our key"
        case 404:
            why = "it does not know the address or the model"
        case 429:
            why = "it is asked too often, or its quota is used up"
        case _ if code >= 500:
            why = "it has a fault of its own"
        case _:
            why = "it refused the question"
    _log.warning("planner.status", status=code, said=one_line(error.message, 200))
    return f"the model's endpoint answered {code}: {why}"


def _said(body: bytes) -> Said:
    """The first choice's text. What else an endpoint may put into its JSON is not looked at."""
    try:
        answer = as_json(body.decode())
        choice = answer["choices"][0]
        message = choice["message"]
        text, reason = message.get("content"), choice.get("finish_reason")
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise NoAnswer("the model's endpoint answered with something that is no chat completion") from error
    if message.get("refusal") or reason == "content_filter":
        raise NoAnswer("the model refused to read them")
    if isinstance(text, list):  # some relays send the text in parts
        text = "".join(part["text"] for part in text if isinstance(part, dict) and isinstance(part.get("text"), str))
    return Said(text if isinstance(text, str) else "", cut=reason == "length")


def model_client(base_url: str, api_key: str | None = None, *, cap: int = CAP) -> openai.AsyncOpenAI:
    """The official client for an endpoint, with our bounds: no retries, no redirects, an answer of at most `cap` bytes.

    `base_url` is the operator's own setting, so plain http and private addresses are taken; the environment's
    proxies are used but for loopback. ValueError where it is no URL.
    """
    try:
        url = httpx2.URL(base_url)
    except httpx2.InvalidURL as error:
        raise ValueError(f"OPENAI_BASE_URL: {base_url!r} cannot be read as a URL ({error})") from error
    if url.scheme not in ("http", "https") or not url.host:
        raise ValueError(f"OPENAI_BASE_URL: {base_url!r} must look like https://host/v1")

    async def bound(response: httpx2.Response) -> None:
        response.stream = _Bounded(response.stream, cap, response.headers)

    return openai.AsyncOpenAI(
        base_url=base_url,
        api_key=api_key or "none",  # local endpoints ask for none, the client insists on one
        max_retries=0,
        default_headers={"Accept-Encoding": "identity"},
        http_client=openai.DefaultAsyncHttpxClient(
            follow_redirects=False, trust_env=not _is_loopback(url.host), event_hooks={"response": [bound]}
        ),
    )


class _Bounded(httpx2.AsyncByteStream):
    """An answer's bytes as they come, up to a cap. Compressed ones are refused: a small answer can be a large one."""

    def __init__(self, stream: Any, cap: int, headers: Mapping[str, str]) -> None:
        self._stream = stream
        self._cap = cap
        self._compressed = headers.get("content-encoding", "identity") not in ("", "identity")

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._compressed:
            raise NoAnswer("the model's endpoint compressed its answer though asked not to")
        size = 0
        async for part in self._stream:
            size += len(part)
            if size > self._cap:
                raise NoAnswer(f"the model's answer is longer than {self._cap // 1024} KiB")
            yield part

    async def aclose(self) -> None:
        await self._stream.aclose()


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
