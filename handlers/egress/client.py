"""The client itself: one connection for one request, judged at each point, nothing ever sent twice."""

import asyncio
import os
import re
import socket
import ssl
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import aiohttp
import orjson
from aiohttp.abc import AbstractResolver, ResolveResult
from multidict import CIMultiDictProxy

from handlers.egress.errors import EgressRefused, Lost, NotConnected
from handlers.egress.target import Target, target

CAP = 1024 * 1024
"""Bytes of an answer's body that are read and kept; what follows is not read."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a target answered. `body` is at most the cap; `headers` keep the target's spelling."""

    status: int
    headers: CIMultiDictProxy[str]
    body: bytes
    truncated: bool = False
    """More was coming than the cap; it was not read."""
    broken: str | None = None
    """Why the body ended before its end (time, reset), where it did."""

    @property
    def digest(self) -> str:
        """SHA-256, in hex, of the bytes that were read."""
        return sha256(self.body).hexdigest()


_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_OURS = frozenset({"host", "content-length", "transfer-encoding", "connection", "expect", "upgrade", "te", "trailer"})


def _check_request(method: str, headers: Mapping[str, str]) -> None:
    if not re.fullmatch(r"[A-Z]{1,20}", method) or method in ("CONNECT", "TRACE"):
        raise EgressRefused(f"{method!r} is not a method that can be called")
    for name, value in headers.items():
        if not _TOKEN.fullmatch(name):
            raise EgressRefused(f"{name!r} is not the name of a header")
        if name.lower() in _OURS:
            raise EgressRefused(f"the header {name} is set by Signoff itself; take it out")
        if _CONTROL.search(value):
            raise EgressRefused(f"the header {name} holds a line break or control character")


class _Checked(AbstractResolver):
    """A resolver whose answers are all judged before any is used."""

    def __init__(self, inner: AbstractResolver, where: Target) -> None:
        self._inner = inner
        self._where = where

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        answers = await self._inner.resolve(host, port, family)
        for answer in answers:
            self._where.judge(answer["host"])
        return answers

    async def close(self) -> None:
        await self._inner.close()


class _Connector(aiohttp.TCPConnector):
    """Connects once, to an address that was judged, and knows whether it ever did."""

    def __init__(self, where: Target, resolver: AbstractResolver, tls: ssl.SSLContext | None) -> None:
        super().__init__(
            resolver=_Checked(resolver, where),
            use_dns_cache=False,
            force_close=True,
            ssl=tls if tls is not None else True,
            socket_factory=self._open,
        )
        self._where = where
        self._refusal: EgressRefused | None = None
        self.connected = False

    def _open(self, info: aiohttp.AddrInfoType) -> socket.socket:
        family, kind, protocol, _, address = info
        try:
            self._where.judge(str(address[0]))
        except EgressRefused as exc:
            self._refusal = exc  # what races the addresses keeps only OSErrors
            raise PermissionError(str(exc)) from exc
        return socket.socket(family, kind, protocol)

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Any],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 (aiohttp's own signature)
    ) -> aiohttp.connector.Connection:
        try:
            connection = await super().connect(req, traces, timeout)
        except OSError as exc:
            raise (self._refusal or exc) from exc
        peer = connection.transport and connection.transport.get_extra_info("peername")
        try:
            self._where.judge(str(peer[0]) if peer else "nobody")
        except EgressRefused:
            connection.close()
            raise
        self.connected = True
        return connection


class _GaveUp(Exception):
    """Hides a broken connection from aiohttp, which would send GET, PUT and DELETE a second time by itself."""


async def _only_once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    try:
        return await handler(request)
    except (aiohttp.ClientError, OSError) as exc:
        raise _GaveUp from exc


class Egress:
    """The guarded client. It holds nothing open between calls, so it needs no closing.

    `resolver` replaces the system's; `tls` the system's trust (a private certificate authority, say).
    """

    def __init__(
        self,
        *,
        resolver: AbstractResolver | None = None,
        tls: ssl.SSLContext | None = None,
        connect_timeout: float = 10.0,
    ) -> None:
        self._resolver = resolver
        self._tls = tls
        self._connect_timeout = connect_timeout

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        data: bytes | None = None,
        timeout: float = 15.0,  # noqa: ASYNC109 (the caller's whole time, kept for connect, answer and body together)
        private: Collection[str] = (),
        callback: bool = False,
        cap: int = CAP,
    ) -> Answer:
        """One request, sent at most once, whatever its status. `timeout` in seconds covers all of it.

        `private` are the hosts of `network.private`; `callback` is for URLs that others gave us: https, public.
        Raises EgressRefused, NotConnected or Lost.
        """
        sent = {"User-Agent": "Signoff", "Accept-Encoding": "identity"} | dict(headers or {})
        _check_request(method, sent)
        where = target(url, private=private, callback=callback)
        if json is not None:
            data = orjson.dumps(json)
            sent.setdefault("Content-Type", "application/json")
        connector = _Connector(where, self._resolver or aiohttp.ThreadedResolver(), self._tls)
        deadline = asyncio.get_running_loop().time() + timeout
        try:
            async with aiohttp.ClientSession(
                connector=connector,
                trust_env=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                middlewares=(_only_once,),
                timeout=aiohttp.ClientTimeout(total=None, connect=min(timeout, self._connect_timeout)),
            ) as session:
                async with asyncio.timeout_at(deadline):
                    response = await session.request(method, where.url, headers=sent, data=data, allow_redirects=False)
                return await _read(response, cap, deadline)
        except _GaveUp as exc:
            failed = Lost if connector.connected else NotConnected
            raise failed(f"{where.name}: {_why(exc.__cause__)}") from exc.__cause__
        except (aiohttp.ClientError, OSError, ValueError) as exc:
            failed = Lost if connector.connected else NotConnected
            raise failed(f"{where.name}: {_why(exc)}") from exc


async def _read(response: aiohttp.ClientResponse, cap: int, deadline: float) -> Answer:
    body = bytearray()
    broken = None
    try:
        async with asyncio.timeout_at(deadline):
            while len(body) <= cap and (part := await response.content.readany()):
                body += part
    except (aiohttp.ClientError, OSError) as exc:
        broken = _why(exc)
    finally:
        response.close()
    return Answer(response.status, response.headers, bytes(body[:cap]), len(body) > cap, broken)


_CAUSES: tuple[tuple[type[BaseException], str], ...] = (
    (aiohttp.ClientConnectorDNSError, "its name could not be resolved"),
    (aiohttp.ClientConnectorCertificateError, "its certificate is not trusted"),
    (aiohttp.ClientSSLError, "TLS could not be agreed on"),
    (aiohttp.ConnectionTimeoutError, "no connection in time"),
    (TimeoutError, "no answer in time"),
    (aiohttp.ServerDisconnectedError, "it closed the connection without an answer"),
    (aiohttp.ClientResponseError, "its answer was not HTTP"),
    (aiohttp.ClientPayloadError, "its answer ended before its end"),
)


def _why(exc: BaseException | None) -> str:
    """The cause in a few words of ours: a library's text may hold the whole URL, and with it arguments."""
    for kind, words in _CAUSES:
        if isinstance(exc, kind):
            return words
    if isinstance(exc, OSError):
        return os.strerror(exc.errno).lower() if exc.errno else "the connection broke"
    return f"the request failed ({type(exc).__name__})"
