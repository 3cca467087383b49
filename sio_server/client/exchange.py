"""One publish as an HTTP exchange, without the I/O: what to send, how to read the answer, whether to try again.

`NotifyClient` and `SyncNotifyClient` add nothing but the sending and the waiting.

::

    Error
    └── NotifyError            a notification that was not published, or not for certain
        ├── NotifyInvalid      its data cannot be written as JSON: nothing was sent
        ├── NotifyRefused      the server said no; the same again would be refused again
        └── NotifyUnavailable  nobody said yes within the time: it may be worth trying later
"""

from __future__ import annotations

import ipaddress
import os
import random
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any, Final, TypedDict
from urllib.parse import urlsplit

import httpx
import orjson

from sio_server.audience import Audience
from sio_server.errors import ConfigError, Error, FieldProblem, Text
from sio_server.notification import new_id

DEFAULT_URL: Final = "http://127.0.0.1:8080"

# Seconds that one try may take. The server answers within milliseconds; a commit on a busy disk within a second.
TRY_TIMEOUT: Final = 2.0
CONNECT_TIMEOUT: Final = 1.0

# Seconds before the second try, doubled for each further one up to the second figure; each is then drawn at random
# from half of it to all of it, so that the workers of a backend do not come back in step.
BACKOFF_FIRST: Final = 0.1
BACKOFF_MAX: Final = 1.0

# A server (or whoever answers in its place) that sends more than this is none of ours; a reply has 300 bytes.
MAX_REPLY: Final = 256 * 1024

# What a proxy answers while the server behind it restarts counts like the failed connection that it is.
_TRY_AGAIN: Final = frozenset({429, 502, 503, 504})


class NotifyError(Error):
    """A notification that was not published, or not for certain. No text of these errors holds a key or ``data``."""


class NotifyInvalid(NotifyError):
    """The notification cannot be written as JSON; nothing was sent."""


class NotifyRefused(NotifyError):
    """The server refused: ``code`` is one of its stable codes, ``problems`` say what is wrong with which field."""

    def __init__(self, code: str, status: int, detail: str, problems: tuple[FieldProblem, ...] = ()) -> None:
        self.code = code
        self.status = status
        self.detail = detail
        self.problems = problems
        several = "; ".join(f"{problem.field}: {problem.detail}" for problem in problems) if len(problems) > 1 else ""
        super().__init__(f"{code}: {several or detail}")


class NotifyUnavailable(NotifyError):
    """Nobody accepted the notification in time. ``code`` is the server's, if it answered at all."""

    def __init__(self, detail: str, code: str | None = None) -> None:
        self.code = code
        super().__init__(detail)


@dataclass(frozen=True, slots=True)
class PublishResult:
    """What the server answered. ``sockets``: connections it was handed to; ``duplicate``: an earlier publish was it."""

    id: str
    seq: int
    cursor: str
    type: str
    sockets: int
    duplicate: bool
    warnings: tuple[str, ...]


class PublishOptions(TypedDict, total=False):
    """What a publish can say beside type, message and data. ``ttl`` is in seconds.

    The audience is either ``audience``, or the union of ``roles``, ``users``, ``topics`` and ``everybody`` less
    ``except_users``; with none of them it is the catalogue's.
    """

    title: str | None
    audience: Audience | Mapping[str, Any] | None
    roles: Iterable[str] | None
    users: Iterable[str | int] | None
    topics: Iterable[str] | None
    everybody: bool
    except_users: Iterable[str | int] | None
    actor: Mapping[str, Any] | None
    link: str | None
    priority: str | None
    ttl: int | None
    persist: bool | None
    idempotency_key: str | None
    source: str | None


