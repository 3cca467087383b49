"""Every limit of the engine: its default, its unit and what breaks without it."""

from __future__ import annotations

from dataclasses import dataclass

#: A handshake is followed by a CONNECT within milliseconds. Without a limit every half-made session lives for
#: ever.
CONNECT_TIMEOUT = 45.0
#: Seconds from the handshake to the CONNECT once half of the places for sessions without a namespace are taken.
SHORT_CONNECT_TIMEOUT = 5.0
#: Bytes of a message of a session in no namespace: 16 KB hold any token. A thousand peers that nobody knows may each
#: send the beginning of a message of the full size and wait.
FIRST_MESSAGE = 16_384
#: How many first messages a polling body may have room for: a client joins its namespaces in one body.
FIRST_BODY_MESSAGES = 4
#: Packets in one polling body. A million bytes have room for half a million packets, which would be taken apart in
#: one go; who sends more events at once than this is cut by what is held for a peer anyway.
MAX_BODY_PACKETS = 10_000
#: Packets, frames and fragments of one peer that are handled before others have their turn.
TURN = 64
#: Packets a second that are no messages and that nobody asked for: pongs beyond the one for each ping, noops, pings
#: and pongs of the websocket, fragments of a few bytes. Clients send none, or one in many seconds.
CONTROL_PER_SECOND = 100.0
#: Fragments of a message below this many bytes count as such packets. Libraries cut at 1 KB and above.
SMALL_FRAGMENT = 64
#: Bytes held for one peer that does not read. Without it one stalled phone keeps every event since in memory.
SEND_CAP = 1 << 20
#: Packets held for one peer. Without it many tiny packets cost far more memory than their bytes say.
SEND_PACKETS_CAP = 10_000
#: Binary attachments of one packet, as in Node's server. Without it one header line reserves an endless
#: packet.
MAX_ATTACHMENTS = 10
#: Bytes of all attachments of one packet.
MAX_ATTACHMENT_BYTES = 10_000_000
#: Seconds from a binary packet to its last attachment. Without it a peer keeps what came of one for ever.
ATTACHMENT_TIMEOUT = 15.0
#: Seconds from the websocket of an upgrade to its `5` frame (Node: upgradeTimeout).
UPGRADE_TIMEOUT = 10.0
#: Seconds for a peer to answer our Close frame before its socket is dropped.
CLOSE_TIMEOUT = 2.0
#: Events of one client that may wait for its handlers. At this many its socket is not read any more.
INBOX_HIGH = 64
#: Reading goes on when this few are left.
INBOX_LOW = 16
#: Bytes of a packet above which nothing more is read from its client until it is handled. A million bytes of JSON
#: become thirty million in memory, and so many of them could wait as the limit above allows.
HEAVY = 16_384
#: Packets in the answer to one poll: the Python client refuses more (its Payload.max_decode_packets).
MAX_POLL_PACKETS = 16
#: Namespaces one connection may be in. Without it `namespaces='*'` lets a peer create rooms for ever.
MAX_NAMESPACES = 64
#: Characters of a namespace's name.
MAX_NAMESPACE_NAME = 256
#: Seconds for a TLS handshake: two round trips and some milliseconds of reckoning. Without it a peer that says nothing
#: keeps a descriptor for as long as asyncio lets it, which is a minute.
TLS_TIMEOUT = 10
#: Seconds for an HTTP head, and for a body (plus one second per BODY_RATE bytes): slow-loris.
REQUEST_TIMEOUT = 20.0
#: Bytes per second below which a body counts as dribbling.
BODY_RATE = 4096
#: Bytes of an HTTP head the front protocol reads before aiohttp has to.
MAX_HEAD = 16_384
#: Bytes of a request line and of one header that aiohttp takes (its own 8,190 are less than a token of Keycloak with
#: many roles), and of a whole head: a stranger's connection may hold that much.
MAX_HTTP_LINE, MAX_HTTP_FIELD, MAX_HTTP_HEAD = 8_190, 16_384, 32_768
#: Bytes of a body that a fast route takes; a larger one goes to aiohttp.
MAX_FAST_BODY = 65_536
#: Bytes gathered for one connection or one broadcast before they are written without waiting for the turn's
#: end.
FLUSH_BYTES = 262_144


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits one server runs with. Times in seconds, sizes in bytes; a None means no limit.

    `max_arriving` is for sessions in no namespace, all together. `left_timeout` is for a session whose CONNECT was
    refused or that left its last namespace; None: it has `connect_timeout` anew. Without `binary` nothing of a binary
    packet is kept: it is refused, in its acknowledgement where one is asked for.
    """

    connect_timeout: float | None = CONNECT_TIMEOUT
    send_cap: int | None = SEND_CAP
    send_packets_cap: int | None = SEND_PACKETS_CAP
    max_attachments: int = MAX_ATTACHMENTS
    max_attachment_bytes: int = MAX_ATTACHMENT_BYTES
    events_per_second: float | None = None
    max_namespaces: int = MAX_NAMESPACES
    upgrade_timeout: float = UPGRADE_TIMEOUT
    request_timeout: float = REQUEST_TIMEOUT
    inbox_high: int = INBOX_HIGH
    attachment_timeout: float = ATTACHMENT_TIMEOUT
    first_message: int = FIRST_MESSAGE
    control_per_second: float | None = CONTROL_PER_SECOND
    max_arriving: int | None = None
    short_connect_timeout: float = SHORT_CONNECT_TIMEOUT
    left_timeout: float | None = None
    binary: bool = True

    def __post_init__(self) -> None:
        """Refuse a limit that would cut everybody, by its name."""
        for name in (
            "connect_timeout",
            "send_cap",
            "send_packets_cap",
            "events_per_second",
            "control_per_second",
            "max_arriving",
            "left_timeout",
        ):
            value = getattr(self, name)
            if value is not None and value <= 0:
                message = f"{name} must be positive or None"
                raise ValueError(message)
        for name in ("max_attachments", "max_attachment_bytes"):
            if getattr(self, name) < 0:
                message = f"{name} must not be negative"
                raise ValueError(message)
        for name in (
            "max_namespaces",
            "upgrade_timeout",
            "request_timeout",
            "inbox_high",
            "attachment_timeout",
            "first_message",
            "short_connect_timeout",
        ):
            if getattr(self, name) <= 0:
                message = f"{name} must be positive"
                raise ValueError(message)
