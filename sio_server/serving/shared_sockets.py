"""Sockets for several processes: one each on the same port, among which the system shares out connections."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from sio_server.config import Config
from sio_server.serving.listening import BACKLOG
from sio_server.serving.sockets import CannotListen, UnixSocket

# How often a port is looked for that is free on all addresses of a host.
_TRIES: Final = 10

# For each process, the sockets that it listens on.
ForEach = Sequence[Sequence[socket.socket]]


def bound_for_each(
    config: Config, given: Sequence[socket.socket], stack: contextlib.ExitStack
) -> tuple[ForEach, ForEach]:
    """The sockets of each worker for clients, and for the metrics where these have an address of their own.

    They are listened on. What a supervisor opened, and a Unix socket, is one that all of them accept from; ``stack``
    takes its name away in the end. Raises `CannotListen`.
    """
    place = config.metrics_place
    main = [given] * config.workers if given else _for_each(config, config.unix or (config.host, config.port), stack)
    return main, [()] * config.workers if place is None else _for_each(config, place, stack)


def _for_each(config: Config, place: tuple[str, int] | Path, stack: contextlib.ExitStack) -> ForEach:
    if isinstance(place, Path):
        bound = UnixSocket(place, int(config.unix_mode[-3:], 8))
        stack.callback(bound.remove)
        bound.socket.listen(BACKLOG)
        return [[bound.socket]] * config.workers
    host, port = place
    try:
        return _on(host, port, config.workers)
    except OSError as error:
        raise CannotListen.at(f"{host} port {port}", error) from error


def _on(host: str, port: int, count: int) -> ForEach:
    """So many sockets on each address of a host, all of one port; 0 takes one that is free on all of them."""
    addresses = list(dict.fromkeys(_resolved(host)))
    _check_free(addresses, port)
    for tries_left in range(_TRIES, -1, -1):
        with contextlib.ExitStack() as undo:
            try:
                chosen, made = port, []
                for _ in range(count):
                    mine = []
                    for family, address in addresses:
                        one = _listening(family, (address[0], chosen, *address[2:]))
                        undo.callback(one.close)
                        chosen = one.getsockname()[1]
                        mine.append(one)
                    made.append(mine)
            except OSError:
                if port or not tries_left:
                    raise
                continue
            undo.pop_all()
            return made
    raise AssertionError("not reached")


def _resolved(host: str) -> list[tuple[socket.AddressFamily, tuple[str, ...]]]:
    found = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    return [(family, address) for family, _, _, _, address in found]  # type: ignore[misc]  # of the internet's families


def _check_free(addresses: Sequence[tuple[socket.AddressFamily, tuple[str, ...]]], port: int) -> None:
    """Raise OSError where somebody listens there already: with SO_REUSEPORT it could be shared with him unnoticed."""
    for family, address in addresses if port else ():
        with socket.socket(family, socket.SOCK_STREAM) as trying:
            _options(trying, family)
            trying.bind((address[0], port, *address[2:]))


def _listening(family: socket.AddressFamily, address: tuple[object, ...]) -> socket.socket:
    one = socket.socket(family, socket.SOCK_STREAM)
    try:
        _options(one, family)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        one.bind(address)
        one.listen(BACKLOG)
    except BaseException:
        one.close()
        raise
    return one


def _options(one: socket.socket, family: socket.AddressFamily) -> None:
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
