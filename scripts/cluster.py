"""Three nodes on PostgreSQL with a synchronous standby, and a balancer before them, to try on this machine alone.

    make cluster                    # Ctrl+C ends all of it, and takes away what it kept
    .venv/bin/python -m scripts.cluster --port 8080 --nodes 3

The balancer (Caddy) brings each request to the next node, whoever sends it: no sticky sessions. What to try is printed.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import secrets
import signal
import socket
import sys
import tempfile
from asyncio.subprocess import PIPE, Process, create_subprocess_exec
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from sio_server.errors import Error
from tests.support.postgres import Postgres, programs

HOST: Final = "127.0.0.1"

# Of a commit that is on the standby's disk as well; of no commit that waits for a standby that is away, here: both are.
STANDBY: Final = "standby"

BALANCER: Final = """\
{{
	admin off
	auto_https off
	log {{
		level ERROR
	}}
}}
http://{host}:{port} {{
	reverse_proxy {nodes} {{
		lb_policy round_robin
		lb_try_duration 5s
		lb_try_interval 100ms
		fail_duration 2s
		health_uri /health/ready
		health_interval 1s
		flush_interval -1
	}}
}}
"""


class NotStartedError(Error):
    """A part of the cluster that does not start; the text says why."""


def say(line: str = "") -> None:
    """Tell whoever started this."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def free_port() -> int:
    """A port that nobody has now."""
    with socket.create_server((HOST, 0)) as found:
        port: int = found.getsockname()[1]
        return port


@contextlib.contextmanager
def databases() -> Iterator[tuple[Postgres, Postgres]]:
    """A primary and its synchronous standby, both of which sync to the disk."""
    primary = Postgres(fsync="on")
    standby = Postgres(fsync="on", primary_conninfo=f"'host={primary.home} user=postgres application_name={STANDBY}'")
    try:
        primary.make()
        primary.start()
        standby.copy(primary)
        standby.start()
        primary.ask(f"ALTER SYSTEM SET synchronous_standby_names = '{STANDBY}'")
        primary.ask("SELECT pg_reload_conf()")
        yield primary, standby
    finally:
        standby.remove()
        primary.remove()


@contextlib.asynccontextmanager
async def process(*command: str, env: Mapping[str, str] | None = None) -> AsyncIterator[Process]:
    """A process of a session of its own, so that Ctrl+C is this one's to hand on; it ends with the context."""
    started = await create_subprocess_exec(
        *command, env={**os.environ, **(env or {})}, stdout=PIPE, stderr=None, start_new_session=True
    )
    try:
        yield started
    finally:
        if started.returncode is None:
            started.terminate()
            await started.wait()


async def first_line(started: Process, what: str) -> str:
    """What a process says first."""
    assert started.stdout is not None  # noqa: S101 - for mypy: it was asked for
    line = (await started.stdout.readline()).decode().strip()
    if not line:
        message = f"{what} ended with {await started.wait()}"
        raise NotStartedError(message)
    return line


async def listens(balancer: Process, port: int) -> None:
    """Wait until the balancer takes connections."""
    while balancer.returncode is None:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection(HOST, port)
            writer.close()
            return
        await asyncio.sleep(0.05)
    message = f"the balancer ended with {balancer.returncode}"
    raise NotStartedError(message)


async def serve(place: Path, port: int, count: int, ended: asyncio.Event) -> None:
    """Start all of it, say where it is, and wait for the end."""
    key, secret = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    with databases() as (primary, standby):
        broker = primary.address("sio_server")
        settings = {
            "SIO_SERVER_BROKER": broker,
            "SIO_SERVER_JWT_SECRET": secret,
            "SIO_SERVER_PUBLISH_KEYS": key,
            "SIO_SERVER_TRUSTED_PROXIES": HOST,
            "SIO_SERVER_NODE_LISTEN": f"{HOST}:0",
            "SIO_SERVER_LOG_FORMAT": "json",
            "SIO_SERVER_LOG_LEVEL": "warning",
        }
        async with contextlib.AsyncExitStack() as stack:
            nodes: list[tuple[str, Process]] = []
            for number in range(count):
                given = {**settings, "SIO_SERVER_DATA_DIR": str(place / f"node-{number + 1}")}
                command = (sys.executable, "-m", "sio_server", "serve", "--port", "0")
                node = await stack.enter_async_context(process(*command, env=given))
                nodes.append((await first_line(node, f"node {number + 1}"), node))
            (place / "Caddyfile").write_text(
                BALANCER.format(host=HOST, port=port, nodes=" ".join(url.removeprefix("http://") for url, _ in nodes))
            )
            caddy = str(Path(sys.executable).parent / "caddy")
            command = (caddy, "run", "--adapter", "caddyfile", "--config", str(place / "Caddyfile"))
            home = {"XDG_DATA_HOME": str(place), "XDG_CONFIG_HOME": str(place)}
            await listens(await stack.enter_async_context(process(*command, env=home)), port)
            tell(f"http://{HOST}:{port}", key, secret, nodes, (primary, standby))
            await ended.wait()
            say("Ending.")


def tell(
    url: str,
    key: str,
    secret: str,
    nodes: Sequence[tuple[str, Process]],
    stores: tuple[Postgres, Postgres],
) -> None:
    """Say what is where, and what to try."""
    primary, standby = stores
    say(f"Console:    {url}  (sign in with the key {key})")
    for number, (address, node) in enumerate(nodes, start=1):
        say(f"Node {number}:     {address}  (process {node.pid})")
    psql = f"PGOPTIONS=--search_path=sio_server {programs() / 'psql'} -U postgres -h"
    say(f"PostgreSQL: {psql} {primary.home}  (process {primary.processes()[0]})")
    say(f"Standby:    {psql} {standby.home}  (process {standby.processes()[0]}, synchronous)")
    say()
    say("Listen, in another terminal, by polling if you like; the balancer goes from node to node:")
    token = f"$(SIO_SERVER_JWT_SECRET={secret} .venv/bin/sio-server token --user ana --role turista)"
    say(f"  .venv/bin/sio-server listen --url {url} --token {token}")
    say("Publish, again and again:")
    event = '{"type":"test","message":"Hola","audience":{"all":true}}'
    say(f"  curl -H 'Authorization: Bearer {key}' -d '{event}' {url}/notify")
    say(f"Kill a node: kill -9 {nodes[-1][1].pid}   Kill PostgreSQL: kill -9 {primary.processes()[0]}")
    say("Ctrl+C ends all of it.")


async def run(port: int, count: int) -> None:
    """Serve until a signal comes."""
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    with tempfile.TemporaryDirectory(prefix="sio-cluster-") as place:
        await serve(Path(place), port or free_port(), count, ended)


def main() -> None:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=8080, help="of the balancer; 0: any")
    parser.add_argument("--nodes", type=int, default=3, help="how many")
    arguments = parser.parse_args()
    try:
        asyncio.run(run(arguments.port, arguments.nodes))
    except Error as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
