"""What every request passes, whichever way it came in: who may ask, and every error as a reply.

The engine's front answers some requests before aiohttp sees them. Both ways ask here, so that both answer alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

import orjson
import uuid_utils

from sio_server.config import Config, is_loopback
from sio_server.core.refusals import Refusals
from sio_server.engine import TrustedProxies
from sio_server.errors import Refused, Text
from sio_server.gate.origins import ALLOWED_METHODS, OriginPolicy, readable
from sio_server.gate.proxies import sign_of_proxy
from sio_server.locales import preferred_locale
from sio_server.trace_context import trace_id_of

PROBLEM_TYPE: Final = "application/problem+json"

# A request id is copied into log lines and replies: nothing but a plain short word may get there.
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass(frozen=True, slots=True)
class ProblemReply:
    """A refusal as it goes out."""

    status: int
    body: bytes
    headers: dict[str, str]


class Gate:
    """The checks and the headers that all replies share. ``headers`` have names in lower case, or ignore their case.

    ``trusted_proxies``: networks whose X-Forwarded-For is believed. ``base_path`` is what everything is served below.
    """

    def __init__(
        self, policy: OriginPolicy, refusals: Refusals, *, trusted_proxies: Iterable[str] = (), base_path: str = ""
    ) -> None:
        self._help = f"{base_path}/help/"
        self._health = ("/health/", f"{base_path}/health/")
        self.origins = policy
        """The origins and host names that are allowed."""
        self._refusals = refusals
        self._proxies = TrustedProxies(trusted_proxies)
        self.development = policy.development
        """Whether `check_direct` has anything to refuse: asked before it, so that it costs nothing elsewhere."""
        self.methods: Sequence[str] = ALLOWED_METHODS
        """What a preflight is told that a page may ask with; to be set once all routes are there."""

    def apply(self, config: Config) -> None:
        """Check by these settings in place of the ones before."""
        self.origins.apply(config)
        self._proxies.trust(config.trusted_proxies)

    def check(self, method: str, headers: Mapping[str, str], path: str = "") -> None:
        """Raise `Refused` (``host_not_allowed``, ``origin_not_allowed``) for a request that a foreign page sent.

        Below ``/health/`` any host is answered: an orchestrator calls by the address of the moment, and learns nothing.
        """
        self.origins.check(
            origin=headers.get("origin"),
            host=None if path.startswith(self._health) else headers.get("host"),
            fetch_site=headers.get("sec-fetch-site"),
            navigation=method == "GET" and headers.get("sec-fetch-mode") == "navigate",
        )

    def address(self, peer: str | None, headers: Mapping[str, str]) -> str:
        """The client's own address: ``peer``, or whom a trusted proxy came for."""
        return self._proxies.client(peer or "", headers.get("x-forwarded-for"))

    def check_direct(self, headers: Mapping[str, str], peer: str) -> None:
        """In development mode: raise `Refused` (``proxy_not_allowed``) for what did not come straight from here.

        ``peer`` is the address of the other end of the connection; of a Unix socket it is empty.
        """
        sign = sign_of_proxy(headers)
        if sign is not None:
            raise Refused("proxy_not_allowed", _PROXY.format(readable(sign)))
        if not is_loopback(peer) and (peer or peer not in self._proxies):
            raise Refused("proxy_not_allowed", _FOREIGN.format(readable(peer)))

    @staticmethod
    def request_id(headers: Mapping[str, str]) -> str:
        """The caller's request id where it is a plain word, else a new one."""
        given = headers.get("x-request-id", "")
        return given if _REQUEST_ID.fullmatch(given) else uuid_utils.uuid7().hex

    def reply_headers(self, headers: Mapping[str, str], request_id: str | None) -> dict[str, str]:
        """The headers that every reply to a request with these headers has."""
        reply = self.origins.headers(headers.get("origin"), headers.get("host"))
        reply["X-Content-Type-Options"] = "nosniff"
        reply["Referrer-Policy"] = "no-referrer"
        # What is answered is somebody's own; a cache on the way must not hand it to others, nor one session's id.
        reply["Cache-Control"] = "no-store"
        reply["Server"] = "sio-server"  # versions of what it is made of are nobody's business
        if request_id is not None:
            reply["X-Request-ID"] = request_id
        return reply

    def preflight_headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """The headers that answer a preflight (an OPTIONS request that asks what a page may send)."""
        return self.origins.preflight_headers(headers.get("access-control-request-headers"), self.methods)

    def problem(
        self,
        refused: Refused,
        headers: Mapping[str, str],
        request_id: str,
        *,
        method: str,
        path: str,
        address: str,
        status: int | None = None,
    ) -> ProblemReply:
        """The reply to a refused request (RFC 9457); the refusal is noted, counted and logged, as `Refusals.note` does.

        ``path`` has no query: it may hold a token. ``address`` is the client's own (`address`).
        """
        kind = refused.kind
        extra = dict(refused.headers)
        if refused.retry_after is not None:
            extra["Retry-After"] = str(refused.retry_after)
        if kind.status == HTTPStatus.UNAUTHORIZED:
            extra["WWW-Authenticate"] = "Bearer"
        locale = preferred_locale(headers.get("accept-language"))
        code = kind.status if status is None else status
        self._refusals.note(
            refused,
            method=method,
            path=path,
            address=address,
            request_id=request_id,
            trace_id=trace_id_of(headers.get("traceparent")),
            status=code,
        )
        page = f"{self._help}{'es/' if locale == 'es' else ''}errors/#{kind.code}"
        body = {**refused.as_dict(locale), "status": code, "request_id": request_id, "help": page}
        return ProblemReply(code, orjson.dumps(body), extra)


_PROXY: Final = Text(
    "A proxy sent this (header '{0}'), and in development mode nothing is protected from whoever is behind it. Call "
    "the server directly, or serve without --dev and with the secrets set.",
    "Esto lo envió un proxy (cabecera '{0}'), y en modo de desarrollo nada está protegido de quien haya detrás. Llama "
    "al servidor directamente, o sirve sin --dev y con los secretos definidos.",
)
_FOREIGN: Final = Text(
    "This came from '{0}'; in development mode only this machine is answered. Serve without --dev and with the secrets "
    "set.",
    "Esto vino de '{0}'; en modo de desarrollo solo se responde a esta máquina. Sirve sin --dev y con los secretos "
    "definidos.",
)
