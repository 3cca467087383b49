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
finish theirs.

What is exported here is the whole interface: nothing outside this package imports one of its modules. The folders, from
the wire inwards: `wire` (frames, packets, handshakes, JSON; pure, no I/O), `transport` (one websocket and its bytes,
time), `eio` (Engine.IO sessions), `sio` (Socket.IO: rooms, events, recovery), `front` (the listening socket). A folder
imports those before it. Private names of the libraries it stands on are listed in `private_names` alone.
"""

from socketio.exceptions import ConnectionRefusedError as ConnectionRefused

from sio_server.engine.counters import Counters
from sio_server.engine.eio.addresses import AddressGroups, TrustedProxies, peer_of
from sio_server.engine.eio.bodies import BodyTooLargeError, body_parts
from sio_server.engine.eio.detach import Switched, detach, watch
from sio_server.engine.eio.elsewhere import PASSED_ON, PassedOn
from sio_server.engine.eio.refused import OnRefused, RefusedPeer, Why
from sio_server.engine.front.http_protocol import Unreadable
from sio_server.engine.front.site import FrontSite
from sio_server.engine.limits import MAX_HTTP_FIELD, MAX_HTTP_LINE, Limits
from sio_server.engine.rates import Bucket, bucket_size
from sio_server.engine.reasons import Reason
from sio_server.engine.sio.calls import CallDisconnectedError
from sio_server.engine.sio.membership import AsyncManager
from sio_server.engine.sio.private_ids import private_id, read_private_id
from sio_server.engine.sio.recovery_log import Claim, Kept, MemoryLog, Record, RecoveryLog
from sio_server.engine.sio.server import AsyncServer
from sio_server.engine.transport.backlog import Backlog
from sio_server.engine.transport.fair_socket import FairSocket, narrow
from sio_server.engine.transport.outbox import Outbox
from sio_server.engine.transport.reading import give_up_on
from sio_server.engine.wire.content_coding import (
    ACCEPTED_CODINGS,
    NotAsSaidError,
    UnknownCodingError,
    UnpackedTooLargeError,
    Unpacker,
    coding_of,
)
from sio_server.engine.wire.frames import text_frame
from sio_server.engine.wire.handshake import Refusal, is_websocket_key
from sio_server.engine.wire.http_head import FrontPromise, FrontReply, FrontRequest, header_lines
from sio_server.engine.wire.packets import Wire, event_wire, with_offset

__all__ = [
    "ACCEPTED_CODINGS",
    "MAX_HTTP_FIELD",
    "MAX_HTTP_LINE",
    "PASSED_ON",
    "AddressGroups",
    "AsyncManager",
    "AsyncServer",
    "Backlog",
    "BodyTooLargeError",
    "Bucket",
    "CallDisconnectedError",
    "Claim",
    "ConnectionRefused",
    "Counters",
    "FairSocket",
    "FrontPromise",
    "FrontReply",
    "FrontRequest",
    "FrontSite",
    "Kept",
    "Limits",
    "MemoryLog",
    "NotAsSaidError",
    "OnRefused",
    "Outbox",
    "PassedOn",
    "Reason",
    "Record",
    "RecoveryLog",
    "Refusal",
    "RefusedPeer",
    "Switched",
    "TrustedProxies",
    "UnknownCodingError",
    "UnpackedTooLargeError",
    "Unpacker",
    "Unreadable",
    "Why",
    "Wire",
    "body_parts",
    "bucket_size",
    "coding_of",
    "detach",
    "event_wire",
    "give_up_on",
    "header_lines",
    "is_websocket_key",
    "narrow",
    "peer_of",
    "private_id",
    "read_private_id",
    "text_frame",
    "watch",
    "with_offset",
]
