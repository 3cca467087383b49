"""Asks a server who it is, for the start of an application: is it there, is it ours, may this key publish."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from sio_server import __version__
from sio_server.client.bodies import NotifyRefused
from sio_server.client.diverting import sink_of
from sio_server.client.exchange import Exchange, Reply, Target, unexpected
from sio_server.client.transport import transport_options
from sio_server.event_types import EventTypes

if TYPE_CHECKING:
    import httpx

# Seconds: whoever starts a backend and a server together has the server a moment later.
CHECK_TIMEOUT: Final = 5.0

# A catalogue of a thousand types has some hundred KiB.
_MAX_REPLY: Final = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """What answers at the address: a sio-server that takes what this key publishes.

    ``version`` is the server's; ``development`` says whether it takes anything from anybody; ``publisher`` is the name
    that it knows the sender by, such as ``key:reservas``. ``types`` are its event types, None where the key may not
    read them. ``warnings`` is what may be amiss: versions that were not made for one another, types that only this
    backend knows.
    """

    version: str
    development: bool
    publisher: str | None
    types: EventTypes | None = field(repr=False, compare=False)
    warnings: tuple[str, ...]


def check_server(target: Target, known: EventTypes, timeout: float = CHECK_TIMEOUT) -> ServerStatus:
    """Ask the server, again and again until it answers or time is up.

    Where nothing is sent (``none:``, a test that records) the answer is as if all were well.

    Raises `NotifyUnavailable` where nobody answers, and `NotifyRefused` where it is no sio-server
    (``unexpected_reply``) or does not take what this key publishes (``unauthorized``, ``forbidden``).
    """
    import httpx  # noqa: PLC0415 - see `exchange`

    if sink_of(target) is not None:
        return ServerStatus(__version__, development=True, publisher=None, types=known, warnings=())
    tries = Exchange(replace(target, total=timeout), b"", target.headers(), named=False)
    with httpx.Client(**transport_options(target, 1)) as http:
        session = _ask(http, tries, target.url + "/v1/session")
        members = session.members()
        version, may = members.get("version"), members.get("may")
        if not isinstance(version, str) or not isinstance(may, dict):
            raise unexpected(session.status)
        if may.get("publish") is not True:
            raise _may_not(target, members)
        try:
            types = _types_in(_ask(http, tries, target.url + "/v1/catalog"))
        except NotifyRefused:
            types = None  # a key that may publish need not be one that may look
    warnings = tuple(_warnings(version, types, known))
    publisher = members.get("publisher")
    return ServerStatus(
        version,
        members.get("development") is True,
        publisher if isinstance(publisher, str) else None,
        types,
        warnings,
    )


def fetch_types(target: Target, timeout: float = CHECK_TIMEOUT) -> EventTypes:
    """The event types of a server.

    Raises `NotifyUnavailable` where nobody answers, and `NotifyRefused` where it is no sio-server of this kind
    (``unexpected_reply``) or does not tell who has this key (``unauthorized``, ``forbidden_scope``).
    """
    import httpx  # noqa: PLC0415 - see `exchange`

    tries = Exchange(replace(target, total=timeout), b"", target.headers(), named=False)
    with httpx.Client(**transport_options(target, 1)) as http:
        reply = _ask(http, tries, target.url + "/v1/catalog")
    types = _types_in(reply)
    if types is None:
        raise unexpected(reply.status)
    return types


def _ask(http: httpx.Client, tries: Exchange, address: str) -> Reply:
    import httpx  # noqa: PLC0415 - see `exchange`

    while True:
        try:
            with http.stream("GET", address, headers=tries.headers, timeout=tries.timeout()) as response:
                reply = tries.reply(response, _MAX_REPLY)
                for chunk in response.iter_bytes():
                    reply.feed(chunk)
        except (httpx.RequestError, TimeoutError) as error:
            delay = tries.failed(error)
        else:
            wait = tries.again(reply)
            if wait is None:
                return reply
            delay = wait
        time.sleep(delay)


def _may_not(target: Target, members: Mapping[str, Any]) -> NotifyRefused:
    if target.key is None:
        text = "this server wants a publisher key: set SIO_SERVER_PUBLISH_KEY"
        return NotifyRefused("unauthorized", HTTPStatus.UNAUTHORIZED, text)
    who = "this token" if members.get("credential") == "token" else "this key"
    return NotifyRefused("forbidden", HTTPStatus.FORBIDDEN, f"{who} may not publish: look at SIO_SERVER_PUBLISH_KEY")


def _types_in(reply: Reply) -> EventTypes | None:
    try:
        members = reply.members()
        return EventTypes.of(members["types"], members.get("topics", ()))
    except (AttributeError, KeyError, TypeError, ValueError):
        # Of a version whose types have something that this one does not know.
        return None


def _warnings(version: str, types: EventTypes | None, known: EventTypes) -> list[str]:
    warnings = []
    if _line_of(version) != _line_of(__version__):
        warnings.append(f"the server is version {version} and this client {__version__}: one of them should be renewed")
    missing = [] if types is None else [name for name in known.types if name not in types.types]
    if missing:
        named = ", ".join(missing[:5]) + (", …" if len(missing) > 5 else "")  # noqa: PLR2004 - a line's worth
        warnings.append(f"the server does not know {named}: give it the catalogue that this backend has")
    return warnings


def _line_of(version: str) -> list[str]:
    """The part of a version within which nothing is taken away: until 1.0 a minor version may break things."""
    parts = version.split(".")
    return parts[:2] if parts[0] == "0" else parts[:1]
