"""WebSocket frames, and Engine.IO, Socket.IO and ``/ws`` packets, right and wrong."""

from __future__ import annotations

import base64
import json
import struct
from random import Random
from typing import Final

from bench.fuzzing import values
from bench.process import CANARY

TEXT: Final = 0x81
BINARY: Final = 0x82
CLOSE: Final = 0x88
_EVENTS: Final = ("ns:ack", "ns:auth", "ns:observe", "ns:seen", "ns:read", "ns:unread", "ns:archive", "ns:unarchive")
_NAMESPACES: Final = ("/admin", "/", "/x", "/" + "n" * 300, "/\u00f1", "/a?b=c")
SEPARATOR: Final = "\x1e"


def frame(payload: bytes, head: int = TEXT, mask: bytes = bytes(4)) -> bytes:
    """A masked frame of a client (RFC 6455 section 5.2)."""
    size = len(payload)
    if size < 126:
        lead = bytes([head, 0x80 | size])
    elif size < 65536:
        lead = bytes([head, 0x80 | 126]) + struct.pack(">H", size)
    else:
        lead = bytes([head, 0x80 | 127]) + struct.pack(">Q", size)
    if any(mask):
        payload = bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload))
    return lead + mask + payload


def odd_frame(rng: Random, payload: bytes) -> bytes:
    """A frame with something wrong, or several where one would do."""
    kind = rng.randrange(10)
    if kind == 0:  # reserved bits and operation codes
        return frame(payload, rng.randrange(256))
    if kind == 1:  # no mask
        return bytes([rng.choice((TEXT, BINARY)), min(len(payload), 125)]) + payload[:125]
    if kind == 2:  # in pieces, the last of which may never come
        half = len(payload) // 2
        return frame(payload[:half], 0x01) + (
            frame(payload[half:], 0x80) if rng.random() < 0.7 else frame(payload, TEXT)
        )
    if kind == 3:  # control frames that are long, in pieces, or wrong
        return frame(rng.randbytes(rng.choice((0, 1, 125, 126, 300))), rng.choice((0x88, 0x89, 0x8A, 0x08, 0x09)))
    if kind == 4:  # close codes
        code = rng.choice((0, 999, 1000, 1004, 1005, 1006, 1012, 2999, 3000, 4999, 5000, 65535))
        return frame(struct.pack(">H", code) + rng.choice((b"", b"bye", b"\xff\xfe")), CLOSE)
    if kind == 5:  # a length that lies
        return (
            bytes([TEXT, 0x80 | 127])
            + struct.pack(">Q", rng.choice((0, 5, 2**31, 2**63, 2**64 - 1)))
            + bytes(4)
            + payload
        )
    if kind == 6:
        return frame(payload + rng.choice((b"\xff", b"\xc3", b"\xed\xa0\x80")))
    if kind == 7:
        return frame(b"x" * rng.choice((65535, 65536, 70_000, 1_000_001)), rng.choice((TEXT, BINARY)))
    if kind == 8:
        return values.damaged(rng, frame(payload, mask=rng.randbytes(4)))
    return rng.randbytes(rng.choice((1, 2, 14, 200)))


def connect(rng: Random, auth: dict[str, str]) -> str:
    """A CONNECT: with what lets it in as it is or with more, with something else, or with nothing."""
    chance = rng.random()
    if chance < 0.45:
        return "40" + json.dumps(auth)
    members = {name: json.dumps(inner) for name, inner in auth.items()}
    if chance < 0.75:
        more = {
            "cursor": values.text(rng),
            "locale": values.text(rng),
            "recovery": "true",
            "role": values.text(rng),
            "roles": f"[{values.text(rng)}]",
            "topics": values.value(rng),
            "user": values.value(rng),
            "key": f'"{CANARY}"',
            "pid": values.text(rng),
            "offset": values.text(rng),
        }
        chosen = {name: inner for name, inner in more.items() if rng.random() < 0.25}
        return "40" + values.object_of(rng, {**members, **chosen})
    where = rng.choice(("", "", f"{rng.choice(_NAMESPACES)},"))
    odd = (values.value(rng), f'{{"token":"{CANARY}"}}', f'{{"token":["{CANARY}"]}}', "", "{}", "null", f'"{CANARY}"')
    return f"40{where}{rng.choice(odd)}"


def arguments(rng: Random) -> str:
    """What follows an event's name."""
    name = rng.choice(_EVENTS)
    return f'"{name}",{_event_body(rng, name)}'


