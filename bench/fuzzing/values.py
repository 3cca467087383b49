"""Values as JSON text, right and wrong: what a library's encoder would never write is in them too."""

from __future__ import annotations

import json
from random import Random
from typing import Any, Final

from bench.process import CANARY

_WORDS: Final = (
    *(
        "",
        "a",
        "1",
        "true",
        "null",
        "0",
        "-1",
        "test",
        "turista",
        "admin",
        "user:1",
        "all",
        "role:admin",
        "{usuario_id}",
    ),
    *("{", "}", "{}", "{0}", "{0.__class__}", "%s", "%00", "__proto__", "constructor", "..", "../../etc/passwd", "//x"),
    *(".", "a/b", "a b", "ñandú", "日本語", "\u202egnp", "👩\u200d🚀", "e\u0301", "\ufeff", "\u2028", "\x00", "\x7f"),
    *(
        "\x1b[31m",
        "\x1b]0;t\x07",
        "\r\nX: y",
        "<script>",
        "' OR 1=1 --",
        "javascript:alert(1)",
        "https://x.example/",
        "/a",
    ),
    *("https://[::1", "9" * 30, "1e400", "ns:hello", "connect", "disconnect", "urn:x", "x" * 64, "x" * 65, "x" * 300),
    *("01a21ee7-f171-723d-968a-bd9b18e6665d", "60c7121ad04f-1", "zzzz-99999999999999999999"),
)
_ESCAPES: Final = (
    r"\ud800",
    r"\udfff",
    r"\ud83d\ude00",
    r"\ude00\ud83d",
    r"\u0000",
    r"\/",
    r"\ufdd0",
    r"\x41",
    r"\u12",
)
_NUMBERS: Final = (
    *("0", "-0", "1", "-1", "01", "+1", "1.", ".5", "1.0", "1e2", "1E+2", "1e400", "-1e400", "1e-400", "0.1", "NaN"),
    *("Infinity", "-Infinity", str(2**31), str(2**53), str(2**53 + 1), str(2**63 - 1), str(2**63), str(2**64)),
    *(
        str(-(2**63) - 1),
        "123456789012345678901234567890",
        "9" * 400,
        "1" + "0" * 4400,
        "1_000",
        "0x10",
        "1700000000000",
    ),
)


def text(rng: Random) -> str:
    """A string as JSON text, now and then with what is no character: half a pair, a wrong escape."""
    word = rng.choice(_WORDS)
    if rng.random() < 0.2:
        word += "".join(chr(rng.choice((rng.randrange(32, 127), rng.randrange(0xA0, 0xD800)))) for _ in range(6))
    if rng.random() < 0.03:
        word *= rng.choice((10, 100, 1000))
    quoted = json.dumps(word, ensure_ascii=rng.random() < 0.5)
    return quoted[:-1] + rng.choice(_ESCAPES) + '"' if rng.random() < 0.15 else quoted


def nested(rng: Random) -> str:
    """Something very deep."""
    depth = rng.choice((20, 120, 200, 254, 255, 300, 500, 1000, 1023, 1024, 1025, 3000))
    opening, closing = rng.choice((("[", "]"), ('{"a":', "}"), ('[{"_placeholder":', "}]")))
    return opening * depth + "0" + closing * depth


def value(rng: Random, depth: int = 3) -> str:
    """Any value as JSON text; about one in ten is not JSON."""
    chance = rng.random()
    if depth and chance < 0.15:
        return "[" + ",".join(value(rng, depth - 1) for _ in range(rng.randrange(5))) + "]"
    if depth and chance < 0.35:
        members = ((text(rng), value(rng, depth - 1)) for _ in range(rng.randrange(5)))
        return "{" + ",".join(f"{name}:{inner}" for name, inner in members) + "}"
    if chance < 0.38:
        return nested(rng)
    if chance < 0.4:
        return "[" + ",".join(["0"] * rng.choice((10, 1001, 5000))) + "]"
    if chance < 0.6:
        return rng.choice(_NUMBERS)
    return rng.choice(("true", "false", "null", "nul", "{", "]", "''")) if chance < 0.75 else text(rng)