def publish_body(
    type: str,  # noqa: A002 - the word of the protocol
    message: str | None = None,
    data: Mapping[str, Any] | None = None,
    *,
    title: str | None = None,
    audience: Audience | Mapping[str, Any] | None = None,
    roles: Iterable[str] | None = None,
    users: Iterable[str | int] | None = None,
    topics: Iterable[str] | None = None,
    everybody: bool = False,
    except_users: Iterable[str | int] | None = None,
    actor: Mapping[str, Any] | None = None,
    link: str | None = None,
    priority: str | None = None,
    ttl: int | None = None,
    persist: bool | None = None,
    idempotency_key: str | None = None,
    source: str | None = None,
) -> dict[str, Any]:
    """The body of a publish; what was left out is left out. Raises TypeError for arguments that cannot go together."""
    parts = {
        "roles": _names("roles", roles),
        "users": _names("users", users),
        "topics": _names("topics", topics),
        "all": everybody,
        "except": {"users": excepted} if (excepted := _names("except_users", except_users)) else None,
    }
    if any(parts.values()):
        if audience is not None:
            raise TypeError(
                "publish_body() takes 'audience', or roles, users, topics, everybody and except_users, not both"
            )
        audience = {name: value for name, value in parts.items() if value}
    body = {
        "type": type,
        "message": message,
        "data": None if data is None else dict(data),
        "title": title,
        "audience": audience.as_dict() if isinstance(audience, Audience) else audience,
        "actor": actor,
        "link": link,
        "priority": priority,
        "ttl": ttl,
        "persist": persist,
        "idempotency_key": idempotency_key,
        "source": source,
    }
    return {name: value for name, value in body.items() if value is not None}


def _names(argument: str, values: Iterable[str | int] | None) -> list[str]:
    if isinstance(values, str | bytes):
        # A string is an iterable of strings: "admin" would be five roles of one letter each.
        raise TypeError(f"publish_body() argument '{argument}' must be a list of names, not one string")
    return [str(value) for value in values or ()]


def _plain(value: object) -> object:
    """What databases hand out and JSON does not know; orjson itself writes dates, UUIDs, enums and dataclasses."""
    if isinstance(value, Decimal):
        return float(value)
    # MongoDB's identifiers, recognised by name so that nobody has to install its driver.
    if type(value).__name__ == "ObjectId":
        return str(value)
    raise TypeError


def written(body: Mapping[str, Any]) -> bytes:
    """The JSON of a publish. Raises `NotifyInvalid`."""
    try:
        return orjson.dumps(body, default=_plain)
    except TypeError as error:
        raise NotifyInvalid("the notification cannot be written as JSON: " + _reason(error)) from error


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
        if not _is_base(base):
            # The text does not repeat the address: it may hold a password.
            raise ConfigError(
                "SIO_SERVER_URL: must be an http(s) address such as http://127.0.0.1:8080, "
                "without user, password or query"
            )
        if key is not None and not (key.isascii() and key.isprintable()):
            raise ConfigError("SIO_SERVER_PUBLISH_KEY: must be printable ASCII, since it travels in a header")
        return cls(base, key, total, locale)

    @property
    def loopback(self) -> bool:
        """Whether the address is this machine, so that no proxy of the environment can be meant."""
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
        content = written(body if named else {**body, "idempotency_key": new_id()})
        return Exchange(self, content, self.headers(), named=named)


def _is_base(address: str) -> bool:
    try:
        parts = urlsplit(address)
        whole = httpx.URL(address)
        plain = not (whole.userinfo or parts.query or parts.fragment)
        return parts.scheme in ("http", "https") and bool(whole.host) and parts.port != 0 and plain
    except (ValueError, httpx.InvalidURL):
        return False


def _reason(error: BaseException) -> str:
    return str(error) or type(error).__name__


class Reply:
    """An answer as it comes in, held to a size and a time that no answer of the server needs."""

    def __init__(self, status: int, headers: Mapping[str, str], deadline: float, most: int = MAX_REPLY) -> None:
        self._most = most
        self.status = status
        self.headers = headers
        self.content = b""
        self._deadline = deadline

    def feed(self, chunk: bytes) -> None:
        """Take a piece of the body. Raises `NotifyRefused` when it is too long, `httpx.ReadTimeout` when too late."""
        self.content += chunk
        if len(self.content) > self._most:
            raise _unexpected(self.status)
        if time.monotonic() > self._deadline:
            raise httpx.ReadTimeout("the answer took too long")

    def members(self) -> dict[str, Any]:
        """The JSON object in the body; empty when it holds none."""
        try:
            decoded = orjson.loads(self.content)
        except orjson.JSONDecodeError:
            return {}
        return decoded if isinstance(decoded, dict) else {}


