"""Asking the server that is examined: one client for all checks, and answers as they came."""

from __future__ import annotations

import secrets
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import SplitResult, urlsplit

import aiohttp
import orjson

# Seconds for one answer: whoever waits longer for it has given up.
PATIENCE: Final = 10.0

# Seconds in which the beginning of a stream has to be here: the server sends it at once.
FIRST_BYTE: Final = 4.0

# A reply of the server has a few kilobytes; an error page of a proxy may have more, and its beginning tells enough.
MAX_ANSWER: Final = 512 * 1024

# What the server calls itself; most proxies put their own name in its place.
_OURS: Final = "sio-server"

# What the ids of a doctor's requests begin with: they leave refusals behind that nobody has to look at.
OWN: Final = "doctor-"


@dataclass(frozen=True, slots=True)
class Question:
    """What to examine: the address, and what a client of it would bring. Secrets are in no repr."""

    url: str
    origin: str | None = None
    token: str | None = field(default=None, repr=False)
    key: str | None = field(default=None, repr=False)
    authorities: str | None = None
    quick: bool = False
    patience: float = PATIENCE
    first_byte: float = FIRST_BYTE

    @property
    def address(self) -> SplitResult:
        """The address, taken apart."""
        return urlsplit(self.url)

    @property
    def host(self) -> str:
        """The host that is called."""
        return self.address.hostname or ""

    @property
    def port(self) -> int:
        """The port that is called, the scheme's own where none is named."""
        return self.address.port or (443 if self.secure else 80)

    @property
    def secure(self) -> bool:
        """Whether TLS is to be spoken."""
        return self.address.scheme == "https"


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP reply: its status, its headers, and its body as text and as the JSON object it may be."""

    status: int
    headers: Mapping[str, str]
    text: str
    members: dict[str, Any]
    origins: tuple[str, ...] = ()
    """Each ``Access-Control-Allow-Origin`` of it: more than one is none to a browser."""

    @property
    def code(self) -> str:
        """The code of a problem document of the server's; empty where it is none."""
        return str(self.members.get("code", "")) if str(self.members.get("type", "")).startswith("urn:sio") else ""

    @property
    def detail(self) -> str:
        """The server's words for what is wrong."""
        return str(self.members.get("detail", ""))

    @property
    def fronted(self) -> bool:
        """Whether it went through another server than ours, which names itself."""
        return "Via" in self.headers or self.headers.get("Server", _OURS) != _OURS

    @property
    def who(self) -> str:
        """What the answer says of who sent it, as people would say it."""
        kind = self.headers.get("Content-Type", "").partition(";")[0] or "no Content-Type"
        return f"HTTP {self.status}, {kind}, Server: {self.headers.get('Server', 'not told')}"


@dataclass(frozen=True, slots=True)
class Observer:
    """What may look at the whole server, None in development, and how its request came (``way`` of a session)."""

    credential: str | None = field(repr=False)
    way: dict[str, Any]


class Unreachable(Exception):
    """No answer; the text says why in the system's words."""


class Site:
    """The server at an address. ``trusted`` says whether its certificate is good: nothing secret is sent otherwise."""

    def __init__(self, question: Question, context: ssl.SSLContext | None, *, trusted: bool = True) -> None:
        self.question = question
        self.trusted = trusted
        self.session: dict[str, Any] = {}
        """What ``GET /v1/session`` says without a credential."""
        self.fronted = False
        """Whether an answer shows that it went through another server."""
        self.token: str | None = None
        """The token, once the server has taken it."""
        self.origin: str | None = None
        """The origin, once the server has allowed it."""
        # Proxies of the environment are left out: what is examined is the way that is named.
        self.http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=context if context is not None else True, force_close=True),
            timeout=aiohttp.ClientTimeout(total=question.patience),
            headers={"User-Agent": "sio-server-doctor", "X-Request-ID": OWN + secrets.token_hex(8)},
            auto_decompress=True,
        )

    async def __aenter__(self) -> Self:
        """Keep the client open."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the client."""
        await self.http.close()

    def at(self, path: str) -> str:
        """The address of a path of the server's."""
        return self.question.url.rstrip("/") + path

    async def ask(
        self,
        path: str,
        *,
        method: str = "GET",
        credential: str | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        patience: float | None = None,
    ) -> Answer:
        """One request, redirects not followed. Raises `Unreachable`."""
        sent = {"Accept-Language": "en", **(headers or {})}
        if credential is not None:
            sent["Authorization"] = f"Bearer {credential}"
        timeout = aiohttp.ClientTimeout(total=patience or self.question.patience)
        try:
            async with self.http.request(
                method, self.at(path), headers=sent, data=body, allow_redirects=False, timeout=timeout
            ) as response:
                content = await response.content.read(MAX_ANSWER)
                origins = tuple(response.headers.getall("Access-Control-Allow-Origin", ()))
                text = content.decode("utf-8", "replace")
                return Answer(response.status, response.headers, text, _members(content), origins)
        except TimeoutError as error:
            raise Unreachable(f"no answer within {timeout.total:g} s") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise Unreachable(why(error)) from error


def why(error: Exception) -> str:
    """The system's words for what failed; aiohttp's are about its own parts."""
    inner = getattr(error, "os_error", None) or error
    return getattr(inner, "strerror", None) or str(inner) or type(inner).__name__


def _members(content: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(content)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}
