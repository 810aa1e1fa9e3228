"""Where a URL leads, and what its host may resolve to, as far as can be told without looking it up."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

from yarl import URL

from handlers.egress.addresses import Reach, reach
from handlers.egress.errors import EgressRefused


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
