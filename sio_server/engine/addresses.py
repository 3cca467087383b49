"""The peer's real address and scheme: forwarded headers count only when a trusted proxy sent them."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Any

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class TrustedProxies:
    """The networks whose `X-Forwarded-*` headers are believed; none by default."""

    def __init__(self, networks: Iterable[str] | str | None) -> None:
        self.trust(networks)

    def trust(self, networks: Iterable[str] | str | None) -> None:
        """Believe these from now on, and no others."""
        if isinstance(networks, str):
            networks = [part.strip() for part in networks.split(",") if part.strip()]
        self._networks: tuple[Network, ...] = tuple(
            ipaddress.ip_network(network, strict=False) for network in networks or ()
        )

    def __bool__(self) -> bool:
        return bool(self._networks)

    def __contains__(self, address: str) -> bool:
        try:
            parsed = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return False
        if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
            parsed = parsed.ipv4_mapped
        return any(parsed in network for network in self._networks)

    def client(self, peer: str, forwarded_for: str | None) -> str:
        """The client's address: from the right, the first one that is no trusted proxy."""
        if not self._networks or forwarded_for is None or peer not in self:
            return peer
        address = peer
        for part in reversed(forwarded_for.split(",")):
            address = _bare(part.strip())
            if not _is_address(address):
                return peer
            if address not in self:
                return address
        return address


def _bare(text: str) -> str:
    """An address without brackets and port."""
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0] if text.count(":") == 1 else text


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return True


def peer_of(transport: Any) -> tuple[str, str]:
    """(address, port) of a transport's peer; of a Unix socket ("", "")."""
    name = transport.get_extra_info("peername") if transport is not None else None
    if isinstance(name, tuple) and len(name) >= 2:  # noqa: PLR2004  (host, port) or (host, port, flow, scope)
        return str(name[0]), str(name[1])
    return "", ""
