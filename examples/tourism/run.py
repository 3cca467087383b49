"""Starts the whole system, and ends it at Ctrl+C: the notification server, the backend, the pages.

    make example                                        # builds the pages first
    python examples/tourism/run.py --port 8000 --server-port 8080 --data examples/tourism/data

With DATABASE_URL or MONGODB_URL the backend uses that database, else SQLite in the data directory.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import secrets
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import uvicorn

if __package__ in {None, ""}:
    sys.path.insert(0, str(Path(__file__).parents[1]))

from tourism.backend.app import create_app
from tourism.backend.settings import SITE, Settings

HERE = Path(__file__).parent
HOST = "127.0.0.1"


def secret(data: Path, name: str) -> str:
    """A secret that is made once, and that only the owner of its file can read."""
    path = data / name
    if not path.exists():
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(32))
    return path.read_text()


def say(line: str) -> None:
    """Tell whoever started this."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


@asynccontextmanager
async def notification_server(data: Path, port: int, origin: str) -> AsyncIterator[str]:
    """Run sio-server; it takes notifications by a key, and connections of the pages by tokens of the backend."""
    environment = {
        "SIO_SERVER_JWT_SECRET": secret(data, "jwt-secret"),
        "SIO_SERVER_TOKEN_AUDIENCE": "avisos",
        "SIO_SERVER_PUBLISH_KEYS": secret(data, "publish-key"),
        "SIO_SERVER_ALLOWED_ORIGINS": origin,
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "sio_server", "serve", "--port", str(port), "--data-dir", data / "notifications"),
        env={**os.environ, **environment},
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,  # Ctrl+C ends the backend first, which has something to say until then
    )
    try:
        line = (await process.stdout.readline()).decode().strip() if process.stdout else ""
        if not line:
            sys.exit(f"sio-server ended with {await process.wait()}")
        yield line
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()


class _Backend(uvicorn.Server):
    """Leaves signals to `run`: uvicorn raises them again at its end, before what is around it has ended."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def run(data: Path, port: int, server_port: int) -> None:
    """Serve until a signal comes."""
    try:
        listening = socket.create_server((HOST, port))
    except OSError as error:
        sys.exit(f"port {port}: {error.strerror}; another one: --port")
    origin = f"http://{HOST}:{listening.getsockname()[1]}"
    async with notification_server(data, server_port, origin) as server:
        settings = Settings(
            secret=secret(data, "jwt-secret"),
            server=server,
            key=secret(data, "publish-key"),
            database=os.environ.get("MONGODB_URL")
            or os.environ.get("DATABASE_URL")
            or f"sqlite+aiosqlite:///{data / 'tourism.db'}",
            demo=True,
        )
        place = origin if SITE.is_dir() else f"{origin}/docs (the pages are not built: make example)"
        say(f"Andina:  {place}")
        say(f"Console: {server} (sign in with the key in {data / 'publish-key'})")
        backend = _Backend(uvicorn.Config(create_app(settings), log_level="warning"))
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, backend.handle_exit, number, None)
        await backend.serve(sockets=[listening])


def main() -> None:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=8000, help="of the backend and its pages; 0: any")
    parser.add_argument("--server-port", type=int, default=8080, help="of the notification server; 0: any")
    parser.add_argument("--data", type=Path, default=HERE / "data", help="where everything is kept")
    arguments = parser.parse_args()
    data: Path = arguments.data.resolve()
    data.mkdir(parents=True, exist_ok=True)
    asyncio.run(run(data, arguments.port, arguments.server_port))


if __name__ == "__main__":
    main()
