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
these for public).

One connection serves one request, so whether it was ever connected is known. Redirects, proxies from the
environment, netrc and cookies are not followed, read or kept, and nothing is ever sent twice.
"""

from handlers.egress.addresses import Reach, reach
from handlers.egress.client import CAP, Answer, Egress
from handlers.egress.errors import EgressRefused, Lost, NoAnswer, NotConnected
from handlers.egress.target import Target, target

__all__ = [
    "CAP",
    "Answer",
    "Egress",
    "EgressRefused",
    "Lost",
    "NoAnswer",
    "NotConnected",
    "Reach",
    "Target",
    "reach",
    "target",
]
