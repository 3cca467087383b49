"""Carries entries to the server, a batch a request, and reads what became of each."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from sio_server.client.bodies import NotifyRefused
from sio_server.client.entries import Entry
from sio_server.client.exchange import CONNECT_TIMEOUT, Reply, Target, retry_after
from sio_server.client.transport import transport_options
from sio_server.errors import KINDS

if TYPE_CHECKING:
    import httpx

# Seconds that a request may take in all. A batch is one commit, which takes a second on a busy disk.
SEND_TIMEOUT: Final = 10.0

# Bytes of bodies in one request: the server takes 8 MiB, and a proxy in front of it often no more than 1.
BATCH_BYTES: Final = 512 * 1024

# A result has 300 bytes, and a refused entry with many wrong fields some thousands.
MAX_BATCH_REPLY: Final = 2 * 1024 * 1024

_PATH: Final = "/v1/notifications/batch"

# Answers that say that the server is fine and these credentials, this address or this request are not: no retry of one
# entry mends them, and all entries would fail alike, so they wait for whoever mends the settings.
SETTINGS: Final = frozenset({401, 403, 404, 405, 407})

_TOO_MANY: Final = 429
_AWAY: Final = frozenset({502, 503, 504})


class Unsent(Exception):
    """The batch was not taken, or nobody knows. ``shrink``: what was in it may be the reason. No text holds a payload.

    ``settings`` says that waiting alone will not mend it.
    """

    def __init__(self, detail: str, wait: float = 0.0, *, shrink: bool = False, settings: bool = False) -> None:
        super().__init__(detail)
        self.wait = wait
        self.shrink = shrink
        self.settings = settings


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one entry; ``code`` is None for one that the server has."""

    code: str | None = None
    detail: str = ""
    retryable: bool = False
    duplicate: bool = False
    warnings: tuple[str, ...] = ()


class Courier:
    """One connection to the server, for one thread; made with the first request."""

    def __init__(self, target: Target, timeout: float = SEND_TIMEOUT) -> None:
        self._target = target
        self._timeout = timeout
        self._http: httpx.Client | None = None
        self._socket: socket.socket | None = None
        self._until: float | None = None
        self._watching: threading.Thread | None = None
        self._closed = threading.Event()

    def prepare(self) -> None:
        """Import what a request needs: httpx, and what httpx itself imports with the first client and request."""
        import encodings.idna  # noqa: F401, PLC0415

        self._client()

    def send(self, entries: Sequence[Entry]) -> list[Outcome]:
        """What became of each. Raises `Unsent`."""
        import httpx  # noqa: PLC0415 - see `exchange`

        content = b'{"notifications":[%b]}' % b",".join(entry.body for entry in entries)
        try:
            reply = self._ask(content)
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise Unsent(f"{self._target.url}: {str(error) or type(error).__name__}", settings=True) from error
        except (httpx.HTTPError, TimeoutError) as error:
            # The next try is on a new connection, and after a fork of a parent whose end nobody knows, too.
            raise Unsent(f"{self._target.url}: {str(error) or type(error).__name__}") from error
        except NotifyRefused as error:
            raise Unsent(str(error), settings=True) from error
        return self._read(reply, len(entries))

    def _ask(self, content: bytes) -> Reply:
        import httpx  # noqa: PLC0415 - see `exchange`

        deadline = time.monotonic() + self._timeout
        timeout = httpx.Timeout(self._timeout, connect=min(CONNECT_TIMEOUT, self._timeout))
        with (
            self._bounded(),
            self._client().stream(
                "POST",
                self._target.url + _PATH,
                content=content,
                headers=self._target.headers(),
                timeout=timeout,
                extensions={"trace": self._trace},
            ) as response,
        ):
            reply = Reply(response.status_code, response.headers, deadline, MAX_BATCH_REPLY)
            for chunk in response.iter_bytes():
                reply.feed(chunk)
            return reply

    def _client(self) -> httpx.Client:
        import httpx  # noqa: PLC0415 - see `exchange`

        if self._http is None:
            self._http = httpx.Client(**transport_options(self._target, 1))
        return self._http

    def _trace(self, event: str, info: Mapping[str, Any]) -> None:
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            self._socket = info["return_value"].get_extra_info("socket")

    @contextlib.contextmanager
    def _bounded(self) -> Iterator[None]:
        """Cut the connection when time is up: the timeouts of httpx are for each step, and a head may drip for days."""
        if self._watching is None:
            # One thread that looks now and then; a timer for each request would be a third of what a request costs.
            watching = threading.Thread(target=self._watch, name="sio-server notifier's watch", daemon=True)
            with contextlib.suppress(RuntimeError):  # the interpreter is ending, and starts no thread any more
                watching.start()
                self._watching = watching
        self._until = time.monotonic() + self._timeout
        try:
            yield
        finally:
            self._until = None

    def _watch(self) -> None:
        while not self._closed.wait(self._timeout / 10):
            until = self._until
            if until is not None and time.monotonic() > until:
                self.cut()

    def cut(self) -> None:
        """End what the request waits for, from any thread: it raises `Unsent`."""
        # Not closed: its number may be another socket's before the thread that reads has noticed.
        if (current := self._socket) is not None:
            with contextlib.suppress(OSError, ValueError):
                socket.socket.shutdown(current, socket.SHUT_RDWR)

    def _read(self, reply: Reply, number: int) -> list[Outcome]:
        members = reply.members()
        code = str(members.get("code", ""))
        if reply.status == HTTPStatus.OK:
            results = members.get("results")
            if isinstance(results, list) and len(results) == number and all(isinstance(r, dict) for r in results):
                return [outcome_of(result) for result in results]
            raise Unsent(f"what answers at {self._target.url} is no sio-server: look at SIO_SERVER_URL", settings=True)
        # No more than a code that is ours: whoever answers may repeat what was sent.
        said = f"{self._target.url} answered {reply.status}{f' ({code})' if code in KINDS else ''}"
        wait = retry_after(reply.headers)
        if reply.status in SETTINGS:
            raise Unsent(said, wait, settings=True)
        theirs = HTTPStatus.BAD_REQUEST <= reply.status < HTTPStatus.INTERNAL_SERVER_ERROR
        if number == 1 and code and theirs and reply.status != _TOO_MANY:
            return [Outcome(code, f"{members.get('detail', '')!s:.500}")]
        raise Unsent(said, wait, shrink=reply.status not in _AWAY)

    def close(self) -> None:
        """Close the connection, for good."""
        self._closed.set()
        if self._http is not None:
            self._http.close()
            self._http = None


def outcome_of(result: Mapping[str, Any]) -> Outcome:
    """What a reply to one notification says became of it."""
    if result.get("status") in ("ok", "scheduled"):
        listed = result.get("warnings")
        warnings = tuple(map(str, listed)) if isinstance(listed, list) else ()
        return Outcome(duplicate=result.get("duplicate") is True, warnings=warnings)
    error = result.get("error")
    told: Mapping[str, Any] = error if isinstance(error, dict) else {}
    return Outcome(
        str(told.get("code") or "unexpected_reply"),
        _detail(told),
        retryable=told.get("retryable") is True,
    )


def _detail(told: Mapping[str, Any]) -> str:
    listed = told.get("errors")
    problems = [error for error in listed if isinstance(error, dict)] if isinstance(listed, list) else []
    if len(problems) > 1:
        return "; ".join(f"{error.get('field', '')}: {error.get('detail', '')}" for error in problems)
    return str(told.get("detail", ""))
