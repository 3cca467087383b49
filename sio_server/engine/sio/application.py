"""The application's handlers as python-socketio keeps them, by the names that it keeps them under."""

from __future__ import annotations

import logging
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any

from sio_server.engine.eio.member import Member
from sio_server.engine.limits import MAX_NAMESPACE_NAME

if TYPE_CHECKING:
    from sio_server.engine.sio.admin import Instrumented


class Application:
    """What an application has registered at its server.

    :param server: the library's server object, which has no types.
    """

    __slots__ = ("_server", "watched")

    def __init__(self, server: Any) -> None:
        self._server = server
        #: the admin UI while it looks on: disconnects go through the handlers then, even where there are none
        self.watched: Instrumented | None = None

    @property
    def logger(self) -> logging.Logger:
        """Where failures of handlers are told."""
        found: logging.Logger = self._server.logger
        return found

    @property
    def welcomes_first(self) -> bool:
        """Whether a client is told that it is in before its connect handler has run (the option `always_connect`)."""
        return bool(self._server.always_connect)

    def serves(self, namespace: str) -> bool:
        """Whether there are handlers in a namespace, or it is one that the application has named."""
        server = self._server
        return len(namespace) <= MAX_NAMESPACE_NAME and (
            namespace in server.handlers
            or namespace in server.namespace_handlers
            or server.namespaces == "*"
            or namespace in server.namespaces
        )

    def trigger(self, event: str, namespace: str, *arguments: Any) -> Awaitable[Any]:
        """Run the handler of an event, if it has one; what it returns, or `is_unhandled` knows."""
        found: Awaitable[Any] = self._server._trigger_event(event, namespace, *arguments)  # noqa: SLF001
        return found

    def is_unhandled(self, result: Any) -> bool:
        """Whether what `trigger` gave says that the event has no handler."""
        return result is self._server.not_handled

    def hears_disconnect(self, member: Member) -> bool:
        """Whether anybody is told when a member leaves."""
        server = self._server
        return bool(
            self.watched
            or server._get_event_handler("disconnect", member.namespace, (member.sid,))[0]  # noqa: SLF001
            or server._get_namespace_handler(member.namespace, ())[0]  # noqa: SLF001
        )

    def session_opened(self) -> None:
        """An Engine.IO session has begun: with the first one the manager starts."""
        server = self._server
        if not server.manager_initialized:
            server.manager_initialized = True
            server.manager.initialize()
        if self.watched is not None:
            self.watched.raw_connection()

    def session_ended(self) -> None:
        """An Engine.IO session has ended."""
        if self.watched is not None:
            self.watched.raw_disconnection()
