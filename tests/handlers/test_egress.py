"""The guarded HTTP client against real sockets: who is never called, and what is known when no answer comes."""

import asyncio
import gzip
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from handlers.egress import CAP, Answer, Egress, EgressRefused, Lost, NotConnected, Reach, reach, target

PUBLIC = "93.184.215.14"


@dataclass
class Listener:
    """A raw TCP server that notes every connection and every byte it is sent."""

    port: int = 0
    connections: int = 0
    heard: list[bytes] = field(default_factory=list)
    hears: asyncio.Event = field(default_factory=asyncio.Event)
    gone: asyncio.Event = field(default_factory=asyncio.Event)


Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def _ok(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    await writer.drain()


@asynccontextmanager
async def listening(
    behave: Behaviour = _ok, *, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None, read: bool = True
) -> AsyncIterator[Listener]:
    listener = Listener()
    tasks: set[asyncio.Task[Any]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        listener.connections += 1
        try:
            if read:
                listener.heard.append(await _request(reader))
                listener.hears.set()
            await behave(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            listener.gone.set()
            writer.close()
            tasks.discard(task)

    server = await asyncio.start_server(serve, host, 0, ssl=tls)
    listener.port = server.sockets[0].getsockname()[1]
    try:
        yield listener
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()


async def _request(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(
        (int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
    )
    return head + await reader.readexactly(length)


class Names(AbstractResolver):
    """A name server of the test's own: each look-up of a name takes the next of its answers."""

    def __init__(self, **answers: list[list[str]]) -> None:
        self.answers = {name.replace("_", "."): list(each) for name, each in answers.items()}
        self.calls = 0

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.calls += 1
        host = host.lower().rstrip(".")
        if not self.answers.get(host):
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        answers = self.answers[host]
        return [_record(address, port) for address in (answers.pop(0) if len(answers) > 1 else answers[0])]

    async def close(self) -> None:
        pass


def _record(address: str, port: int) -> ResolveResult:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return {"hostname": "", "host": address, "port": port, "family": family, "proto": 0, "flags": 0}


# --- who is never called --------------------------------------------------------------------------------------------

HOSTILE_LITERALS = [
    "https://127.0.0.1:{port}/",
    "https://127.8.9.10:{port}/",
    "https://127.0.0.1.:{port}/",
    "https://localhost:{port}/",
    "https://LOCALHOST.:{port}/",
    "https://0.0.0.0:{port}/",
    "https://0:{port}/",
    "https://127.1:{port}/",
    "https://127.0.1:{port}/",
    "https://2130706433:{port}/",
    "https://017700000001:{port}/",
    "https://0177.0.0.1:{port}/",
    "https://0x7f000001:{port}/",
    "https://0x7f.0x0.0x0.0x1:{port}/",
    "https://127.0.0.0x1:{port}/",
    "https://[::1]:{port}/",
    "https://[0:0:0:0:0:0:0:1]:{port}/",
    "https://[::]:{port}/",
    "https://[::ffff:127.0.0.1]:{port}/",
    "https://[::ffff:7f00:1]:{port}/",
    "https://[::127.0.0.1]:{port}/",
    "https://[::1%25lo]:{port}/",
    "https://[64:ff9b::7f00:1]:{port}/",
    "https://[64:ff9b::a9fe:a9fe]:{port}/",
    "https://[64:ff9b:1::7f00:1]:{port}/",
    "https://[2002:7f00:1::]:{port}/",
    "https://[2001:0:7f00:1::]:{port}/",
    "https://[fec0::1]:{port}/",
    "https://[fe80::1]:{port}/",
    "https://[fd00:ec2::254]:{port}/",
    "https://[ff02::1]:{port}/",
    "https://10.0.0.1:{port}/",
    "https://172.16.0.1:{port}/",
    "https://192.168.0.1:{port}/",
    "https://100.64.0.1:{port}/",
    "https://169.254.169.254:{port}/latest/meta-data/",
    "https://168.63.129.16:{port}/",
    "https://224.0.0.1:{port}/",
    "https://255.255.255.255:{port}/",
    "https://１２７.0.0.1:{port}/",
    "https://127。0。0。1:{port}/",
    "https://ⓛocalhost:{port}/",
    "https://user@127.0.0.1:{port}/",
    "https://good.example@127.0.0.1:{port}/",
    "https://good.example:x@127.0.0.1:{port}/",
    "https://good.example\\@127.0.0.1:{port}/",
    "https://127.0.0.1:{port}\\@good.example/",
    "https://good.example#@127.0.0.1:{port}/ ",
    "https://[::1/",
    "https:///127.0.0.1:{port}/",
    "https:127.0.0.1:{port}/",
    "//127.0.0.1:{port}/",
    "http://127.0.0.1:{port}/",
    "http://good.example/",
    "ftp://127.0.0.1:{port}/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:{port}/_x",
    "https://127.0.0.1:0/",
    "https://127.0.0.1:{port}0000/",
    "https://good.example:{port}/\r\nX: y",
    "https://good%2eexample@127.0.0.1:{port}/",
    "https://127.0.0.1%2f.good.example:{port}/",
    "",
]
HOSTILE_NAMES = {
    "loopback.example": "127.0.0.1",
    "six.example": "::1",
    "mapped.example": "::ffff:127.0.0.1",
    "zero.example": "0.0.0.0",
    "metadata.example": "169.254.169.254",
    "nat.example": "64:ff9b::7f00:1",
    "ten.example": "10.1.2.3",
    "carrier.example": "100.64.0.1",
    "unique.example": "fd12::1",
    "link.example": "fe80::1%lo",
    "no-address.example": "localhost",
}


async def test_hostile_urls_are_refused_and_not_one_packet_reaches_a_local_listener() -> None:
    names = Names(**{name.replace(".", "_"): [[address]] for name, address in HOSTILE_NAMES.items()})
    egress = Egress(resolver=names)
    async with listening(read=False) as four, listening(host="::1", read=False) as six:
        for port in (four.port, six.port):
            for template in HOSTILE_LITERALS:
                with pytest.raises(EgressRefused):
                    await egress.request("POST", template.replace("{port}", str(port)), data=b"x", callback=True)
            for name in HOSTILE_NAMES:
                with pytest.raises(EgressRefused):
                    await egress.request("POST", f"https://{name}:{port}/", data=b"x", callback=True)
                with pytest.raises(EgressRefused):  # nor may an action's own host lie there unlisted
                    await egress.request("POST", f"https://{name}:{port}/", data=b"x")
        assert (four.connections, six.connections) == (0, 0)
        with pytest.raises(NotConnected):  # the listener would have noticed: this one is allowed, and is no TLS
            await egress.request("GET", f"https://127.0.0.1:{four.port}/")
        assert four.connections == 1
    assert len(HOSTILE_LITERALS) + len(HOSTILE_NAMES) >= 60


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (PUBLIC, Reach.PUBLIC),
        ("8.8.8.8", Reach.PUBLIC),
        ("2606:4700::1111", Reach.PUBLIC),
        (f"::ffff:{PUBLIC}", Reach.PUBLIC),
        ("64:ff9b::808:808", Reach.PUBLIC),
        ("127.0.0.1", Reach.PRIVATE),
        ("127.255.255.255", Reach.PRIVATE),
        ("::1", Reach.PRIVATE),
        ("::ffff:10.0.0.1", Reach.PRIVATE),
        ("10.0.0.0", Reach.PRIVATE),
        ("172.31.255.255", Reach.PRIVATE),
        ("192.168.1.1", Reach.PRIVATE),
        ("100.127.255.255", Reach.PRIVATE),
        ("fd12:3456::1", Reach.PRIVATE),
        ("172.32.0.0", Reach.PUBLIC),
        ("100.128.0.0", Reach.PUBLIC),
        ("0.0.0.0", Reach.NEVER),
        ("0.1.2.3", Reach.NEVER),
        ("169.254.169.254", Reach.NEVER),
        ("::ffff:169.254.169.254", Reach.NEVER),
        ("100.100.100.200", Reach.NEVER),
        ("168.63.129.16", Reach.NEVER),
        ("fd00:ec2::254", Reach.NEVER),
        ("fd20:ce::254", Reach.NEVER),
        ("192.0.2.1", Reach.NEVER),
        ("198.18.0.1", Reach.NEVER),
        ("203.0.113.9", Reach.NEVER),
        ("224.0.0.1", Reach.NEVER),
        ("240.0.0.1", Reach.NEVER),
        ("255.255.255.255", Reach.NEVER),
        ("::", Reach.NEVER),
        ("::127.0.0.1", Reach.NEVER),
        ("::808:808", Reach.NEVER),
        ("64:ff9b::a9fe:a9fe", Reach.NEVER),
        ("64:ff9b::7f00:1", Reach.NEVER),
        ("64:ff9b::a00:1", Reach.NEVER),
        ("64:ff9b:1::808:808", Reach.NEVER),
        ("2002:7f00:1::", Reach.NEVER),
        ("2002:808:808::", Reach.NEVER),
        ("2001:0:7f00:1::", Reach.NEVER),
        ("2001:db8::1", Reach.NEVER),
        ("3fff::1", Reach.NEVER),
        ("fe80::1", Reach.NEVER),
        ("fec0::1", Reach.NEVER),
        ("ff02::1", Reach.NEVER),
        ("100::1", Reach.NEVER),
        ("fd00:ec2::254%eth0", Reach.NEVER),
        ("::1%lo", Reach.NEVER),
    ],
)
def test_each_address_has_its_reach(address: str, expected: Reach) -> None:
    assert reach(ip_address(address)) is expected


async def test_one_bad_answer_among_good_ones_refuses_them_all() -> None:
    async with listening() as listener:
        egress = Egress(resolver=Names(mixed_example=[[PUBLIC, "127.0.0.1"]]))
        with pytest.raises(EgressRefused, match=r"network\.private"):
            await egress.request("GET", f"https://mixed.example:{listener.port}/")
        assert listener.connections == 0


async def test_good_answers_are_not_tried_where_another_is_bad() -> None:
    async with listening() as listener:
        egress = Egress(resolver=Names(mixed_internal=[["127.0.0.1", "169.254.169.254"]]))
        with pytest.raises(EgressRefused, match="never called"):
            await egress.request("GET", f"http://mixed.internal:{listener.port}/", private={"mixed.internal"})
        assert listener.connections == 0


async def test_a_resolver_that_flips_is_asked_once_for_each_call_and_its_second_answer_is_judged_too() -> None:
    names = Names(flip_example=[[PUBLIC], ["127.0.0.1"]])
    egress = Egress(resolver=names, connect_timeout=0.05)
    async with listening() as listener:
        with pytest.raises(NotConnected):  # the public address does not answer here; nothing else is tried
            await egress.request("GET", f"https://flip.example:{listener.port}/")
        assert names.calls == 1
        with pytest.raises(EgressRefused):
            await egress.request("GET", f"https://flip.example:{listener.port}/")
        assert listener.connections == 0


class _Turning(dict[str, Any]):
    """An answer that is public when first read and loopback ever after."""

    def __getitem__(self, key: str) -> Any:
        value = super().__getitem__(key)
        if key == "host":
            self["host"] = "127.0.0.1"
        return value


class _TurningNames(Names):
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [_Turning(record) for record in await super().resolve(host, port, family)]  # type: ignore[misc]


@pytest.mark.parametrize("answers", [[PUBLIC], [PUBLIC, "8.8.8.8"]])
async def test_an_answer_that_changes_after_it_was_judged_is_caught_at_the_socket(answers: list[str]) -> None:
    async with listening() as listener:
        egress = Egress(resolver=_TurningNames(turn_example=[answers]))
        with pytest.raises(EgressRefused, match=r"127\.0\.0\.1"):
            await egress.request("GET", f"https://turn.example:{listener.port}/")
        assert listener.connections == 0


async def test_private_hosts_are_called_where_the_operator_named_them() -> None:
    egress = Egress(resolver=Names(billing_internal=[["127.0.0.1"]], localhost=[["127.0.0.1"]]))
    async with listening() as listener, listening(host="::1") as six:
        for host in ("127.0.0.1", "localhost", "LocalHost."):
            assert (await egress.request("GET", f"http://{host}:{listener.port}/")).status == 200
        assert (await egress.request("GET", f"http://[::1]:{six.port}/")).status == 200
        listed = await egress.request("GET", f"http://billing.internal:{listener.port}/", private={"Billing.Internal."})
        assert listed.status == 200
        with pytest.raises(EgressRefused, match=r"network\.private"):
            await egress.request("GET", f"http://billing.internal:{listener.port}/", private={"internal"})
        with pytest.raises(EgressRefused, match="callback"):
            await egress.request(
                "GET", f"https://billing.internal:{listener.port}/", private={"billing.internal"}, callback=True
            )
        assert (listener.connections, six.connections) == (4, 1)


async def test_a_listed_host_that_resolves_to_a_metadata_service_is_refused() -> None:
    egress = Egress(resolver=Names(billing_internal=[["169.254.169.254"]]))
    with pytest.raises(EgressRefused, match="never called"):
        await egress.request("GET", "http://billing.internal/", private={"billing.internal"})


async def test_localhost_must_be_this_machine() -> None:
    egress = Egress(resolver=Names(localhost=[["10.0.0.1"]]))
    with pytest.raises(EgressRefused, match="not this machine"):
        await egress.request("GET", "http://localhost/")


@pytest.mark.parametrize(
    ("url", "remedy"),
    [
        ("http://api.example/", "network.private"),
        ("https://bücher.example/", "percent-encode"),
        ("https://api.example/a b", "percent-encode"),
        ("https://me:pw@api.example/", "header"),
        ("https://127.1/", "a.b.c.d"),
        ("https://a..example/", "host name"),
        (f"https://{'a' * 64}.example/", "host name"),
        (f"https://{'a.' * 130}example/", "host name"),
    ],
)
def test_a_refused_url_says_what_would_be_right(url: str, remedy: str) -> None:
    with pytest.raises(EgressRefused, match=remedy):
        target(url)


@pytest.mark.parametrize(
    "headers",
    [
        {"X": "a\r\nY: b"},
        {"X": "a\nb"},
        {"X": "a\x00"},
        {"X Y": "a"},
        {"X:": "a"},
        {"": "a"},
        {"Host": "other.example"},
        {"content-length": "0"},
        {"Transfer-Encoding": "chunked"},
    ],
)
async def test_headers_that_would_change_the_request_are_refused(headers: dict[str, str]) -> None:
    async with listening() as listener:
        with pytest.raises(EgressRefused):
            await Egress().request("POST", f"http://127.0.0.1:{listener.port}/", headers=headers, data=b"x")
        for method in ("GET / HTTP/1.1\r\nX:", "connect", "CONNECT", "TRACE", ""):
            with pytest.raises(EgressRefused):
                await Egress().request(method, f"http://127.0.0.1:{listener.port}/")
        assert listener.connections == 0


# --- what is sent ---------------------------------------------------------------------------------------------------


async def test_the_request_leaves_as_it_was_given() -> None:
    async with listening() as listener:
        path = "/a%41/../%2E%2e/b?x=%20+y&z=%C3%BC;q"
        answer = await Egress().request(
            "POST", f"http://127.0.0.1:{listener.port}{path}", headers={"X-A": "ü"}, json={"a": [1, "ö"]}
        )
        head, body = listener.heard[0].split(b"\r\n\r\n")
    assert head.startswith(f"POST {path} HTTP/1.1\r\n".encode())
    assert f"Host: 127.0.0.1:{listener.port}\r\n".encode() in head
    assert "X-A: ü".encode() in head
    assert b"Content-Type: application/json" in head
    assert b"Accept-Encoding: identity" in head
    assert body == '{"a":[1,"ö"]}'.encode()
    assert answer == Answer(200, answer.headers, b"ok")
    assert answer.digest == "2689367b205c16ce32ed4200942b8b8b1e262dfc70d9bc9fbc77c49699a4f1df"


async def test_redirects_are_reported_and_not_followed() -> None:
    async with listening() as other:

        async def move(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            where = f"http://127.0.0.1:{other.port}/".encode()
            writer.write(b"HTTP/1.1 307 Go\r\nContent-Length: 0\r\nLocation: " + where + b"\r\n\r\n")

        async with listening(move) as listener:
            answer = await Egress().request("POST", f"http://127.0.0.1:{listener.port}/", data=b"x")
        assert answer.status == 307
        assert other.connections == 0


async def test_proxies_netrc_and_cookies_of_the_surroundings_play_no_part(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async def cookie(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nSet-Cookie: session=1; Path=/\r\n\r\n")

    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    egress = Egress()
    async with listening() as proxy, listening(cookie) as listener:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        for _ in range(2):
            await egress.request("GET", f"http://127.0.0.1:{listener.port}/")
        assert proxy.connections == 0
        assert listener.connections == 2  # a connection each: none is kept
        assert not any(b"authorization" in each.lower() or b"cookie" in each.lower() for each in listener.heard)


# --- what is known when no answer comes -----------------------------------------------------------------------------


async def _hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    pass


async def _reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def _say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def _talk_nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"\x00\x01 this is not HTTP\r\n\r\n")
    await writer.drain()


async def _endless_header(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nX: ")
    while True:
        writer.write(b"x" * 4096)
        await writer.drain()


async def _endless_interim(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"HTTP/1.1 102 Processing\r\n\r\n")
        await writer.drain()


@pytest.mark.parametrize("behave", [_hang_up, _reset, _say_nothing, _talk_nonsense, _endless_header, _endless_interim])
@pytest.mark.parametrize("method", ["POST", "GET", "PUT", "DELETE"])
async def test_no_answer_after_the_connection_is_lost_and_nothing_is_sent_twice(behave: Behaviour, method: str) -> None:
    async with listening(behave) as listener:
        with pytest.raises(Lost, match=rf"127\.0\.0\.1:{listener.port}"):
            await Egress().request(method, f"http://127.0.0.1:{listener.port}/", timeout=0.3)
        assert listener.connections == 1
        assert len(listener.heard) == 1


async def test_a_reset_before_the_request_was_read_is_lost_too() -> None:
    async with listening(_reset, read=False) as listener:
        with pytest.raises(Lost):
            await Egress().request("POST", f"http://127.0.0.1:{listener.port}/", data=b"x" * 1_000_000)
        assert listener.connections == 1


async def test_a_port_where_nobody_listens_is_not_connected() -> None:
    async with listening() as listener:
        port = listener.port
    with pytest.raises(NotConnected, match="refused"):
        await Egress().request("POST", f"http://127.0.0.1:{port}/", data=b"x")


async def test_a_name_nobody_knows_is_not_connected() -> None:
    with pytest.raises(NotConnected, match="could not be resolved"):
        await Egress(resolver=Names()).request("POST", "https://nowhere.example/", data=b"x")


async def test_a_listener_that_accepts_no_more_is_not_connected_in_time() -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        address = full.getsockname()
        waiting = [socket.socket() for _ in range(4)]
        try:
            for each in waiting:
                each.setblocking(False)
                each.connect_ex(address)
            with pytest.raises(NotConnected, match="no connection in time"):
                await Egress(connect_timeout=0.1).request("GET", f"http://127.0.0.1:{address[1]}/")
        finally:
            for each in waiting:
                each.close()


# --- answers of all sizes -------------------------------------------------------------------------------------------


async def test_an_endless_answer_is_read_up_to_the_cap_and_then_cut_off() -> None:
    written = 0

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal written
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n")
        while True:
            writer.write(b"x" * 65536)
            written += 65536
            await writer.drain()

    async with listening(endless) as listener:
        answer = await Egress().request("GET", f"http://127.0.0.1:{listener.port}/")
        async with asyncio.timeout(5):
            await listener.gone.wait()
    assert answer.truncated
    assert answer.broken is None
    assert answer.body == b"x" * CAP
    assert written < 20 * CAP  # what stood in the buffers of both sides, and no more


async def test_a_compressed_bomb_is_cut_at_the_cap() -> None:
    bomb = gzip.compress(b"x" * 200_000_000, 9)

    async def explode(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(bomb)}\r\n\r\n"
        writer.write(head.encode() + bomb)
        await writer.drain()

    async with listening(explode) as listener:
        answer = await Egress().request("GET", f"http://127.0.0.1:{listener.port}/", cap=1000)
    assert answer.truncated
    assert answer.body == b"x" * 1000


@pytest.mark.parametrize("size", [0, 1, 999, 1000, 1001])
async def test_only_what_is_longer_than_the_cap_is_truncated(size: int) -> None:
    async def answer_with(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size)

    async with listening(answer_with) as listener:
        answer = await Egress().request("GET", f"http://127.0.0.1:{listener.port}/", cap=1000)
    assert (len(answer.body), answer.truncated, answer.broken) == (min(size, 1000), size > 1000, None)


async def _half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")


async def _half_chunk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n")


async def _stall(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
    await reader.read()


@pytest.mark.parametrize(
    ("behave", "why"), [(_half, "before its end"), (_half_chunk, "before its end"), (_stall, "in time")]
)
async def test_a_body_that_ends_before_its_end_is_told(behave: Behaviour, why: str) -> None:
    async with listening(behave) as listener:
        answer = await Egress().request("GET", f"http://127.0.0.1:{listener.port}/", timeout=0.3)
    assert answer.status == 200
    assert answer.body == b"half"
    assert answer.broken is not None
    assert why in answer.broken


async def test_a_drip_of_bytes_does_not_outlive_the_timeout() -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.01)  # the server's own slowness, not a wait of the test

    async with listening(drip) as listener:
        answer = await Egress().request("GET", f"http://127.0.0.1:{listener.port}/", timeout=0.2)
    assert answer.broken == "no answer in time"


async def test_cancelling_a_call_closes_its_connection() -> None:
    async with listening(_say_nothing) as listener:
        call = asyncio.create_task(Egress().request("GET", f"http://127.0.0.1:{listener.port}/"))
        async with asyncio.timeout(5):
            await listener.hears.wait()
            call.cancel()
            await asyncio.wait({call})
            await listener.gone.wait()
        assert call.cancelled()


# --- TLS ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Authority:
    """A certificate authority of the test's own, and a server certificate for one host."""

    trust: ssl.SSLContext
    serve: ssl.SSLContext


@contextmanager
def authority(folder: Path, host: str) -> Iterator[Authority]:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test authority")])
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)

    def build(subject: x509.Name, public: ec.EllipticCurvePublicKey, extension: x509.ExtensionType) -> x509.Certificate:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(extension, critical=True)
            .sign(ca_key, hashes.SHA256())
        )

    ca = build(name, ca_key.public_key(), x509.BasicConstraints(ca=True, path_length=0))
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    leaf = build(subject, key.public_key(), x509.SubjectAlternativeName([x509.DNSName(host)]))
    chain = folder / f"{host}.pem"
    chain.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + leaf.public_bytes(serialization.Encoding.PEM)
    )
    serve = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serve.load_cert_chain(chain)
    trust = ssl.create_default_context(cadata=ca.public_bytes(serialization.Encoding.PEM).decode())
    yield Authority(trust, serve)


async def test_https_is_spoken_with_the_host_that_the_certificate_names(tmp_path: Path) -> None:
    names = Names(billing_internal=[["127.0.0.1"]], other_internal=[["127.0.0.1"]])
    private = {"billing.internal", "other.internal"}
    with authority(tmp_path, "billing.internal") as made:
        async with listening(tls=made.serve) as listener:
            trusting = Egress(resolver=names, tls=made.trust)
            url = f"https://billing.internal:{listener.port}/"
            assert (await trusting.request("GET", url, private=private)).body == b"ok"
            assert len(listener.heard) == 1
            with pytest.raises(NotConnected, match="certificate is not trusted"):
                await Egress(resolver=names).request("GET", url, private=private)
            with pytest.raises(NotConnected, match="certificate is not trusted"):
                await trusting.request("GET", f"https://other.internal:{listener.port}/", private=private)
            with pytest.raises(Lost):  # plain HTTP to a TLS port: bytes of the request were sent
                await trusting.request("GET", f"http://billing.internal:{listener.port}/", private=private, timeout=1)
            assert len(listener.heard) == 1


async def test_a_server_that_does_not_speak_tls_is_not_connected() -> None:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hello\r\n")
        await writer.drain()
        await reader.read()

    async with listening(greet, read=False) as listener:
        with pytest.raises(NotConnected, match="TLS"):
            await Egress().request("POST", f"https://127.0.0.1:{listener.port}/", data=b"x", timeout=5)
