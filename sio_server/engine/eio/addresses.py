"""The peer's real address and scheme: forwarded headers count only when a trusted proxy sent them.

An address is a value: `::ffff:192.0.2.1`, `192.0.2.1:443` and `"192.0.2.1"` are one peer, and so is, for whatever is
counted by address, a whole network of IPv6, since everybody has one of those to himself.
"""

from __future__ import annotations

import functools
import ipaddress
from collections.abc import Iterable
from typing import Any

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

#: Bits of an IPv6 address that stand for one peer: a home and a phone have a /64 each (RFC 6177, RFC 7934).
IPV6_PREFIX = 64
#: Addresses of IPv4 as a translator writes them (RFC 6052): each is a peer.
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")
#: Bits before an address of IPv4 that is mapped into IPv6.
_MAPPED = 96
#: Addresses whose value is remembered: a peer may choose them, in a header.
_REMEMBERED = 4096


@functools.lru_cache(_REMEMBERED)
def parse_address(text: str) -> Address | None:
    """The value of an address however it is spelt, or None.

    Around it there may be spaces, quotes, brackets and a port. A zone (RFC 4007) names an interface of this machine
    and is left out; an address of IPv4 that is mapped into IPv6 (RFC 4291, section 2.5.5.2) is the one of IPv4.
    """
    bare = text.strip(' \t"')
    if bare.startswith("["):
        bare = bare[1:].partition("]")[0]
    elif bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        parsed = ipaddress.ip_address(bare.partition("%")[0].strip())
    except ValueError:
        return None
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        return parsed.ipv4_mapped
    return parsed


@functools.lru_cache(_REMEMBERED)
def canonical(text: str) -> str:
    """The one spelling of an address (RFC 5952); what is no address stays as it is."""
    parsed = parse_address(text)
    return text if parsed is None else str(parsed)


@functools.lru_cache(_REMEMBERED)
def is_loopback(text: str) -> bool:
    """Whether an address is this machine's own. A Unix socket's peer has none, and is on this machine."""
    parsed = parse_address(text)
    return not text if parsed is None else parsed.is_loopback


class AddressGroups:
    """What counts as one address where something is counted by address.

    An address of IPv4 is one; of IPv6 it is a network of `ipv6_prefix` bits (1 to 128).
    """

    __slots__ = ("of",)

    def __init__(self, ipv6_prefix: int = IPV6_PREFIX) -> None:
        if not 1 <= ipv6_prefix <= 128:  # noqa: PLR2004  the bits of an address
            message = "ipv6_prefix must be from 1 to 128"
            raise ValueError(message)

        def of(text: str) -> str:
            parsed = parse_address(text)
            if parsed is None or parsed.version == 4 or parsed in _TRANSLATED:  # noqa: PLR2004  of IP
                return canonical(text)
            return str(ipaddress.ip_network((int(parsed), ipv6_prefix), strict=False))

        #: the group of an address, as a text to compare
        self.of = functools.lru_cache(_REMEMBERED)(of)


def _unmapped(network: Network) -> Network:
    if isinstance(network, ipaddress.IPv6Network) and network.prefixlen >= _MAPPED:
        inner = network.network_address.ipv4_mapped
        if inner is not None:
            return ipaddress.ip_network((int(inner), network.prefixlen - _MAPPED), strict=False)
    return network


#: Among networks: whoever connects by a Unix socket, who has no address.
_BY_UNIX_SOCKET = "unix:"


class TrustedProxies:
    """The networks whose `X-Forwarded-*` headers are believed; none by default.

    `unix:` is whoever connects by a Unix socket. Who has no address for another reason is not believed otherwise.
    """

    def __init__(self, networks: Iterable[str] | str | None) -> None:
        self.trust(networks)

    def trust(self, networks: Iterable[str] | str | None) -> None:
        """Believe the headers that these networks send from now on, and those of no others."""
        if isinstance(networks, str):
            networks = [part.strip() for part in networks.split(",") if part.strip()]
        words = list(networks or ())
        self._unix = _BY_UNIX_SOCKET in words
        self._networks: tuple[Network, ...] = tuple(
            _unmapped(ipaddress.ip_network(network, strict=False)) for network in words if network != _BY_UNIX_SOCKET
        )

    def __bool__(self) -> bool:
        return self._unix or bool(self._networks)

    def __contains__(self, address: str) -> bool:
        if not address:
            return self._unix
        parsed = parse_address(address)
        return parsed is not None and any(parsed in network for network in self._networks)

    def client(self, peer: str, forwarded_for: str | None) -> str:
        """The client's address in its one spelling: from the right, the first one that is no trusted proxy."""
        if not self or forwarded_for is None or peer not in self:
            return canonical(peer)
        address = peer
        for part in reversed(forwarded_for.split(",")):
            if parse_address(part) is None:
                return canonical(peer)
            address = part
            if address not in self:
                break
        return canonical(address)


def peer_of(transport: Any) -> tuple[str, str]:
    """(address, port) of a transport's peer; of a Unix socket ("", "")."""
    name = transport.get_extra_info("peername") if transport is not None else None
    if isinstance(name, tuple) and len(name) >= 2:  # noqa: PLR2004  (host, port) or (host, port, flow, scope)
        return canonical(str(name[0])), str(name[1])
    return "", ""
