"""Where notifications go that are not to be sent: to a test's recorder, or nowhere.

Everything that publishes asks here first: the functions of `sio_server.client`, a `Notifier`, and both clients.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any, Final, Protocol
from urllib.parse import unquote, urlsplit

import orjson

from sio_server.client.bodies import PublishResult, written
from sio_server.client.exchange import Exchange, Target


class Sink(Protocol):
    """Takes notifications in place of a server."""

    def take(self, body: Mapping[str, Any], *, answered: bool) -> PublishResult:
        """Take the body of a publish, and answer it; unless ``answered``, nobody hears that it was refused.

        Raises `NotifyRefused` where a server would refuse it.
        """

    def ask(self, method: str, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Answer another request of a client; raises `NotifyRefused`."""


def nothing(path: str = "") -> dict[str, Any]:
    """What a server would answer that knows of nobody and of nothing, whatever it is asked for at a path."""
    steps = [unquote(step) for step in urlsplit(path).path.split("/")]
    named = steps[_NAMED] if len(steps) > _NAMED else ""
    changed = {"id": named, "revision": 1, "seq": 0, "cursor": "", "type": "", "recipients": {"sockets": 0}}
    return {
        **changed,
        "status": "ok",
        "duplicate": False,
        "warnings": [],
        "user": named,
        "disconnected": 0,
        "erased": {},
        "items": [],
        "next_after": None,
    }


# Where in a path whatever it is about is named: /v1/users/7.
_NAMED: Final = 3


class _Nowhere:
    """Accepts all and keeps nothing."""

    def take(self, body: Mapping[str, Any], *, answered: bool) -> PublishResult:
        """Answer as a server of which nobody is a client."""
        return PublishResult("", 0, "", str(body["type"]), 0, duplicate=False, warnings=())

    def ask(self, method: str, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """See `Sink.ask`."""
        return nothing(path)


_NOWHERE: Final = _Nowhere()

# The innermost one that a test has put here counts; for all threads, since those of a backend publish as well.
_sinks: Final[list[Sink]] = []


@contextlib.contextmanager
def diverted(sink: Sink) -> Iterator[None]:
    """Have this process publish to ``sink`` and to no server, whatever made its clients and whenever."""
    _sinks.append(sink)
    try:
        yield
    finally:
        _sinks.remove(sink)


def recorder() -> Sink | None:
    """What a test has put in the place of every server; None where no test has."""
    return _sinks[-1] if _sinks else None


def sink_of(target: Target) -> Sink | None:
    """What takes the notifications for this target; None where its server does."""
    if _sinks:
        return _sinks[-1]
    return _NOWHERE if target.is_off else None


def take(sink: Sink, body: Mapping[str, Any], *, answered: bool = True) -> PublishResult:
    """Hand a body over as a server would read it. Raises `NotifyInvalid` and `NotifyRefused`."""
    return sink.take(orjson.loads(written(body)), answered=answered)


def ask(sink: Sink, exchange: Exchange) -> dict[str, Any]:
    """The answer to another request. Raises `NotifyRefused`."""
    return sink.ask(exchange.method, exchange.path, orjson.loads(exchange.content or b"{}"))
