"""The Socket.IO Admin UI: python-socketio's instrumentation, fed by the engine instead of patched classes."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import Any

from socketio.async_admin import InstrumentedAsyncServer


class Instrumented(InstrumentedAsyncServer):  # type: ignore[misc]  # the library is untyped
    """Reports connections, rooms, events and statistics of one server to the admin namespace."""

    #: the server, the engine's; typed as little as the library is
    sio: Any
    stop_stats_event: asyncio.Event | None
    stats_task: asyncio.Task[None] | None

    def instrument(self) -> None:
        """Put the reporting functions in front of the server's own, on this instance alone."""
        sio = self.sio
        sio.on("connect", self.admin_connect, namespace=self.admin_namespace)
        if self.mode != "development":
            return
        if not self.read_only:
            for event, handler in (
                ("emit", self.admin_emit),
                ("join", self.admin_enter_room),
                ("leave", self.admin_leave_room),
                ("_disconnect", self.admin_disconnect),
            ):
                sio.on(event, handler, namespace=self.admin_namespace)
        manager = sio.manager
        manager._timestamps = {}  # noqa: SLF001  where the library's serialize_socket looks
        self._own = {
            "trigger": sio._trigger_event,  # noqa: SLF001
            "enter": manager.basic_enter_room,
            "leave": manager.basic_leave_room,
            "emit": manager.emit,
        }
        sio.__dict__["_trigger_event"] = self._trigger_event
        manager.__dict__.update(
            basic_enter_room=self._basic_enter_room, basic_leave_room=self._basic_leave_room, emit=self._emit
        )

    def uninstrument(self) -> None:
        """Take the reporting functions away from the server again."""
        self.sio.application.watched = None
        if self.mode == "development":
            for owner, name in (
                (self.sio, "_trigger_event"),
                (self.sio.manager, "basic_enter_room"),
                (self.sio.manager, "basic_leave_room"),
                (self.sio.manager, "emit"),
            ):
                owner.__dict__.pop(name, None)

    def raw_connection(self) -> None:
        """An Engine.IO session was opened."""
        if self.stop_stats_event is None:
            self.stop_stats_event = self.sio.eio.create_event()
        if self.stats_task is None:
            self.stats_task = self.sio.start_background_task(self._emit_server_stats)
        self.event_buffer.push("rawConnection")

    def raw_disconnection(self) -> None:
        """An Engine.IO session ended."""
        self.event_buffer.push("rawDisconnection")

    async def _trigger_event(self, event: str, namespace: str, *args: Any) -> Any:
        own = self._own["trigger"]
        if namespace == self.admin_namespace:
            return await own(event, namespace, *args)
        sid, now = args[0], time.time()
        stamp = datetime.fromtimestamp(now, UTC).isoformat()
        stamps = self.sio.manager._timestamps  # noqa: SLF001
        report: tuple[str, tuple[Any, ...]]
        if event == "connect":
            stamps[sid] = now
            report = (
                "socket_connected",
                (self.serialize_socket(sid, namespace, self._eio_sid(sid, namespace)), stamp),
            )
        elif event == "disconnect":
            stamps.pop(sid, None)
            report = "socket_disconnected", (namespace, sid, args[1], stamp)
        else:
            report = "event_received", (namespace, sid, (event, *args[1:]), stamp)
        await self.sio.emit(*report, namespace=self.admin_namespace)
        return await own(event, namespace, *args)

    def _eio_sid(self, sid: str, namespace: str) -> str | None:
        found: str | None = self.sio.manager.eio_sid_from_sid(sid, namespace)
        return found

    def _basic_enter_room(self, sid: str, namespace: str, room: Any, eio_sid: str | None = None) -> None:
        self._own["enter"](sid, namespace, room, eio_sid)
        self.admin_queue.append(("room_joined", (namespace, room, sid, datetime.now(UTC).isoformat())))

    def _basic_leave_room(self, sid: str, namespace: str, room: Any) -> None:
        self.admin_queue.append(("room_left", (namespace, room, sid, datetime.now(UTC).isoformat())))
        self._own["leave"](sid, namespace, room)

    async def _emit(
        self,
        event: str,
        data: Any,
        namespace: str,
        room: Any = None,
        skip_sid: Any = None,
        callback: Any = None,
        **kwargs: Any,
    ) -> None:
        await self._own["emit"](event, data, namespace, room=room, skip_sid=skip_sid, callback=callback, **kwargs)
        if namespace == self.admin_namespace:
            return
        sent = [event, *data] if isinstance(data, tuple) else [event, data]
        skipped = skip_sid if isinstance(skip_sid, list) else [skip_sid]
        for sid, _ in self.sio.manager.get_participants(namespace, room):
            if sid not in skipped:
                stamp = datetime.now(UTC).isoformat()
                await self.sio.emit("event_sent", (namespace, sid, sent, stamp), namespace=self.admin_namespace)
