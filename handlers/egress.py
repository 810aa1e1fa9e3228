"""The one guarded HTTP client: every call Signoff makes to a target or a callback leaves through here.

The rules, checked in this order and again at each later point:

    the URL          https, no user info, a plain host; http only where the host may be private
    the literal      an address in the URL is judged before anything else happens
    the resolution   every answer for a name is judged; one bad answer refuses them all
    the socket       judged again on the very address that is connected to: no second look-up, so no rebinding
    the peer         judged again after the connect, before a byte of the request is written

An address is public, private or never. *Private* (loopback, RFC 1918, CGNAT, unique local) is accepted only where
the URL's host is itself an address or `localhost`, or is listed under `network.private`; a callback never gets
that. *Never* holds for everyone: metadata services, link-local, multicast, reserved, and the tunnels that carry an
IPv4 address inside an IPv6 one (aiohttp skips its resolver for literals, and `ipaddress.is_global` takes several of
these for public: security.md section 0.7).

One connection serves one request, so whether it was ever connected is known. Redirects, proxies from the
environment, netrc and cookies are not followed, read or kept, and nothing is ever sent twice.
"""

import asyncio
import os
import re
import socket
import ssl
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum
from hashlib import sha256
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

import aiohttp
import orjson
from aiohttp.abc import AbstractResolver, ResolveResult
from multidict import CIMultiDictProxy
from yarl import URL

CAP = 1024 * 1024
"""Bytes of an answer's body that are read and kept; what follows is not read."""


class NoAnswer(Exception):
    """A call that brought no answer. The text names the host and is meant for people."""


class EgressRefused(NoAnswer):
    """The rules forbid the call. Nothing was sent."""


class NotConnected(NoAnswer):
    """No connection came about (name, route, refusal, TLS, time). No byte of the request was sent."""


class Lost(NoAnswer):
    """It was connected, and no answer came. The request may have arrived."""


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


class Reach(Enum):
    PUBLIC = "public"
    PRIVATE = "private"
    NEVER = "never"


_PRIVATE = tuple(
    map(
        ip_network,
        ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "::1/128", "fc00::/7"),
    )
)
# Cloud metadata and host services that stand inside ranges accepted otherwise: Alibaba, Azure, AWS, Google.
_METADATA = frozenset(map(ip_address, ("100.100.100.200", "168.63.129.16", "fd00:ec2::254", "fd20:ce::254")))
# IANA special-purpose registries, listed here because `is_global` differs between Python versions.
_RESERVED = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8",
            "169.254.0.0/16",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.31.196.0/24",
            "192.52.193.0/24",
            "192.88.99.0/24",
            "192.175.48.0/24",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/4",
            "240.0.0.0/4",
            "2001::/23",  # IETF protocols, Teredo among them
            "2001:db8::/32",
            "2002::/16",  # 6to4
            "3fff::/20",
        ),
    )
)
_GLOBAL_UNICAST = ip_network("2000::/3")
_NAT64 = ip_network("64:ff9b::/96")


def reach(address: IPv4Address | IPv6Address) -> Reach:
    """How far an address lies. An IPv4 address carried in an IPv6 one is judged as what it is."""
    if isinstance(address, IPv6Address):
        if address.scope_id is not None:  # belongs to one link
            return Reach.NEVER
        if address.ipv4_mapped is not None:
            return reach(address.ipv4_mapped)
        if address in _NAT64:  # RFC 6052: this prefix may carry public addresses only
            return Reach.PUBLIC if reach(IPv4Address(int(address) & 0xFFFF_FFFF)) is Reach.PUBLIC else Reach.NEVER
    if address in _METADATA:
        return Reach.NEVER
    if any(address in network for network in _PRIVATE):
        return Reach.PRIVATE
    return Reach.PUBLIC if _is_public(address) else Reach.NEVER


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv6Address) and address not in _GLOBAL_UNICAST:
        return False
    return address.is_global and not any(address in network for network in _RESERVED)


@dataclass(frozen=True, slots=True)
class Target:
    """Where a URL leads, and what its host may resolve to."""

    url: URL
    host: str
    may_be_private: bool
    callback: bool = False

    @property
    def name(self) -> str:
        return f"{self.host}:{self.url.port}"

    def judge(self, address: str) -> None:
        """EgressRefused unless this target may be connected to at that address."""
        try:
            where = ip_address(address)
        except ValueError:
            raise EgressRefused(f"{self.host}: {address!r} is not an address") from None
        far = reach(where)
        if self.host == "localhost" and not _is_loopback(where):
            raise EgressRefused(f"localhost is at {where}, which is not this machine; correct the name's resolution")
        if far is Reach.PUBLIC:
            return
        if far is Reach.NEVER:
            raise EgressRefused(f"{self.host} is at {where}: metadata services and reserved addresses are never called")
        if self.callback:
            raise EgressRefused(f"{self.host} is at {where}, a private address: a callback must be public")
        if not self.may_be_private:
            raise EgressRefused(
                f"{self.host} is at {where}, a private address; if that is meant, list it under network.private"
            )


def _is_loopback(address: IPv4Address | IPv6Address) -> bool:
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback


_TEXT = re.compile(r"[!-\[\]-~]+")  # printable ASCII without blanks and backslash
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"(?:{_LABEL}\.)*{_LABEL}")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")


def target(url: str, *, private: Collection[str] = (), callback: bool = False) -> Target:
    """A URL checked by everything that can be told without looking its host up. EgressRefused with the remedy."""
    if not _TEXT.fullmatch(url):
        raise EgressRefused("the URL holds blanks, backslashes or characters beyond ASCII: percent-encode them")
    try:
        parsed = URL(url, encoded=True)  # sent as it was approved, not normalised
        port, host = parsed.port, (parsed.raw_host or "").lower().rstrip(".")
    except ValueError as exc:
        raise EgressRefused(f"the URL cannot be read: {exc}") from None
    if parsed.scheme not in ("http", "https"):
        raise EgressRefused(f"the URL's scheme is {parsed.scheme!r}: only https (and http to private hosts) is called")
    if not host:
        raise EgressRefused("the URL names no host")
    if parsed.raw_user is not None or parsed.raw_password is not None:
        raise EgressRefused(f"{host}: a URL must not hold a user or a password; use a header")
    if not port:
        raise EgressRefused(f"{host}: port {port} cannot be called")
    if callback and host == "localhost":
        raise EgressRefused("localhost is this machine: a callback must be public")
    literal = _literal(host)
    listed = {each.lower().rstrip(".").strip("[]") for each in private}
    permitted = not callback and (literal is not None or host == "localhost" or host in listed)
    if parsed.scheme == "http" and not permitted:
        remedy = "a callback must be https" if callback else "use https, or list the host under network.private"
        raise EgressRefused(f"http://{host} is not encrypted: {remedy}")
    found = Target(parsed, host, permitted, callback)
    if literal is not None:
        found.judge(host)
    return found


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    """The address a host is, None where it is a name; refused where one program reads it as the other."""
    try:
        return ip_address(host)
    except ValueError:
        pass
    if not _NAME.fullmatch(host) or len(host) > 253:
        raise EgressRefused(f"{host!r} is not a host name; write names beyond ASCII as xn--…")
    if _NUMBER.fullmatch(host.rsplit(".", 1)[-1]):  # 127.1, 0x7f000001, 2130706433: addresses to some
        raise EgressRefused(f"{host!r} is neither a name nor an address; write an address as a.b.c.d")
    return None


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
