"""Every error of the product, in one tree and one table.

::

    Error
    ├── ConfigError            settings that cannot be used: the process does not start
    │   └── CatalogError       an event catalogue that cannot be used
    ├── Refused                a request that gets a stable code of `KINDS` as its answer
    │   └── BrokerUnavailable  the log cannot take or give anything now
    └── LogError               a log on disk that this version must not touch
        ├── LogTooNew          written by a newer version
        ├── LogInUse           another server holds the data directory
        └── LogDamaged         not a log, or not readable

A `Refused` becomes an ``application/problem+json`` body over HTTP (RFC 9457), ``connect_error`` or an ack with
``error`` over Socket.IO, and a close code over ``/ws``; all three read the same row of `KINDS`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Self


class Text(str):
    """English text that knows its Spanish: a `str`, so that libraries which format messages carry both along."""

    __slots__ = ("es",)
    es: str

    def __new__(cls, en: str, es: str) -> Self:
        """Make a text of its English and its Spanish."""
        text = super().__new__(cls, en)
        text.es = es
        return text

    def format(self, *args: object, **kwargs: object) -> Text:
        """Fill both languages with the same values; a value that is a `Text` is filled in each in its own language."""
        spanish = {key: _in_spanish(value) for key, value in kwargs.items()}
        return Text(str.format(self, *args, **kwargs), self.es.format(*map(_in_spanish, args), **spanish))

    def within(self, locale: str) -> str:
        """The text in ``locale`` (``es`` or ``en``; anything else is English)."""
        return self.es if locale == "es" else str(self)


def _in_spanish(value: object) -> object:
    return value.es if isinstance(value, Text) else value


@dataclass(frozen=True, slots=True)
class ErrorKind:
    """One row of the table of errors.

    ``status`` is the HTTP status; ``ws_close`` the WebSocket close code (RFC 6455 §7.4; 4000-4999 are ours);
    ``retryable`` says whether the same request may succeed later; ``reconnect`` whether a client that was closed
    for this reason should come back by itself.
    """

    code: str
    status: int
    ws_close: int
    title: Text
    retryable: bool = False
    reconnect: bool = False


def _kind(code: str, status: int, ws_close: int, en: str, es: str, **flags: bool) -> tuple[str, ErrorKind]:
    return code, ErrorKind(code, status, ws_close, Text(en, es), **flags)


# Codes are for ever: a code that is no longer used is not given to anything else.
KINDS: dict[str, ErrorKind] = dict(
    (
        _kind("invalid_json", 400, 4400, "The body is not valid JSON", "El cuerpo no es JSON válido"),
        _kind("invalid_request", 400, 4400, "The request is not valid", "La petición no es válida"),
        _kind("unauthorized", 401, 4401, "Credentials are missing or wrong", "Faltan credenciales o no valen"),
        _kind("invalid_token", 401, 4401, "The token is not valid", "El token no es válido"),
        # A client whose token has run out should fetch a new one and then come back; by itself it would loop.
        _kind("token_expired", 401, 4401, "The token has expired", "El token ha caducado"),
        _kind("token_revoked", 401, 4401, "The token was revoked", "El token fue revocado"),
        _kind("forbidden", 403, 4403, "Not allowed for these credentials", "Estas credenciales no lo permiten"),
        # A key that is good, for less than this; who has it gets another one, and needs no other credential.
        _kind("forbidden_scope", 403, 4403, "This key does not allow it", "Esta clave no lo permite"),
        _kind("origin_not_allowed", 403, 4403, "Origin not allowed", "Origen no permitido"),
        _kind("host_not_allowed", 403, 4403, "Host not allowed", "Host no permitido"),
        _kind("proxy_not_allowed", 403, 4403, "No proxy in development mode", "Sin proxy en modo de desarrollo"),
        _kind("not_found", 404, 4404, "Nothing is here", "Aquí no hay nada"),
        _kind("method_not_allowed", 405, 4405, "Method not allowed here", "Método no permitido aquí"),
        _kind("too_many_topics", 409, 4409, "No more topics can be followed", "No se pueden seguir más temas"),
        _kind("replaced", 409, 4409, "Another notification took its place", "Otra notificación ocupó su lugar"),
        _kind("revision_mismatch", 409, 4409, "It has been changed meanwhile", "Otro cambio llegó antes"),
        _kind("already_answered", 409, 4409, "It was answered already", "Ya se respondió"),
        # RFC 9110 section 13.1.1: what a header asked for, where a member of the body has `revision_mismatch`.
        _kind("precondition_failed", 412, 4412, "It is no longer as If-Match says", "Ya no está como dice If-Match"),
        _kind("payload_too_large", 413, 1009, "The body is too large", "El cuerpo es demasiado grande"),
        _kind(
            "unsupported_encoding",
            415,
            4415,
            "This Content-Encoding is not supported: send gzip, deflate, or the body as it is",
            "No se admite este Content-Encoding: envía gzip, deflate o el cuerpo tal cual",
        ),
        _kind(
            "unsupported_media_type", 415, 4415, "This Content-Type is not supported", "No se admite este Content-Type"
        ),
        _kind("unknown_type", 422, 4422, "Unknown event type", "Tipo de evento desconocido"),
        _kind("invalid_data", 422, 4422, "A field is not valid", "Un campo no es válido"),
        _kind("invalid_audience", 422, 4422, "The audience is not valid", "La audiencia no es válida"),
        _kind("not_supported", 422, 4422, "Not supported by this version", "Esta versión aún no lo admite"),
        _kind(
            "idempotency_mismatch",
            422,
            4422,
            "This idempotency key was used with another body",
            "Esta clave de idempotencia ya se usó con otro cuerpo",
        ),
        _kind("rate_limited", 429, 4429, "Too many requests", "Demasiadas peticiones", retryable=True, reconnect=True),
        _kind(
            "too_many_scheduled",
            429,
            4429,
            "No more notifications can be scheduled",
            "No se pueden programar más notificaciones",
            retryable=True,
            reconnect=True,
        ),
        _kind("internal", 500, 1011, "An error of the server", "Un error del servidor", retryable=True, reconnect=True),
        _kind(
            "draining",
            503,
            1012,
            "The server is shutting down",
            "El servidor se está apagando",
            retryable=True,
            reconnect=True,
        ),
        _kind(
            "broker_unavailable",
            503,
            1013,
            "The notification log is not available",
            "El registro de notificaciones no está disponible",
            retryable=True,
            reconnect=True,
        ),
        _kind(
            "keys_unavailable",
            503,
            1013,
            "The keys that verify tokens cannot be fetched",
            "No se pueden obtener las claves que verifican los tokens",
            retryable=True,
            reconnect=True,
        ),
        _kind(
            "unavailable",
            503,
            1013,
            "The server cannot do this now",
            "El servidor no puede hacerlo ahora",
            retryable=True,
            reconnect=True,
        ),
        # Reasons for closing a connection that no request gets as its answer.
        _kind("slow", 503, 4008, "Too slow to receive", "Demasiado lento para recibir", reconnect=True),
        _kind("closed_by_operator", 503, 4010, "Closed by an operator", "La cerró un operador", reconnect=True),
    )
)


# A body of ten thousand wrong members must not be answered with many times its size.
MAX_PROBLEMS: Final = 20


class Error(Exception):
    """Whatever the product raises on purpose."""


class ConfigError(Error):
    """Settings that cannot be used. The text names the setting and the mend."""


class CatalogError(ConfigError):
    """An event catalogue that cannot be used. The text names the file, and the line or the key."""


class LogError(Error):
    """A log on disk that this version must not touch. The text names the path and the mend."""


class LogTooNew(LogError):
    """The log was written by a newer version of the product."""


class LogInUse(LogError):
    """Another server holds the data directory."""


class LogDamaged(LogError):
    """The file is not a log of ours, or its pages cannot be read."""


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """What is wrong with one field: its dotted path (``audience.roles.0``) and the mend."""

    field: str
    detail: Text


class Refused(Error):
    """A request that is answered with a code of `KINDS`.

    ``detail`` says what is wrong with this very request; ``problems`` one line a field; ``retry_after`` whole seconds;
    ``extra`` further members of the problem document (JSON values, or a `Text`); ``headers`` further header fields of
    the reply.
    """

    def __init__(
        self,
        code: str,
        detail: Text | None = None,
        *,
        problems: tuple[FieldProblem, ...] = (),
        retry_after: int | None = None,
        extra: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        self.kind = KINDS[code]
        self.detail = detail if detail is not None else self.kind.title
        self.problems = problems
        self.retry_after = retry_after
        self.extra = extra or {}
        self.headers = headers or {}
        self.trace_id: str | None = None
        """The trace of the request, where it is known; for the log."""
        super().__init__(f"{code}: {self.detail}")

    @classmethod
    def of_problems(cls, code: str, problems: tuple[FieldProblem, ...]) -> Refused:
        """The refusal whose detail is its first problem; only the first `MAX_PROBLEMS` are told."""
        problems = problems[:MAX_PROBLEMS]
        first = problems[0]
        detail = Text("{0}: {1}", "{0}: {1}").format(first.field, first.detail) if first.field else first.detail
        return cls(code, detail, problems=problems)

    def as_dict(self, locale: str) -> dict[str, Any]:
        """The problem document (RFC 9457 §3.1) in ``locale``; also the ``error`` of an ack and of ``connect_error``."""
        body: dict[str, Any] = {
            "type": f"urn:sio-server:error:{self.kind.code}",
            "title": self.kind.title.within(locale),
            "status": self.kind.status,
            "code": self.kind.code,
            "detail": self.detail.within(locale),
            "retryable": self.kind.retryable,
        }
        if self.retry_after is not None:
            body["retry_after"] = self.retry_after
        if self.problems:
            body["errors"] = [{"field": p.field, "detail": p.detail.within(locale)} for p in self.problems]
        for name, value in self.extra.items():
            body[name] = value.within(locale) if isinstance(value, Text) else value
        return body


class BrokerUnavailable(Refused):
    """The log cannot take or give anything now; nothing of the request was stored."""

    def __init__(self, detail: Text) -> None:
        super().__init__("broker_unavailable", detail, retry_after=1)
