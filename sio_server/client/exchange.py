"""One publish as an HTTP exchange, without the I/O: what to send, how to read the answer, whether to try again.

`NotifyClient` and `SyncNotifyClient` add nothing but the sending and the waiting. httpx is imported where it is first
used: an application waits for every import of its start, and httpx takes longer than all of the client.
"""

from __future__ import annotations

import os
import random
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import orjson

from sio_server.client.bodies import NotifyRefused, NotifyUnavailable, PublishResult, written
from sio_server.errors import ConfigError, FieldProblem, Text

if TYPE_CHECKING:
    import httpx

DEFAULT_URL: Final = "http://127.0.0.1:8080"

OFF: Final = "none:"
"""The address of no server: who publishes there is told that all is well, and nothing is sent."""

# Seconds that one try may take. The server answers within milliseconds; a commit on a busy disk within a second.
TRY_TIMEOUT: Final = 2.0
CONNECT_TIMEOUT: Final = 1.0

# Seconds before the second try, doubled for each further one up to the second figure; each is then drawn at random
# from half of it to all of it, so that the workers of a backend do not come back in step.
BACKOFF_FIRST: Final = 0.1
BACKOFF_MAX: Final = 1.0

# The system's own: the generator of `random` is the application's, and a fork would draw the same numbers again.
_DRAWS: Final = random.SystemRandom()

# A server (or whoever answers in its place) that sends more than this is none of ours; a reply has 300 bytes.
MAX_REPLY: Final = 256 * 1024

# A page has a hundred notifications, each of which may be as large as a body.
MAX_PAGE_REPLY: Final = 16 * 1024 * 1024

