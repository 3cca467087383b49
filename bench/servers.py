"""The servers under test, how each is started, and whether it can be."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import secrets
import shlex
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from bench.build import BIN, HERE, LOGS, NODE

#: every subscriber's token and every publisher's key in one run
KEY = secrets.token_urlsafe(24)
START = 20.0  # seconds a server may take until it listens
STOP = 10.0  # seconds a server may take to end before it is killed


@dataclass(frozen=True, slots=True)
class Server:
    """One server: its command with ``{port}``, and ``{data}`` for a directory, and the load generator's words."""

    name: str
    label: str
    command: tuple[str, ...]
    needs: tuple[str, ...] = ()
    socketio: bool = True
    environment: dict[str, str] = field(default_factory=dict)
    load: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    """The load generator's words for the second load of a row that has one."""

    def available(self) -> bool:
        """Whether everything it is made of is there."""
        return all(Path(path).exists() for path in self.needs)


def _auth() -> tuple[str, ...]:
    return ("--auth", json.dumps({"token": KEY}, separators=(",", ":")))


def _python(name: str, label: str, *words: str) -> Server:
    command = (sys.executable, "-m", "bench.peers.python_peer", "{port}", *words)
    return Server(name, label, command, load=_auth())


def _node(name: str, label: str, kind: str, package: str) -> Server:
    command = (os.environ.get("SIO_TEST_NODE") or "node", str(HERE / "peers/node_peer.cjs"), "{port}", kind)
    needs = (str(NODE / "node_modules" / package),)
    environment = {"BENCH_NODE": str(NODE), "NODE_ENV": "production"}
    return Server(name, label, command, needs, socketio=kind != "ws", environment=environment, load=_auth())


def _bun() -> Server:
    program = str(NODE / "node_modules/.bin/bun")
    node = _node("node-bun", "Socket.IO on Bun, its own engine", "socketio-bun", "@socket.io/bun-engine")
    return replace(node, command=(program, *node.command[1:]), needs=(*node.needs, program))


def _product(name: str, label: str, words: str, checkout: Path = HERE.parent) -> Server:
    # It runs where its code is: `python -m` takes what stands in the working directory before anything else.
    where = f"env -C {shlex.quote(str(checkout))} PYTHONPATH={shlex.quote(str(checkout))}"
    command = f"{where} {shlex.quote(sys.executable)} -m sio_server serve --port {{port}} {words}"
    if name == "product":
        command = os.environ.get("BENCH_PRODUCT", command)
    needs = (str(checkout / "sio_server/__main__.py"),)
    load = shlex.split(os.environ.get("BENCH_PRODUCT_LOAD", "")) or _product_load()
    return Server(
        name,
        label,
        tuple(shlex.split(command)),
        needs,
        environment=_product_environment(),
        load=tuple(load),
        beside=_beside(),
    )


#: the product's servers: what each is called in a report, and its words for `serve`
PRODUCT = {
    "product": ("sio-server, log in memory", "--broker memory:"),
    "product-sqlite": ("sio-server, log in SQLite", "--data-dir {data}"),
}
BEFORE = "BENCH_BEFORE"  # environment variable: the checkout that servers "…-before" run


def _of_before() -> list[Server]:
    """The product as it is in the checkout that `BEFORE` names, under the names of its servers with ``-before``."""
    checkout = os.environ.get(BEFORE)
    if not checkout:
        return []
    return [
        _product(f"{name}-before", f"{label}, before", words, Path(checkout))
        for name, (label, words) in PRODUCT.items()
    ]


SECRET = secrets.token_urlsafe(48)
USERS = 10_000  # a user for each client


def _product_environment() -> dict[str, str]:
    return {
        "SIO_SERVER_JWT_SECRET": SECRET,
        "SIO_SERVER_PUBLISH_KEYS": KEY,
    }


def user_tokens(count: int) -> Iterator[str]:
    """A token each for so many users of the product. Raises ImportError where its dependencies are not installed."""
    import jwt  # noqa: PLC0415 - the product's own dependency; the engine alone does without

    expiry = int(time.time()) + 86_400
    for number in range(count):
        claims = {"sub": f"bench-{number}", "role": "turista", "exp": expiry}
        yield jwt.encode(claims, SECRET, algorithm="HS256")


