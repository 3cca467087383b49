"""Cases: what one peer does from its first byte to its last, made of a seed and a number alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Final, Literal

from bench.fuzzing import heads, packets, values
from bench.fuzzing.heads import Route
from bench.process import Credentials

End = Literal["read", "fin", "rst", "leave"]
#: In a step, what stands for the session id that the server gave in this connection.
SID: Final = b"{sid}"


@dataclass(frozen=True, slots=True)
class Step:
    """Bytes to send, and whether the peer waits for an answer before it goes on."""

    data: bytes
    wait: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """One peer's life. ``answers`` are texts each of which the server owes, unless it closes the connection."""

    number: int
    kind: str
    steps: tuple[Step, ...]
    end: End = "read"
    answers: tuple[bytes, ...] = ()
    #: how many frames of the kind ``ns:reply`` it owes on ``/ws``, unless it closes
    replies: int = 0

    def told(self) -> dict[str, object]:
        """The case in full, as JSON takes it; bytes are latin-1."""
        steps = [{"data": step.data.decode("latin-1"), "wait": step.wait} for step in self.steps]
        return {"number": self.number, "kind": self.kind, "end": self.end, "steps": steps}


@dataclass(frozen=True, slots=True)
class Maker:
    """Makes the cases of one run: ``seed`` and a case's number give the same bytes each time (tokens apart)."""

    seed: int
    credentials: Credentials
    routes: tuple[Route, ...]
    known: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Make what lets in."""
        known: tuple[str, ...] = ()
        if self.credentials.mode == "prod":
            people = [self.credentials.token(f"u{number}") for number in range(5)]
            known = (self.credentials.key, self.credentials.token("operator", "admin"), *people)
        object.__setattr__(self, "known", known)

    def case(self, number: int) -> Case:
        """The case of this number."""
        rng = Random(f"{self.seed}:{self.credentials.mode}:{number}")  # noqa: S311 - wanted again, not secret
        make = rng.choices(list(KINDS), list(KINDS.values()))[0]
        return make(self, rng, number)

    def auth(self, rng: Random) -> dict[str, str]:
        """What lets somebody in over Socket.IO."""
        return self.credentials.auth(f"u{rng.randrange(20)}", rng.choice(("turista", "admin")))

    def ws_target(self, rng: Random) -> str:
        """The address of ``/ws`` with what lets somebody in."""
        auth = self.auth(rng)
        return "/ws?" + "&".join(f"{name}={inner}" for name, inner in auth.items())


def _end(rng: Random) -> End:
    return rng.choices(("read", "fin", "rst", "leave"), (80, 8, 8, 4))[0]


def _values(maker: Maker, rng: Random, number: int) -> Case:
    route = rng.choice(maker.routes)
    return Case(number, "values", (Step(heads.plain(rng, route, maker.known)),))


def _publishes(maker: Maker, rng: Random, number: int) -> Case:
    route = Route("POST", rng.choice(("/notify", "/notify", "/v1/notifications/batch")))
    known = (maker.credentials.key,) if maker.known else ()
    return Case(number, "publishes", (Step(heads.plain(rng, route, known)),))


def _heads(maker: Maker, rng: Random, number: int) -> Case:
    data = heads.wrong(rng, rng.choice(maker.routes), maker.known)
    if rng.random() < 0.1:
        data = values.damaged(rng, data)
    return Case(number, "heads", (Step(data),), _end(rng))


def _pipelines(maker: Maker, rng: Random, number: int) -> Case:
    count = rng.choice((2, 3, 8, 40))
    make = heads.plain if rng.random() < 0.6 else heads.wrong
    steps = b"".join(make(rng, rng.choice(maker.routes), maker.known) for _ in range(count))
    return Case(number, "pipelines", (Step(steps),), _end(rng))


def _truncated(maker: Maker, rng: Random, number: int) -> Case:
    make = heads.plain if rng.random() < 0.6 else heads.wrong
    data = make(rng, rng.choice(maker.routes), maker.known)
    cut = rng.randrange(1, max(2, len(data)))
    steps = (Step(data[: cut // 2], wait=rng.random() < 0.1), Step(data[cut // 2 : cut]))
    return Case(number, "truncated", steps, rng.choice(("fin", "rst")))


def _engine_target(rng: Random) -> str:
    more = rng.choice(("",) * 20 + ("&t=x", "&b64=1", "&sid=nobody", "&EIO=3", "&j=1", "&transport=polling"))
    return "/socket.io/?EIO=4&transport=websocket" + more


def _frames(maker: Maker, rng: Random, number: int) -> Case:
    """Raw frames on a websocket of either kind, with or without anybody on it."""
    plain = rng.random() < 0.3
    where = maker.ws_target(rng) if plain else _engine_target(rng)
    known = rng.random() < 0.6 and not plain
    steps = [Step(heads.upgrade(rng, where), wait=True)]
    if known:
        steps.append(
            Step(packets.frame(packets.encoded(packets.connect(rng, maker.auth(rng)))), wait=rng.random() < 0.5)
        )
    for _ in range(rng.choice((1, 2, 6))):
        inside = packets.ws_text(rng) if plain else packets.packet(rng)
        steps.append(Step(packets.odd_frame(rng, packets.encoded(inside))))
    return Case(number, "frames", tuple(steps), _end(rng))


def _packets(maker: Maker, rng: Random, number: int) -> Case:
    """Socket.IO packets over a websocket, before and after a CONNECT."""
    steps = [Step(heads.upgrade(rng, _engine_target(rng)), wait=True)]
    if rng.random() < 0.8:
        steps.append(
            Step(packets.frame(packets.encoded(packets.connect(rng, maker.auth(rng)))), wait=rng.random() < 0.7)
        )
    steps.append(Step(packets.frames(rng, rng.choice((1, 3, 10)))))
    return Case(number, "packets", tuple(steps), _end(rng))


def _events(maker: Maker, rng: Random, number: int) -> Case:
    """Events of somebody who was let in, each of which is owed an acknowledgement."""
    said = b"".join(
        packets.frame(packets.encoded(packets.asking(rng, place))) for place in range(rng.choice((1, 3, 8)))
    )
    first = packets.frame(("40" + _json(maker.auth(rng))).encode())
    steps = (
        Step(heads.upgrade(rng, "/socket.io/?EIO=4&transport=websocket"), wait=True),
        Step(first, wait=True),
        Step(said),
    )
    owed = tuple(b"43%d[" % place for place in range(said.count(b"\x00\x00\x00\x0042")))
    return Case(number, "events", steps, answers=owed)


def _json(auth: dict[str, str]) -> str:
    return "{" + ",".join(f'"{name}":"{inner}"' for name, inner in auth.items()) + "}"


def _plain_socket(maker: Maker, rng: Random, number: int) -> Case:
    """``/ws``: its handshake with and without a subprotocol, its frames, each of which is owed a reply."""
    odd = rng.random() < 0.15
    more: heads.Headers = []
    where = maker.ws_target(rng)
    if rng.random() < 0.2:
        token = maker.known[-1] if maker.known else "x"
        more, where, odd = [("Sec-WebSocket-Protocol", packets.protocols(rng, token))], "/ws", True
    first = b""
    if not odd and maker.known and rng.random() < 0.2:
        where = "/ws"
        first = packets.frame(packets.encoded(packets.first_word(rng, maker.auth(rng)["token"])))
        odd = True
    count = rng.choice((1, 3, 8))
    said = first + b"".join(packets.frame(packets.encoded(packets.ws_text(rng))) for _ in range(count))
    steps = (Step(heads.upgrade(rng, where, more, odd=odd and not first), wait=True), Step(said))
    return Case(number, "ws", steps, "read" if not odd else _end(rng), replies=0 if odd else count)


def _post(where: str, body: bytes, rng: Random) -> bytes:
    kind = rng.choice(("text/plain;charset=UTF-8", "application/octet-stream", "application/x-www-form-urlencoded"))
    return heads.request(
        rng, "POST", where, [("Host", "127.0.0.1"), ("Content-Type", kind), ("Content-Length", str(len(body)))], body
    )


def _polling(maker: Maker, rng: Random, number: int) -> Case:
    """A polling session: its handshake, bodies of packets, and a goodbye, without which it stays until it times out."""
    where = "/socket.io/?EIO=4&transport=polling"
    mine = where + "&sid={sid}"
    get = heads.request(Random(0), "GET", mine, [("Host", "127.0.0.1")])  # noqa: S311 - always the same
    steps = [Step(heads.request(Random(0), "GET", where, [("Host", "127.0.0.1")]), wait=True)]  # noqa: S311
    if rng.random() < 0.7:
        steps += [Step(_post(mine, packets.encoded(packets.connect(rng, maker.auth(rng))), rng), wait=True)]
    for _ in range(rng.choice((1, 2, 4))):
        steps.append(Step(_post(mine, packets.payload(rng), rng), wait=rng.random() < 0.8))
        if rng.random() < 0.4:
            steps.append(Step(get, wait=True))
    steps.append(Step(_post(mine, b"1", Random(0)), wait=True))  # noqa: S311
    return Case(number, "polling", tuple(steps))


#: how often each kind is made
KINDS: Final[dict[Callable[[Maker, Random, int], Case], int]] = {
    _values: 16,
    _publishes: 8,
    _heads: 26,
    _pipelines: 5,
    _truncated: 6,
    _frames: 10,
    _packets: 14,
    _events: 12,
    _plain_socket: 12,
    _polling: 6,
}