class Exchange:
    """One publish, from its first try to its last; every try sends the same ``content`` and ``headers``."""

    def __init__(self, target: Target, content: bytes, headers: dict[str, str], *, named: bool) -> None:
        self.url = target.url + "/notify"
        self.content = content
        self.headers = headers
        self._target = target
        self._named = named
        self._deadline = time.monotonic() + target.total
        self._tries = 0

    def remaining(self) -> float:
        """Seconds that are left, at least a little."""
        return max(self._deadline - time.monotonic(), 0.001)

    def timeout(self) -> httpx.Timeout:
        """How long each step of the next try may take."""
        left = self.remaining()
        return httpx.Timeout(min(TRY_TIMEOUT, left), connect=min(CONNECT_TIMEOUT, left))

    def reply(self, response: httpx.Response) -> Reply:
        """The reply to collect the body of ``response`` in."""
        return Reply(response.status_code, response.headers, self._deadline)

    def answered(self, reply: Reply) -> PublishResult | float:
        """The result, or seconds to wait before the next try. Raises `NotifyRefused` or `NotifyUnavailable`."""
        members = reply.members()
        if reply.status == httpx.codes.OK:
            return self._result(members)
        code = str(members.get("code", ""))
        detail = str(members.get("detail", "")) or f"HTTP status {reply.status}"
        if reply.status in _TRY_AGAIN:
            return self._wait(f"{code}: {detail}" if code else detail, code or None, retry_after(reply.headers))
        if reply.status >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise NotifyUnavailable(f"{self._target.url} failed: {detail}", code or None)
        if not code:
            raise _unexpected(reply.status)
        raise NotifyRefused(code, reply.status, detail, _problems(members))

    def failed(self, error: Exception) -> float:
        """Seconds to wait before the next try, after one that got no answer. Raises `NotifyUnavailable`."""
        if isinstance(error, httpx.DecodingError):
            raise _unexpected(httpx.codes.OK) from error
        if isinstance(error, httpx.UnsupportedProtocol | httpx.LocalProtocolError):
            raise NotifyUnavailable(f"{self._target.url} cannot be asked: {_reason(error)}") from error
        return self._wait(_reason(error), None, 0.0, error)

    def _wait(self, reason: str, code: str | None, at_least: float, cause: Exception | None = None) -> float:
        ceiling = min(BACKOFF_FIRST * 2.0 ** min(self._tries, 10), BACKOFF_MAX)
        self._tries += 1
        # Jitter, nothing secret.
        delay = max(ceiling * random.uniform(0.5, 1), at_least)  # noqa: S311
        if time.monotonic() + delay >= self._deadline:
            tries = "1 try" if self._tries == 1 else f"{self._tries} tries"
            raise NotifyUnavailable(f"{self._target.url} did not accept it in {tries}: {reason}", code) from cause
        return delay

    def _result(self, members: Mapping[str, Any]) -> PublishResult:
        try:
            return PublishResult(
                id=str(members["id"]),
                seq=int(members["seq"]),
                cursor=str(members["cursor"]),
                type=str(members["type"]),
                sockets=int(members["recipients"]["sockets"]),
                # With a key that nobody else knows, the earlier publish was a try of this one.
                duplicate=bool(members["duplicate"]) and self._named,
                warnings=tuple(map(str, members["warnings"])),
            )
        except (KeyError, TypeError, ValueError):
            raise _unexpected(httpx.codes.OK) from None


def _unexpected(status: int) -> NotifyRefused:
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
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return 0.0
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    seconds: float = (moment - datetime.now(UTC)).total_seconds()
    return max(seconds, 0.0)
