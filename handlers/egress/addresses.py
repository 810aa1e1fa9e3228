"""How far an address lies: public, private, or never to be called."""

from enum import Enum
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network


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