# What a proxy answers while the server behind it restarts counts like the failed connection that it is.
_TRY_AGAIN: Final = frozenset({429, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Target:
    """Where and how to publish; ``key`` is in no repr. ``total`` is the longest a publish may take, in seconds."""

    url: str
    key: str | None = field(repr=False)
    total: float
    locale: str | None

    @classmethod
    def of(cls, url: str | None, key: str | None, total: float, locale: str | None) -> Target:
        """A target, with SIO_SERVER_URL and SIO_SERVER_PUBLISH_KEY for what is None. Raises `ConfigError`."""
        base = (url or os.environ.get("SIO_SERVER_URL") or DEFAULT_URL).rstrip("/")
        key = key or os.environ.get("SIO_SERVER_PUBLISH_KEY") or None
        if base != OFF and not _is_base(base):
            # The text does not repeat the address: it may hold a password.
            raise ConfigError(
                "SIO_SERVER_URL: must be an http(s) address such as http://127.0.0.1:8080, "
                "without user, password or query; or none:, which publishes nowhere"
            )
        if key is not None and not (key.isascii() and key.isprintable()):
            raise ConfigError("SIO_SERVER_PUBLISH_KEY: must be printable ASCII, since it travels in a header")
        return cls(base, key, total, locale)

    @property
    def is_off(self) -> bool:
        """Whether nothing is to be sent."""
        return self.url == OFF

    @property
    def loopback(self) -> bool:
        """Whether the address is this machine, so that no proxy of the environment can be meant."""
        import ipaddress  # noqa: PLC0415 - as httpx

        host = urlsplit(self.url).hostname or ""
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            return host == "localhost"

    def headers(self) -> dict[str, str]:
        """What every request has: the key, and the language of refusals."""
        headers = {"Content-Type": "application/json"}
        if self.key is not None:
            headers["Authorization"] = f"Bearer {self.key}"
        if self.locale is not None:
            headers["Accept-Language"] = self.locale
        return headers

    def exchange(self, body: Mapping[str, Any]) -> Exchange:
        """The exchange that publishes this body. Raises `NotifyInvalid`."""
        named = bool(body.get("idempotency_key"))
        # Without a key, a reply that got lost on its way would make the next try publish a second time.
        content = written(body if named else {**body, "idempotency_key": os.urandom(16).hex()})
        return Exchange(self, content, self.headers(), named=named)

    def request(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        patience: float = 0.0,
        most: int = MAX_PAGE_REPLY,
    ) -> Exchange:
        """The exchange of a request that may be sent more than once. Raises `NotifyInvalid`.

        ``patience``: seconds that the server may take, where that is longer than a publish may; ``most``: bytes of an
        answer.
        """
        content = b"" if body is None else written(body)
        target = replace(self, total=max(self.total, patience))
        exchange = Exchange(target, content, self.headers(), named=True, method=method, path=path, most=most)
        exchange.step = max(TRY_TIMEOUT, patience)
        return exchange


# What stands in no name of a host, whatever its script (RFC 3986 §2.2, §3.2.2); urlsplit takes some of it away unsaid.
_NOT_IN_AN_ADDRESS: Final = re.compile(r"[\s\x00-\x20\x7f<>\"^`{|}\\]")
_LABEL: Final = re.compile(r"[^!$%&'()*+,;=:@/?#\[\]]{1,63}")


def _is_base(address: str) -> bool:
    """Whether it is the address of a server, with or without a path. Looked at without httpx: see above."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
        if not host.isascii():
            host = host.encode("idna").decode()
    except ValueError:
        return False
    plain = "@" not in parts.netloc and not (parts.query or parts.fragment or _NOT_IN_AN_ADDRESS.search(address))
    # What is in brackets was looked at by urlsplit.
    named = ":" in host or all(map(_LABEL.fullmatch, host.removesuffix(".").split(".")))
    return parts.scheme in ("http", "https") and port != 0 and plain and named


def _reason(error: BaseException) -> str:
    return str(error) or type(error).__name__


class Reply:
    """An answer as it comes in, held to a size and a time that no answer of the server needs."""

    def __init__(self, status: int, headers: Mapping[str, str], deadline: float, most: int = MAX_REPLY) -> None:
        self._most = most
        self.status = status
        self.headers = headers
        self.content = bytearray()  # bytes would be copied with each piece
        self._deadline = deadline

    def feed(self, chunk: bytes) -> None:
        """Take a piece of the body. Raises `NotifyRefused` when it is too long, TimeoutError when too late."""
        self.content += chunk
        if len(self.content) > self._most:
            raise unexpected(self.status)
        if time.monotonic() > self._deadline:
            raise TimeoutError("the answer took too long")

    def members(self) -> dict[str, Any]:
        """The JSON object in the body; empty when it holds none."""
        try:
            decoded = orjson.loads(self.content)
        except orjson.JSONDecodeError:
            return {}
        return decoded if isinstance(decoded, dict) else {}


class Exchange:
    """One publish, from its first try to its last; every try sends the same ``content`` and ``headers``."""

    def __init__(
        self,
        target: Target,
        content: bytes,
        headers: dict[str, str],
        *,
        named: bool,
        method: str = "POST",
        path: str = "/notify",
        most: int = MAX_REPLY,
    ) -> None:
        self.method = method
        self.path = path
        self.url = target.url + path
        self._most = most
        self.content = content
        self.headers = headers
        self._target = target
        self._named = named
        self._deadline = time.monotonic() + target.total
        self._tries = 0
        self.step = TRY_TIMEOUT
        """Seconds that the server may take for each piece of its answer."""

    def remaining(self) -> float:
        """Seconds that are left, at least a little."""
        return max(self._deadline - time.monotonic(), 0.001)

    def timeout(self) -> httpx.Timeout:
        """How long each step of the next try may take."""
        import httpx  # noqa: PLC0415 - see above

        left = self.remaining()
        return httpx.Timeout(min(self.step, left), connect=min(CONNECT_TIMEOUT, left))

    def reply(self, response: httpx.Response, most: int | None = None) -> Reply:
        """The reply to collect the body of ``response`` in."""
        return Reply(response.status_code, response.headers, self._deadline, most or self._most)

    def result(self, members: Mapping[str, Any]) -> PublishResult:
        """What the answer to this publish says. Raises `NotifyRefused`."""
        return result_of(members, named=self._named)

    def again(self, reply: Reply) -> float | None:
        """Seconds to wait before the next try, None for an answer. Raises `NotifyRefused` or `NotifyUnavailable`."""
        if reply.status in (HTTPStatus.OK, HTTPStatus.ACCEPTED):
            return None
        members = reply.members()
        code = str(members.get("code", ""))
        detail = str(members.get("detail", "")) or f"HTTP status {reply.status}"
        if reply.status in _TRY_AGAIN:
            return self._wait(f"{code}: {detail}" if code else detail, code or None, retry_after(reply.headers))
        if reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise NotifyUnavailable(f"{self._target.url} failed: {detail}", code or None)
        if not code:
            raise unexpected(reply.status)
        mend = members.get("mend")
        raise NotifyRefused(code, reply.status, detail, _problems(members), None if mend is None else str(mend))

    def failed(self, error: Exception) -> float:
        """Seconds to wait before the next try, after one that got no answer. Raises `NotifyUnavailable`."""
        import httpx  # noqa: PLC0415 - see above

        if isinstance(error, httpx.DecodingError):
            raise unexpected(HTTPStatus.OK) from error
        if isinstance(error, httpx.UnsupportedProtocol | httpx.LocalProtocolError):
            raise NotifyUnavailable(f"{self._target.url} cannot be asked: {_reason(error)}") from error
        return self._wait(_reason(error), None, 0.0, error)

    def _wait(self, reason: str, code: str | None, at_least: float, cause: Exception | None = None) -> float:
        ceiling = min(BACKOFF_FIRST * 2.0 ** min(self._tries, 10), BACKOFF_MAX)
        self._tries += 1
        delay = max(ceiling * _DRAWS.uniform(0.5, 1), at_least)
        if time.monotonic() + delay >= self._deadline:
            tries = "1 try" if self._tries == 1 else f"{self._tries} tries"
            raise NotifyUnavailable(f"{self._target.url} did not accept it in {tries}: {reason}", code) from cause
        return delay


def result_of(members: Mapping[str, Any], *, named: bool = True) -> PublishResult:
    """What the answer to a publish says; ``named``: its caller chose the key. Raises `NotifyRefused`."""
    try:
        due = datetime.fromisoformat(members["due"]) if members["status"] == "scheduled" else None
        return PublishResult(
            id=str(members["id"]),
            seq=0 if due else int(members["seq"]),
            cursor="" if due else str(members["cursor"]),
            type=str(members["type"]),
            sockets=0 if due else int(members["recipients"]["sockets"]),
            # With a key that nobody else knows, the earlier publish was a try of this one.
            duplicate=bool(members["duplicate"]) and named,
            warnings=tuple(map(str, members["warnings"])),
            due=due,
            replaces=None if members.get("replaces") is None else str(members["replaces"]),
        )
    except (KeyError, TypeError, ValueError):
        raise unexpected(HTTPStatus.OK) from None


def unexpected(status: int) -> NotifyRefused:
    """The error for an answer that is none of a sio-server's."""
    return NotifyRefused(
        "unexpected_reply",
        status,
        f"what answers at this address is no sio-server (HTTP status {int(status)}): look at SIO_SERVER_URL",
    )


def _problems(members: Mapping[str, Any]) -> tuple[FieldProblem, ...]:
    listed = members.get("errors")
    if not isinstance(listed, list):
        return ()
    entries = [entry for entry in listed if isinstance(entry, dict)]
    texts = [(str(entry.get("field", "")), str(entry.get("detail", ""))) for entry in entries]
    return tuple(FieldProblem(name, Text(detail, detail)) for name, detail in texts)


def retry_after(headers: Mapping[str, str]) -> float:
    """Seconds that a ``Retry-After`` asks for (RFC 9110 §10.2.3: seconds or a date); 0 for none or nonsense."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    from email.utils import parsedate_to_datetime  # noqa: PLC0415 - as httpx

    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return 0.0
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    seconds: float = (moment - datetime.now(UTC)).total_seconds()
    return max(seconds, 0.0)
