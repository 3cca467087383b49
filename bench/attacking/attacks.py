"""The attacks, each a peer that costs a server more than it costs itself: ``attacks NAME PORT MODE SECONDS``."""

from __future__ import annotations

import contextlib
import json
import resource
import select
import socket
import sys
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from bench.attacking.wire import (
    PATIENCE,
    POLLING,
    WEBSOCKET,
    Target,
    ask,
    hold,
    request,
    reset,
    session,
    status,
    until_closed,
    until_told,
    upgrade,
    websocket,
)
from bench.fuzzing.packets import BINARY, frame
from bench.process import CANARY, Credentials

SMALL: Final = request("POST", "/notify", b"{}")
_DEEP: Final = b'450-["x",' + b"[" * 1000 + b"]" * 1000 + b"]"
_MEGABYTE: Final = 1_000_000
#: requests that the publisher that reads is ahead of its answers
AHEAD: Final = 10_000
#: sessions that are made at once and never joined
MANY: Final = 1000


def _pour(target: Target, count: int, data: bytes) -> None:
    """Send on so many connections whatever they take, and read nothing."""
    socks = []
    for _ in range(count):
        sock = target.dial()
        sock.settimeout(0)
        socks.append(sock)
    while target.going() and socks:
        for sock in select.select([], socks, [], 0.1)[1]:
            try:
                target.done["bytes sent"] += sock.send(data)
            except BlockingIOError:
                continue
            except OSError:
                target.done["cut"] += 1
                socks.remove(sock)
    target.done["open at the end"] += len(socks)


def pipelining(target: Target) -> None:
    """One connection that sends requests as fast as it can and reads no answer."""
    while target.going():
        with contextlib.suppress(OSError):
            _pour(target, 1, SMALL * 1000)


def pipelining_read(target: Target) -> None:
    """One publisher with a key that is 10,000 requests ahead of the answers it reads."""
    body = b'{"type":"test","message":"' + b"x" * 400 + b'"}'
    whole = request("POST", "/notify", body, target.credentials.publishing())
    sock = target.dial()
    sock.settimeout(0)
    rest, ahead = b"", 0
    while target.going() or not target.done["answers"]:
        readable, writable, _ = select.select([sock], [sock] if ahead < AHEAD else [], [], 0.1)
        if writable:
            rest = rest or whole * 100
            sent = sock.send(rest)
            rest = rest[sent:]
            ahead += 0 if rest else 100
        if readable:
            answered = sock.recv(262_144).count(b"HTTP/1.1 ")
            ahead -= answered
            target.done["answers"] += answered


def nested_websocket(target: Target) -> None:
    """A packet that is a thousand levels deep, from a websocket that nobody knows; again and again."""
    while target.going():
        with contextlib.suppress(OSError), websocket(target, WEBSOCKET) as sock:
            sock.sendall(frame(_DEEP))
            until_closed(sock)
            target.done["sent"] += 1


def nested_polling(target: Target) -> None:
    """The same packet in the body of a POST."""
    with target.dial() as sock:
        while target.going():
            sid = session(sock)
            target.done[f"status {status(ask(sock, request('POST', f'{POLLING}&sid={sid}', _DEEP)))}"] += 1


def half_made(target: Target) -> None:
    """Polling sessions that nobody joins: a thousand at once, and then a hundred a second."""
    made = 0
    while target.going():
        with contextlib.suppress(OSError), target.dial() as sock:
            answer = "first"
            while answer != "none" and target.going():
                answer = status(ask(sock, request("GET", POLLING)))
                target.done[f"status {answer}"] += 1
                made += 1
                time.sleep(0 if made < MANY else 0.01)


def left_namespace(target: Target) -> None:
    """Websockets of one user that join, leave their namespace, and stay."""
    socks: list[socket.socket] = []
    for _ in range(100):
        with contextlib.suppress(OSError):
            sock = websocket(target, WEBSOCKET, user="leaver")
            sock.sendall(frame(b"41"))
            socks.append(sock)
            target.done["left"] += 1
    hold(target, socks)


def descriptors(target: Target) -> None:
    """More connections than the server may have descriptors, that say nothing."""
    socks: list[socket.socket] = []
    for _ in range(400):
        with contextlib.suppress(OSError):
            socks.append(target.dial())
    target.done["dialled"] += len(socks)
    hold(target, socks)


