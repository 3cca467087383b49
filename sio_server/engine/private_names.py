"""Every private name of python-socketio, python-engineio and aiohttp that the engine leans on.

A new version of one of them may change any of these without notice. `missing()` names what is gone; one test
calls it, so the versions in setup.cfg can be raised with open eyes.
"""

from __future__ import annotations

import importlib
from asyncio import selector_events

from aiohttp.web_protocol import _ErrInfo as ErrInfo

try:
    from aiohttp.http_websocket import websocket_mask  # type: ignore[attr-defined]
except ImportError:
    from aiohttp._websocket.helpers import websocket_mask

#: None on a Python that has no such class: nothing is sent directly then.
SelectorTransport: type | None = getattr(selector_events, "_SelectorSocketTransport", None)

#: module, attribute path, what the engine does with it
PRIVATE_NAMES: tuple[tuple[str, str, str], ...] = (
    ("socketio.async_server", "AsyncServer._engineio_server_class", "puts EngineServer in its place"),
    ("socketio.async_server", "AsyncServer._send_packet", "overridden: one write, no queue"),
    ("socketio.async_server", "AsyncServer._send_eio_packet", "overridden"),
    ("socketio.async_server", "AsyncServer._trigger_event", "runs the application's handlers"),
    ("socketio.base_server", "BaseServer._get_event_handler", "whether there is a disconnect handler"),
    ("socketio.base_server", "BaseServer._get_namespace_handler", "whether there is a disconnect handler"),
    ("socketio.async_server", "AsyncServer._handle_eio_connect", "overridden: has nothing to await"),
    ("socketio.async_server", "AsyncServer._handle_eio_message", "overridden: the dispatcher's work"),
    ("socketio.async_server", "AsyncServer._handle_eio_disconnect", "overridden: the dispatcher's work"),
    ("socketio.async_admin", "InstrumentedAsyncServer._eio_http_response", "overridden"),
    ("socketio.async_admin", "InstrumentedAsyncServer._emit_server_stats", "started by the engine"),
    ("socketio.async_admin", "InstrumentedAsyncServer._trigger_event", "put before the server's own"),
    ("socketio.base_manager", "BaseManager._generate_ack_id", "overridden: ids that are freed"),
    ("socketio.base_manager", "BaseManager.basic_enter_room", "overridden: rooms per sid"),
    ("socketio.base_manager", "BaseManager.basic_leave_room", "overridden: rooms per sid"),
    ("socketio.base_manager", "BaseManager.basic_disconnect", "overridden: rooms per sid"),
    ("socketio.base_manager", "BaseManager.basic_close_room", "overridden: rooms per sid"),
    ("engineio.async_server", "AsyncServer._service_task", "never started: the wheel is in its place"),
    ("engineio.async_server", "AsyncServer._make_response", "adds the CORS headers"),
    ("engineio.base_server", "BaseServer._generate_sid_cookie", "the cookie option"),
    ("engineio.base_server", "BaseServer._cors_allowed_origins", "the cors_allowed_origins option"),
    ("engineio.base_server", "BaseServer._cors_headers", "the cors_allowed_origins option"),
    ("engineio.base_server", "BaseServer._log_error_once", "logging"),
    ("engineio.base_server", "BaseServer._get_socket", "overridden: closing sockets stay readable"),
    ("engineio.base_server", "BaseServer._gzip", "http_compression"),
    ("engineio.base_server", "BaseServer._deflate", "http_compression"),
    ("aiohttp.web_protocol", "RequestHandler._message_tail", "frames sent right behind the handshake"),
    ("aiohttp.web_protocol", "RequestHandler._messages", "whether a request is waiting"),
    ("aiohttp.web_protocol", "RequestHandler._request_count", "whether a head has come in whole"),
    ("aiohttp.web_protocol", "RequestHandler._current_request", "whether a body is still coming"),
    ("aiohttp.web_protocol", "RequestHandler._payload_parser", "bounds what comes before a credential"),
    ("aiohttp.web_protocol", "RequestHandler._upgraded", "whether what comes is no HTTP any more"),
    ("aiohttp.web_protocol", "RequestHandler._waiter", "wakes it for a refusal of the engine's own"),
    ("aiohttp.web_protocol", "RequestHandler.handle_error", "the application's answer in place of aiohttp's"),
    ("aiohttp.web_protocol", "_ErrInfo", "what aiohttp's parser refused"),
    ("aiohttp.web_protocol", "RequestHandler.connection_lost", "lets a connection go to the engine"),
    ("aiohttp.web_protocol", "RequestHandler.transport", "lets a connection go to the engine"),
    ("asyncio.selector_events", "BaseSelectorEventLoop._make_socket_transport", "begins accepted connections"),
    ("asyncio.selector_events", "_SelectorSocketTransport", "whose descriptor may be sent to directly"),
    ("asyncio.selector_events", "_SelectorSocketTransport.max_size", "made smaller: see `reading`"),
    ("asyncio.sslproto", "SSLProtocol.max_size", "made smaller: each connection has a buffer of it"),
    ("asyncio.sslproto", "SSLProtocol._get_app_transport", "overridden: a transport that may be closed twice"),
    ("asyncio.sslproto", "SSLProtocol._set_write_buffer_limits", "as low as without TLS"),
    ("asyncio.sslproto", "_SSLProtocolTransport", "the transport that is made better"),
    ("aiohttp._websocket.helpers", "websocket_mask", "masking in C where aiohttp has it"),
)


def missing() -> list[str]:
    """The names that the installed libraries do not have."""
    gone = []
    for module, path, _ in PRIVATE_NAMES:
        try:
            found: object = importlib.import_module(module)
            for name in path.split("."):
                found = getattr(found, name)
        except (ImportError, AttributeError):
            gone.append(f"{module}.{path}")
    return gone


__all__ = ["PRIVATE_NAMES", "ErrInfo", "SelectorTransport", "missing", "websocket_mask"]