@cache
def _product_load() -> list[str]:
    try:
        lines = [f'{{"token":"{token}"}}\n' for token in user_tokens(USERS)]
    except ImportError:
        return []
    LOGS.mkdir(parents=True, exist_ok=True)
    file = LOGS / f"auths-{os.getpid()}.txt"  # another bench may run at the same time, with a secret of its own
    file.write_text("".join(lines))
    atexit.register(file.unlink, missing_ok=True)
    return ["--auths", str(file), "--header", f"Authorization: Bearer {KEY}"]


@cache
def _beside() -> tuple[str, ...]:
    """A client of a user who is none of the others, and publishers that publish to this user alone."""
    try:
        *_, token = user_tokens(USERS + 1)
    except ImportError:
        return ()
    audience = json.dumps({"users": [f"bench-{USERS}"]}, separators=(",", ":"))
    auth = json.dumps({"token": token}, separators=(",", ":"))
    return ("--auth", auth, "--header", f"Authorization: Bearer {KEY}", "--audience", audience, "--first", "1000")


def _whole() -> Server:
    """The product as it is, but for a broadcast being written to everybody in one turn of the loop."""
    command = (sys.executable, "-m", "bench.peers.whole", "serve", "--port", "{port}", "--broker", "memory:")
    known = _product("product", "", "")
    return replace(known, name="product-whole", label="sio-server without slices", command=command)


def watched_product() -> Server:
    """The product with its log on the disk, and what it holds right now at ``/state``."""
    command = (sys.executable, "-m", "bench.peers.product_peer", "{port}", "{data}")
    return Server("product-watched", "sio-server, watched", command, environment=_product_environment())


def servers() -> dict[str, Server]:
    """All servers by name."""
    bare = (str(BIN / "bare"),)
    known = (
        *(_product(name, label, words) for name, (label, words) in PRODUCT.items()),
        _whole(),
        *_of_before(),
        _python("engine", "sio-server's engine", "engine"),
        _python("engine-uvloop", "the engine on uvloop", "engine", "uvloop"),
        _python("stock", "python-socketio", "stock"),
        _python("stock-uvloop", "python-socketio on uvloop", "stock", "uvloop"),
        _node("node", "Socket.IO on Node, ws", "socketio", "socket.io"),
        _node("node-uws", "Socket.IO on Node, uWebSockets.js", "socketio-uws", "@trufflesuite/uws-js-unofficial"),
        _bun(),
        _node("ws", "plain ws on Node", "ws", "ws"),
        Server("go", "Go hub, gorilla/websocket", (str(BIN / "hub"), "{port}"), (str(BIN / "hub"),), socketio=False),
        Server("bare", "C, one send() per client", (*bare, "{port}"), bare, socketio=False),
        Server("bare-joined", "C, joined send()s", (*bare, "{port}", "joined"), bare, socketio=False),
    )
    return {server.name: server for server in known}


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def until_it_listens(port: int, process: subprocess.Popen[bytes], name: str) -> None:
    """Wait for a process that was just started. Raises RuntimeError when it ends, or takes too long."""
    deadline = time.monotonic() + START
    while not _listens(port):
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{name} did not start, see {LOGS / name}.log")
        time.sleep(0.05)


def _start(server: Server, port: int, data: str, cpu: int) -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        "BENCH_KEY": KEY,
        "GOMAXPROCS": "1",
        "PYTHONPATH": str(HERE.parent),
        **server.environment,
    }
    with (LOGS / f"{server.name}.log").open("a") as log:
        return subprocess.Popen(
            [word.replace("{port}", str(port)).replace("{data}", data) for word in server.command],
            env=environment,
            stdout=log,
            stderr=log,
            cwd=HERE.parent,
            preexec_fn=lambda: os.sched_setaffinity(0, {cpu}),  # noqa: PLW1509 - no threads here
        )


@contextlib.contextmanager
def running(server: Server, cpu: int) -> Iterator[tuple[int, int]]:
    """Run a server pinned to one CPU; yields its port and process id. Raises RuntimeError when it does not start."""
    with tempfile.TemporaryDirectory(dir=LOGS.parent, ignore_cleanup_errors=True) as data:
        port = free_port()
        process = _start(server, port, data, cpu)
        try:
            until_it_listens(port, process, server.name)
            time.sleep(0.3)  # let it finish what comes after listening
            yield port, process.pid
        finally:
            process.terminate()
            try:
                process.wait(STOP)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