def object_of(rng: Random, members: dict[str, str]) -> str:
    """An object of these members (JSON text by name), some left out, doubled or replaced, and some added."""
    parts: list[str] = []
    for name, plain in members.items():
        chance = rng.random()
        if chance < 0.05:
            continue
        parts.append(f'"{name}":{value(rng) if chance < 0.25 else plain}')
        if chance > 0.97:
            parts.append(f'"{name}":{value(rng)}')
    if rng.random() < 0.2:
        parts.append(f"{text(rng)}:{value(rng)}")
    if rng.random() < 0.1:
        rng.shuffle(parts)
    return "{" + ",".join(parts) + "}"


def publication(rng: Random) -> str:
    """A notification to publish, as JSON text; about half of them are right."""
    members = {"type": rng.choice(('"test"',) * 5 + ('"reserva_creada"', text(rng)))}
    optional = {
        "message": text(rng),
        "title": text(rng),
        "data": object_of(rng, {"usuario_id": "1", "note": f'"{CANARY}-data"'}),
        "audience": object_of(rng, _some(rng, _audience(rng))),
        "actor": object_of(rng, {"id": '"1"', "name": text(rng)}),
        "link": '"/a"',
        "priority": '"high"',
        "ttl": "600",
        "persist": rng.choice(("true", "false")),
        "collapse_key": text(rng),
        "deliver_at": '"2030-01-01T00:00:00Z"',
        "idempotency_key": f'"k{rng.randrange(20)}"',
        "source": text(rng),
    }
    members |= _some(rng, optional, rng.choice((0.05, 0.1, 0.3)))
    return object_of(rng, members) if rng.random() < 0.7 else _plain(members)


def _plain(members: dict[str, str]) -> str:
    return "{" + ",".join(f'"{name}":{inner}' for name, inner in members.items()) + "}"


def _some(rng: Random, members: dict[str, Any], share: float = 0.3) -> dict[str, Any]:
    return {name: inner for name, inner in members.items() if rng.random() < share}


def _audience(rng: Random) -> dict[str, str]:
    lists = {name: f"[{text(rng)},{text(rng)}]" for name in ("roles", "users", "topics")}
    return {**lists, "all": rng.choice(("true", "false")), "except": f'{{"users":[{text(rng)}]}}'}


def batch(rng: Random) -> str:
    """A batch to publish."""
    items = ",".join(publication(rng) for _ in range(rng.choice((0, 1, 2, 5, 20))))
    return object_of(rng, {"notifications": f"[{items}]"})


def mark(rng: Random) -> str:
    """A change of state of inbox items."""
    ids = ",".join(text(rng) for _ in range(rng.choice((0, 1, 3, 30))))
    choice: dict[str, str] = rng.choice(({"ids": f"[{ids}]"}, {"all": "true"}, {"all": "true", "up_to": "5"}))
    return object_of(rng, choice)


def body(rng: Random, path: str) -> str:
    """A body for one of the routes that take one."""
    if "batch" in path:
        return batch(rng)
    if path.startswith("/v1/inbox"):
        return mark(rng)
    if "disconnect" in path:
        return object_of(rng, {"tokens_before": rng.choice(('"now"', "1700000000", text(rng)))})
    return publication(rng) if rng.random() < 0.9 else value(rng)


def damaged(rng: Random, data: bytes) -> bytes:
    """The data with a few bytes changed, taken out, doubled or put in."""
    found = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 5))):
        place = rng.randrange(len(found) + 1)
        kind = rng.randrange(4)
        if kind == 0:
            found[place:place] = rng.choice((b"\x00", b"\xff", b"\r", b"\n", b"\x1e", b" ", rng.randbytes(3)))
        elif kind == 1:
            del found[place : place + rng.choice((1, 2, 30))]
        elif kind == 2:
            found[place:place] = found[place : place + rng.choice((1, 4, 40))]
        elif place < len(found):
            found[place] ^= 1 << rng.randrange(8)
    return bytes(found)
