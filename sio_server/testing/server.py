"""A real server for one test: a process with a log of its own, behind a relay that can make trouble."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any, Final, Self
from urllib.parse import urlsplit

import httpx

from sio_server.client.field_types import Id
from sio_server.errors import Error
from sio_server.testing.faults import Fault, Relay
from sio_server.testing.wording import differences, fields_of

# Seconds. A server starts in half of one and ends as quickly; a machine that runs other tests may take longer.
_STARTING: Final = 60.0
_ENDING: Final = 30.0

# Seconds that `wait_for` waits by default, and between two looks.
WAITING: Final = 10.0
LOOK: Final = 0.02

# Seconds a token is good for by default.
TOKEN_TTL: Final = 3600

_PAGE: Final = 100


class NoServer(Error):
    """The server of a test is not installed, or did not start."""


class SioServer:
    """A running sio-server, with a key to publish with and a secret to sign tokens with; use it as ``with``.

    ``directory`` is where its log is; ``settings`` are further ones of the server, by name: ``locale="en"``.
    ``restart``, the faults and what asks the server block: in a coroutine hand them to `asyncio.to_thread` where
    something on the same loop has to go on meanwhile.
    """

    def __init__(self, directory: Path, **settings: object) -> None:
        if find_spec("sio_server.serving") is None:
            raise NoServer(
                "the tests need the server beside the client: install the wheel sio_server of the same release"
            )
        self.key = secrets.token_urlsafe(32)
        self.secret = secrets.token_urlsafe(32)
        self._directory = directory
        self._settings = settings
        self._relay = Relay()
        self._path = ""
        self._process: subprocess.Popen[str] | None = None
        self._http = httpx.Client(trust_env=False, timeout=_STARTING)

    @property
    def url(self) -> str:
        """Its address: ``http://127.0.0.1:40123``."""
        return f"http://127.0.0.1:{self._relay.port}{self._path}"

    def __enter__(self) -> Self:
        self._relay.__enter__()
        try:
            self._start()
        except BaseException:
            self._relay.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._end()
        self._relay.__exit__()
        self._http.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.url!r})"

    # -- the process

    def _start(self) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SIO_SERVER_")}
        if catalog := os.environ.get("SIO_SERVER_CATALOG"):
            kept["SIO_SERVER_CATALOG"] = str(Path(catalog).expanduser().absolute())
        given = {f"SIO_SERVER_{name.upper()}": _written(value) for name, value in self._settings.items()}
        mine = {"SIO_SERVER_JWT_SECRET": self.secret, "SIO_SERVER_PUBLISH_KEYS": self.key}
        with self._errors.open("w", encoding="utf-8") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "sio_server", "serve", "--host", "127.0.0.1", "--port", "0"],
                cwd=self._directory,
                env={**kept, "SIO_SERVER_DATA_DIR": str(self._directory / "data"), **mine, **given},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        output = self._process.stdout
        address = _first_line(output)
        if not address.startswith("http://"):
            self._end()
            raise NoServer(f"the server did not start:\n{self.errors}")
        self._relay.target, self._path = urlsplit(address).port or 0, urlsplit(address).path

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.communicate(timeout=_ENDING)

    @property
    def _errors(self) -> Path:
        return self._directory / "errors.log"

    @property
    def errors(self) -> str:
        """What the server has logged since it was last started."""
        return self._errors.read_text("utf-8", errors="replace")

    def restart(self) -> None:
        """Kill it as a power cut does, and start it again at the same address, with the same log."""
        with self.down():
            self._end()
            self._start()

    # -- who is there

    def token(self, user: Id, roles: Iterable[str] = (), *, topics: Iterable[str] = (), ttl: int = TOKEN_TTL) -> str:
        """A token of somebody, as a backend signs it (RFC 7519, HS256); good for ``ttl`` seconds."""
        claims = {"sub": str(user), "roles": list(roles), "topics": list(topics), "exp": int(time.time()) + ttl}
        signed = f"{_part({'alg': 'HS256', 'typ': 'JWT'})}.{_part(claims)}"
        return f"{signed}.{_base64(hmac.digest(self.secret.encode(), signed.encode(), hashlib.sha256))}"

    def inbox(self, user: Id, roles: Iterable[str] = (), *, topics: Iterable[str] = ()) -> list[dict[str, Any]]:
        """The notifications in somebody's inbox, newest first.

        What is for a role or a topic counts from the first time that the server saw that person: ask once before.
        """
        headers = {"Authorization": f"Bearer {self.token(user, roles, topics=topics)}"}
        return self._pages("/v1/inbox", headers)

    def published(self) -> list[dict[str, Any]]:
        """All that was published and is kept, newest first, as operators see it."""
        return self._pages("/v1/notifications", {"Authorization": f"Bearer {self.key}"})

    def scheduled(self) -> list[dict[str, Any]]:
        """What waits for its moment, the soonest first, each with ``due``."""
        found: list[dict[str, Any]] = []
        query: dict[str, Any] = {"limit": _PAGE}
        while True:
            page = self._ask("GET", "/v1/scheduled", params=query).raise_for_status().json()
            found.extend(page["items"])
            if page["next_after"] is None:
                return found
            query["after"] = page["next_after"]

    def advance(self, time: timedelta | float | None = None) -> list[dict[str, Any]]:
        """Deliver now what is due within so much time, or seconds; with no time all that waits. Returns it, in order.

        No clock is moved: what expires, and tokens, go by the real time.
        """
        wait = time if isinstance(time, timedelta) or time is None else timedelta(seconds=time)
        until = None if wait is None else datetime.now(UTC) + wait
        delivered = []
        for one in self.scheduled():
            if until is not None and datetime.fromisoformat(one["due"]) > until:
                break
            answer = self._ask("POST", f"/v1/notifications/{one['id']}/deliver")
            if answer.status_code != HTTPStatus.NOT_FOUND:  # somebody cancelled it meanwhile
                answer.raise_for_status()
                delivered.append(one)
        return delivered

    def _ask(self, method: str, path: str, **request: Any) -> httpx.Response:
        """Ask the server itself, with its key."""
        headers = {"Authorization": f"Bearer {self.key}"}
        address = f"http://127.0.0.1:{self._relay.target}{self._path}{path}"
        return self._http.request(method, address, headers=headers, **request)

    def wait_for(
        self,
        user: Id,
        type: str,  # noqa: A002 - the word of the protocol
        /,
        *,
        roles: Iterable[str] = (),
        timeout: float = WAITING,
        data: Mapping[str, Any] | None = None,
        **fields: Any,
    ) -> dict[str, Any]:
        """Wait until such a notification is in somebody's inbox, and return it. Raises AssertionError in the end."""
        wanted = {**(data or {}), **fields}
        roles = tuple(roles)
        deadline = time.monotonic() + timeout
        while True:
            there = self.inbox(user, roles)
            for one in there:
                if one["type"] == type and not differences(wanted, one["data"]):
                    return one
            if time.monotonic() > deadline:
                lines = [f"  {one['type']}: {fields_of(one['data'])}" for one in there] or ["  nothing"]
                asked = f"{type} with {fields_of(wanted)}" if wanted else type
                held = "\n".join(lines)
                raise AssertionError(f"No {asked} came to {str(user)!r} in {timeout:g} s. The inbox holds:\n{held}")
            time.sleep(LOOK)

    def _pages(self, path: str, headers: Mapping[str, str]) -> list[dict[str, Any]]:
        """All items of a list; asked of the server itself, since nothing is wrong between it and the test."""
        found: list[dict[str, Any]] = []
        before: int | None = None
        while True:
            query = {"limit": _PAGE, **({} if before is None else {"before": before})}
            reply = self._http.get(
                f"http://127.0.0.1:{self._relay.target}{self._path}{path}", params=query, headers=headers
            )
            reply.raise_for_status()
            page = reply.json()
            found.extend(page.get("items") or page.get("notifications") or ())
            before = page.get("next_before")
            if before is None:
                return found

    # -- what is wrong

    def down(self) -> contextlib.AbstractContextManager[None]:
        """Refuse connections and end those that are open; what is published meanwhile has to wait."""
        return self._having(Fault("down"))

    def slow(self, seconds: float = 1.0) -> contextlib.AbstractContextManager[None]:
        """Let each request wait so long before the server gets it, whether its client waits as long or not."""
        return self._having(Fault("slow", seconds=seconds))

    def drops(self) -> contextlib.AbstractContextManager[None]:
        """Take requests and cut the connection, without an answer and without the server hearing of it."""
        return self._having(Fault("drops"))

    def failing(self, status: int = 500) -> contextlib.AbstractContextManager[None]:
        """Answer every request by this status and nothing else, as a proxy before a dead server does."""
        return self._having(Fault("failing", status=status))

    @contextlib.contextmanager
    def _having(self, fault: Fault) -> Iterator[None]:
        before = self._relay.fault
        self._relay.switch(fault)
        try:
            yield
        finally:
            self._relay.switch(before)


def _first_line(output: IO[str] | None) -> str:
    return "" if output is None else output.readline().strip()


def _written(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _part(value: Mapping[str, Any]) -> str:
    return _base64(json.dumps(value, separators=(",", ":")).encode())
