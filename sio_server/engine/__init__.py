"""A Socket.IO server core that is correct, hardened and fast, usable by any aiohttp application.

`AsyncServer` is a drop-in for `socketio.AsyncServer(async_mode="aiohttp")`:

    from aiohttp import web
    from sio_server.engine import AsyncServer

    sio = AsyncServer()
    app = web.Application()
    sio.attach(app)
    web.run_app(app)

What it adds stands in its docstring. `FrontSite` in place of aiohttp's `TCPSite` answers websocket handshakes
and an application's hot POST routes before aiohttp builds a request, and closes connections that do not
finish theirs. The folders, from the wire inwards: `wire` (frames, packets,
handshakes, JSON; pure, no I/O), `transport` (one websocket and its bytes, time), `eio` (Engine.IO sessions), `sio`
(Socket.IO: rooms, events, recovery), `front` (the listening socket). Private names of the libraries it stands on are
listed in `private_names` alone.
"""

from socketio.exceptions import ConnectionRefusedError as ConnectionRefused

from sio_server.engine.counters import Counters
from sio_server.engine.eio.addresses import AddressGroups
from sio_server.engine.eio.refused import OnRefused, RefusedPeer, Why
from sio_server.engine.front.http_protocol import Unreadable
from sio_server.engine.front.site import FrontSite
from sio_server.engine.limits import MAX_HTTP_FIELD, MAX_HTTP_LINE, Limits
from sio_server.engine.reasons import Reason
from sio_server.engine.sio.membership import AsyncManager
from sio_server.engine.sio.recovery_log import Claim, Kept, MemoryLog, Record, RecoveryLog
from sio_server.engine.sio.server import AsyncServer, CallDisconnectedError
from sio_server.engine.wire.handshake import Refusal
from sio_server.engine.wire.http_head import FrontPromise, FrontReply, FrontRequest, header_lines

__all__ = [
    "MAX_HTTP_FIELD",
    "MAX_HTTP_LINE",
    "AddressGroups",
    "AsyncManager",
    "AsyncServer",
    "CallDisconnectedError",
    "Claim",
    "ConnectionRefused",
    "Counters",
    "FrontPromise",
    "FrontReply",
    "FrontRequest",
    "FrontSite",
    "Kept",
    "Limits",
    "MemoryLog",
    "OnRefused",
    "Reason",
    "Record",
    "RecoveryLog",
    "Refusal",
    "RefusedPeer",
    "Unreadable",
    "Why",
    "header_lines",
]