def unread_answers(target: Target) -> None:
    """Four connections that ask and never read."""
    with contextlib.suppress(OSError):
        _pour(target, 4, SMALL * 1000)
    while target.going():
        time.sleep(0.1)


def tiny_packets(target: Target) -> None:
    """A megabyte of the smallest packets there are in the body of a POST."""
    body = b"\x1e".join([b"3"] * (_MEGABYTE // 2 - 500))
    while target.going():
        with contextlib.suppress(OSError), target.dial() as sock:
            where = f"{POLLING}&sid={session(sock)}"
            target.done[f"status {status(ask(sock, request('POST', where, body)))}"] += 1


def large_frames(target: Target) -> None:
    """Websockets that nobody joined, each with most of a frame of a megabyte."""
    whole = frame(b"4" * 985_000)[:980_000]
    socks: list[socket.socket] = []
    for _ in range(200):
        with contextlib.suppress(OSError):
            sock = websocket(target, WEBSOCKET)
            socks.append(sock)
            sock.sendall(whole)
            target.done["frames taken"] += 1
    hold(target, socks, to_the_last=True)


def large_bodies(target: Target) -> None:
    """Publishes of nobody, each with most of a body of 64 KB; who is answered without the rest was not waited for."""
    part = request("POST", "/notify", b"x" * 63_000, size=64_000)
    socks: list[socket.socket] = []
    for _ in range(300):
        with contextlib.suppress(OSError):
            sock = target.dial()
            socks.append(sock)
            sock.sendall(part)
            target.done["bodies sent"] += 1
    while socks and (ready := select.select(socks, [], [], PATIENCE)[0]):
        for sock in ready:
            with contextlib.suppress(OSError):
                target.done["answered"] += sock.recv(65536).startswith(b"HTTP/1.1 401")
            socks.remove(sock)


def unfinished_attachments(target: Target) -> None:
    """Binary packets of people who are let in, whose last attachment never comes."""
    told = ",".join(f'{{"_placeholder":true,"num":{number}}}' for number in range(10))
    socks: list[socket.socket] = []
    for number in range(20):
        with contextlib.suppress(OSError):
            sock = websocket(target, WEBSOCKET, user=f"binary-{number}")
            socks.append(sock)
            sock.sendall(frame(f'4510-["ns:read",{told}]'.encode()))
            for _ in range(9):
                sock.sendall(frame(bytes(999_000), BINARY))
                target.done["attachments sent"] += 1
    hold(target, socks)


def odd_ids(target: Target) -> None:
    """Frames of ``/ws`` that name themselves by something that is too deep to be written again."""
    deep = b"[" * 300 + b"]" * 300
    where = "/ws?token=" + target.credentials.token("odd")
    while target.going() or not target.done["sent"]:
        with contextlib.suppress(OSError), websocket(target, where) as sock:
            sock.sendall(frame(b'{"type":"ns:nope","id":%s}' % deep) + frame(b'{"type":%s}' % deep))
            sock.settimeout(0.2)
            said = until_closed(sock)
            target.done["HTTP in a websocket"] += b"HTTP/1.1 500" in said
            target.done["sent"] += 1


def _repeat(target: Target, data: bytes) -> None:
    """The same request again and again, over a connection while there is one."""
    while target.going():
        with contextlib.suppress(OSError), target.dial() as sock:
            answer = "first"
            while target.going() and answer != "none":
                answer = status(ask(sock, data))
                target.done[f"status {answer}"] += 1


def wrong_encoding(target: Target) -> None:
    """A body that is not what its Content-Encoding says, from nobody."""
    _repeat(target, request("POST", "/v1/notifications/batch", b"{}", {"Content-Encoding": "gzip"}))


@cache
def _bomb() -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)  # 31: with the head of a gzip file
    body = b"".join(packer.compress(bytes(_MEGABYTE)) for _ in range(100)) + packer.flush()
    return request("POST", "/v1/inbox/read", body, {"Content-Encoding": "gzip"})


def gzip_bombs(target: Target) -> None:
    """100 KB that are 100 MB unpacked, from nobody."""
    _repeat(target, _bomb())


def surrogates(target: Target) -> None:
    """Events with half a character in an id, each of which is owed an acknowledgement."""
    while target.going():
        with contextlib.suppress(OSError), websocket(target, WEBSOCKET, user="half") as sock:
            for number in range(10_000):
                sock.sendall(frame(rb'42%d["ns:read",{"ids":["\ud800"]}]' % number))
                target.done["sent"] += 1
                with contextlib.suppress(TimeoutError):
                    until_told(sock, b"43%d[" % number)
                    target.done["acknowledged"] += 1
                time.sleep(0.02)
                if not target.going():
                    break


def odd_handshakes(target: Target) -> None:
    """Handshakes of ``/ws`` with a key that is no text."""
    _repeat(target, upgrade("/ws").replace(b"AAAA==", b"\xff\xfe\xe9=="))


def left_bodies(target: Target) -> None:
    """Requests that are left in the middle of their body."""
    part = request("POST", "/v1/notifications/batch", b"{", target.credentials.publishing(), 1000)
    while target.going():
        with contextlib.suppress(OSError):
            sock = target.dial()
            sock.sendall(part)
            time.sleep(0.001)
            reset(sock)
            target.done["left"] += 1


def refusals(target: Target) -> None:
    """Requests that are refused, as many as are answered."""
    _repeat(target, request("GET", "/v1/inbox", headers={"Authorization": f"Bearer {CANARY}"}))


def not_http(target: Target) -> None:
    """Connections that speak something else."""
    while target.going():
        with contextlib.suppress(OSError), target.dial() as sock:
            target.done[f"status {status(ask(sock, bytes.fromhex('16030100a5010000a10303') + bytes(160)))}"] += 1


def old_clients(target: Target) -> None:
    """Old clients, wrong transports and unknown sessions, as many as are answered."""
    paths = ("/socket.io/?EIO=3&transport=polling", f"{POLLING}&sid=nobody", "/socket.io/?EIO=4&transport=x")
    while target.going():
        with contextlib.suppress(OSError), target.dial() as sock:
            answers = [status(ask(sock, request("GET", path))) for path in paths * 100 if target.going()]
            target.done.update(f"status {answer}" for answer in answers)


@dataclass(frozen=True, slots=True)
class Attack:
    """One attack, and what the server is started with for it."""

    run: Callable[[Target], None]
    settings: Mapping[str, str] = field(default_factory=dict)
    descriptors: int | None = None
    prepare: Callable[[], object] = bool


ATTACKS: Final[dict[str, Attack]] = {
    "pipelining": Attack(pipelining),
    "pipelining-read": Attack(pipelining_read, {"SIO_SERVER_PUBLISH_RATE": "0"}),
    "nested-websocket": Attack(nested_websocket),
    "nested-polling": Attack(nested_polling),
    "half-made": Attack(half_made),
    "left-namespace": Attack(left_namespace, {"SIO_SERVER_HANDSHAKES": "100", "SIO_SERVER_CONNECTIONS_PER_USER": "5"}),
    "descriptors": Attack(descriptors, descriptors=256),
    "unread-answers": Attack(unread_answers),
    "tiny-packets": Attack(tiny_packets),
    "large-frames": Attack(large_frames),
    "large-bodies": Attack(large_bodies),
    "unfinished-attachments": Attack(unfinished_attachments),
    "odd-ids": Attack(odd_ids),
    "wrong-encoding": Attack(wrong_encoding),
    "gzip-bombs": Attack(gzip_bombs, prepare=_bomb),
    "surrogates": Attack(surrogates),
    "odd-handshakes": Attack(odd_handshakes),
    "left-bodies": Attack(left_bodies),
    "refusals": Attack(refusals),
    "not-http": Attack(not_http),
    "old-clients": Attack(old_clients),
}


def main() -> int:
    """Attack as the command line says, and print what came of it as JSON."""
    name, port, mode, seconds = sys.argv[1:]
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    ATTACKS[name].prepare()
    print("began", flush=True)
    target = Target(int(port), Credentials(mode), time.monotonic() + float(seconds))
    with contextlib.suppress(OSError):
        ATTACKS[name].run(target)
    while target.going():  # an attacker who was shut out has nothing more to do
        time.sleep(0.05)
    print(json.dumps(target.done))
    return 0


if __name__ == "__main__":
    sys.exit(main())