def _event_body(rng: Random, name: str) -> str:
    if name == "ns:ack":
        return values.object_of(rng, {"seq": rng.choice(("0", "1", "99999999999"))})
    if name == "ns:auth":
        return values.object_of(rng, {"token": f'"{CANARY}"'})
    if name == "ns:observe":
        return values.object_of(rng, {"on": "true"})
    return values.mark(rng)


def asking(rng: Random, number: int) -> str:
    """An event that wants to be acknowledged by this number; it may be unknown, or carry anything."""
    chance = rng.random()
    if chance < 0.75:
        inside = arguments(rng)
    elif chance < 0.85:
        inside = f'"notify",{values.publication(rng)}'
    else:
        inside = ",".join([values.text(rng), *(values.value(rng) for _ in range(rng.randrange(3)))])
    return f"42{number}[{inside}]"


def packet(rng: Random) -> str:
    """A packet in Engine.IO's text form."""
    inner = values.value(rng)
    several = rng.choice(("0", "1", "2", "9", "10", "99999", "-1", "1_0", "\u0661"))
    choices = (
        f"42[{arguments(rng)}]",
        asking(rng, rng.randrange(100)),
        f"42[{values.text(rng)},{inner}]",
        f"42{several}{inner}",
        f"43{several}[{inner}]",
        f"43{inner}",
        f"44{inner}",
        f'45{several}-[{values.text(rng)},{{"_placeholder":true,"num":{several}}}]',
        f"45{several}-[{values.text(rng)},{inner}]",
        f'46{several}-{several}[{{"_placeholder":true,"num":0}}]',
        f"450-{values.nested(rng)}",
        f'450-["x",{values.nested(rng)}]',
        f"42{rng.choice(_NAMESPACES)},[{inner}]",
        f"41{rng.choice(('', *_NAMESPACES))},",
        f"4{rng.choice('0123456789x')}{inner}",
        f"{rng.choice('0123456789b')}{inner[:50]}",
        rng.choice(
            ("", "2", "3", "2probe", "3probe", "5", "6", "1", "4", "41", "40", "49", "0{}", "7", "b", "bAAAA", "bA")
        ),
    )
    return rng.choice(choices)


def frames(rng: Random, count: int) -> bytes:
    """So many packets as frames, with attachments after those that name some."""
    found = b""
    for _ in range(count):
        told = packet(rng)
        found += frame(encoded(told), mask=rng.choice((bytes(4), b"mask")))
        if told.startswith(("45", "46")) and rng.random() < 0.7:
            found += frame(rng.randbytes(rng.choice((0, 1, 100))), BINARY)
    return found


def encoded(told: str) -> bytes:
    """A packet as bytes, halves of characters as they are."""
    return told.encode("utf-8", errors="surrogatepass")


def payload(rng: Random) -> bytes:
    """The body of a polling POST."""
    count = rng.choice((1, 1, 2, 5, 40, 400))
    packets = [packet(rng) for _ in range(min(count, 6))] * max(1, count // 6)
    if rng.random() < 0.2:
        packets.append("b" + base64.b64encode(rng.randbytes(40)).decode())
    joined = encoded(SEPARATOR.join(packets))
    if rng.random() < 0.1:
        joined = values.damaged(rng, joined)
    return (b"d=" if rng.random() < 0.03 else b"") + joined


def ws_text(rng: Random) -> str:
    """A text frame of ``/ws``."""
    name = rng.choice(_EVENTS)
    chance = rng.random()
    if chance < 0.15:
        return values.value(rng)
    kind = f'"{name}"' if chance < 0.8 else values.value(rng)
    identity = rng.choice(("1", '"a"', values.value(rng)))
    inside = _event_body(rng, name)
    rest = inside[1:] if inside.startswith("{") and inside != "{}" else f'"x":{inside}}}'
    return f'{{"type":{kind},"id":{identity},{rest}' if rng.random() < 0.9 else inside


def protocols(rng: Random, token: str) -> str:
    """A Sec-WebSocket-Protocol header."""
    choices = (
        f"bearer, {token}",
        f"bearer, {CANARY}",
        CANARY,
        "bearer",
        "graphql-ws",
        f"a, bearer, {CANARY}",
        ",",
        "\xff",
        "bearer,,",
    )
    return rng.choice(choices)


def first_word(rng: Random, token: str) -> str:
    """What a client of ``/ws`` says first that has no token in its address."""
    inner = rng.choice((f'"{token}"',) * 4 + (f'"{CANARY}"', values.value(rng)))
    return values.object_of(rng, {"type": '"ns:auth"', "token": inner})
