"""CloudEvents 1.0 as notifications: in the JSON format, alone or in a batch, and in HTTP's binary mode. Pure: no I/O.

Sources: the CloudEvents specification 1.0.2, its JSON event format, its HTTP protocol binding. What an event says
becomes the body that `POST /notify` takes, and is checked as that is; what is wrong is told by the attribute's name.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from enum import Enum
from typing import Any, Final
from urllib.parse import unquote

from sio_server import fields, intake
from sio_server.errors import MAX_PROBLEMS, FieldProblem, Refused, Text
from sio_server.intake import Noted
from sio_server.notification import PublishRequest, milliseconds, written
from sio_server.schemas.loading import not_object
from sio_server.schemas.publish import load_publish
from sio_server.trace_context import TRACEPARENT

_FAMILY: Final = "application/cloudevents"
STRUCTURED_TYPE: Final = f"{_FAMILY}+json"
BATCH_TYPE: Final = f"{_FAMILY}-batch+json"

_HEADER: Final = "ce-"
# One of them says that a request is an event in binary mode, or was to be one.
_REQUIRED: Final = ("specversion", "id", "source", "type")
_MARKS: Final = tuple(_HEADER + name for name in _REQUIRED)

_NAME: Final = re.compile(r"[a-z0-9]+")
_MEDIA_TYPE: Final = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+\s*(;.*)?", re.ASCII)
_JSON_TYPE: Final = re.compile(r"[^/]+/([^;]+\+)?json\s*(;.*)?", re.IGNORECASE)
_TEXT_TYPE: Final = re.compile(r"text/plain\s*(;.*)?", re.IGNORECASE)
_RFC3339: Final = re.compile(r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:\.(\d{1,12}))?([Zz]|[+-]\d\d:\d\d)", re.ASCII)

# Extensions with which an event says what the specification has no attribute for, and the member of a body each is.
_TEXTS: Final = {
    **{name: name for name in ("message", "title", "link", "priority", "group", "image", "icon", "category")},
    "collapsekey": "collapse_key",
    "deliverat": "deliver_at",
}
_LISTS: Final = {"audienceroles": "roles", "audienceusers": "users", "audiencetopics": "topics"}
_KNOWN: Final = frozenset(
    {
        *(*_REQUIRED, "datacontenttype", "dataschema", "subject", "time", "data", "data_base64"),
        *(*_TEXTS, *_LISTS, "audienceall", "audienceexcept", "actorid", "actorname", "expirytime"),
    }
)
# Documented extensions of others, which say how an event travels: passed over without a word.
_TRAVEL: Final = frozenset(
    {"traceparent", "tracestate", "partitionkey", "sequence", "sequencetype", "sampledrate", "recordedtime"}
    | {"correlationid", "causationid"}
)

# What a member of a body is called in an event, by how its path begins; the longest first.
_ATTRIBUTES: Final = (
    ("audience.except", "audienceexcept"),
    ("audience.roles", "audienceroles"),
    ("audience.users", "audienceusers"),
    ("audience.topics", "audiencetopics"),
    ("audience.all", "audienceall"),
    ("audience", "audienceroles"),
    ("actor.id", "actorid"),
    ("actor.name", "actorname"),
    ("actor", "actorid"),
    ("idempotency_key", "id"),
    ("collapse_key", "collapsekey"),
    ("deliver_at", "deliverat"),
)


class Mode(Enum):
    """How a request carries what it publishes."""

    PLAIN = "plain"
    STRUCTURED = "structured"
    BATCH = "batch"
    BINARY = "binary"


def mode_of(headers: Mapping[str, str]) -> Mode:
    """The mode of a request with these headers, whose names are in lower case or ignore it.

    Raises `Refused` (``unsupported_media_type``) for an event in another format than JSON.
    """
    content_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type.startswith(_FAMILY):
        if content_type == STRUCTURED_TYPE:
            return Mode.STRUCTURED
        if content_type == BATCH_TYPE:
            return Mode.BATCH
        raise Refused("unsupported_media_type", _FORMAT)
    return Mode.BINARY if any(mark in headers for mark in _MARKS) else Mode.PLAIN


def is_plain(headers: Mapping[str, str]) -> bool:
    """Whether a request with these headers, by names in lower case, carries no CloudEvents in any format."""
    return not headers.get("content-type", "").lower().startswith(_FAMILY) and not any(
        mark in headers for mark in _MARKS
    )


def load_event(event: object, prefixes: Sequence[str] = ()) -> PublishRequest:
    """The request in an event of the JSON format, decoded. Of a type the first of the ``prefixes`` is taken away.

    Raises `Refused`: ``invalid_data`` by the name of each attribute, and as `load_publish` does.
    """
    if not isinstance(event, dict):
        raise not_object("invalid_data")
    reading = _Reading({name: value for name, value in event.items() if name not in ("data", "data_base64")})
    data = event.get("data")
    if event.get("data_base64") is not None:
        if data is not None:
            reading.wrong("data_base64", _TWO_DATA)
        else:
            data = reading.unpacked(event["data_base64"])
    return reading.request(data, prefixes, event.warnings if isinstance(event, Noted) else ())


def load_binary(headers: Iterable[tuple[str, str]], body: bytes, prefixes: Sequence[str] = ()) -> PublishRequest:
    """The request in an event of HTTP's binary mode; raises as `load_event` does, and ``invalid_json``."""
    attributes: dict[str, Any] = {}
    reading = _Reading(attributes)
    for header, value in headers:
        name = header.lower()
        if name == "content-type":
            attributes["datacontenttype"] = value
        elif name.startswith(_HEADER):
            name = name[len(_HEADER) :]
            if name in attributes:
                reading.wrong(name, _TWICE)
            attributes[name] = reading.decoded(name, value)
    for name in ("data", "datacontenttype"):
        if attributes.get(name) is not None and f"{_HEADER}{name}" in {header.lower() for header, _ in headers}:
            reading.wrong(name, _NO_HEADER)
    if attributes.get("datacontenttype", "").lower().startswith("application/x-www-form-urlencoded"):
        del attributes["datacontenttype"]  # what curl -d says of any body
    data: Any = None
    warnings: tuple[Text, ...] = ()
    if _TEXT_TYPE.fullmatch(attributes.get("datacontenttype", "")):
        data = reading.text(body)
    elif body.strip():
        taken = intake.admitted({"data": intake.exact(body)})
        data, warnings = taken["data"], taken.warnings if isinstance(taken, Noted) else ()
    return reading.request(data, prefixes, warnings)


class _Reading:
    """One event on its way to a request: its attributes, and what is wrong with them."""

    def __init__(self, attributes: dict[str, Any]) -> None:
        self._attributes = attributes
        self._problems: list[FieldProblem] = []

    def wrong(self, name: str, detail: Text) -> None:
        """Note what is wrong with an attribute."""
        if len(self._problems) < MAX_PROBLEMS:
            self._problems.append(FieldProblem(name[:64], detail))

    def decoded(self, name: str, value: str) -> str:
        """The value in a header (HTTP protocol binding, 3.1.3.2)."""
        if len(value) > 1 and value[0] == value[-1] == '"':
            value = re.sub(r"\\(.)", r"\1", value[1:-1])
        try:
            return unquote(value, errors="strict")
        except UnicodeDecodeError:
            self.wrong(name, _NOT_UTF8)
            return ""

    def text(self, body: bytes) -> str:
        """A body of plain text."""
        try:
            return body.decode()
        except UnicodeDecodeError:
            self.wrong("data", _NOT_UTF8)
            return ""

    def unpacked(self, packed: object) -> Any:
        """The data in ``data_base64``: JSON or text, as for any event."""
        try:
            body = base64.b64decode(packed if isinstance(packed, str) else "!", validate=True)
        except (binascii.Error, ValueError):
            self.wrong("data_base64", _NOT_BASE64)
            return None
        if _TEXT_TYPE.fullmatch(str(self._attributes.get("datacontenttype"))):
            return self.text(body)
        try:
            return intake.admitted({"data": intake.exact(body)})["data"]
        except Refused as refused:
            self.wrong("data_base64", refused.detail)
            return None

    def request(self, data: Any, prefixes: Sequence[str], warnings: tuple[Text, ...]) -> PublishRequest:
        """The request, once all attributes were looked at; raises `Refused` for all that is wrong."""
        self._check_names()
        self._check_core()
        body = self._body(data, prefixes)
        expires_at = self._expiry()
        if self._problems:
            raise Refused.of_problems("invalid_data", tuple(self._problems))
        try:
            request = load_publish(body)
        except Refused as refused:
            raise _by_attribute(refused) from refused
        unknown = [name for name in self._attributes if name not in _KNOWN and name not in _TRAVEL]
        ignored = tuple(_IGNORED.format(name[:64]) for name in unknown[:MAX_PROBLEMS])
        request.warnings = (*request.warnings, *ignored, *warnings)
        request.expires_at = expires_at
        return request

    def _check_names(self) -> None:
        for name, value in self._attributes.items():
            if not _NAME.fullmatch(name):
                self.wrong(name, _BAD_NAME)
            elif isinstance(value, float | dict | list):
                self.wrong(name, _BAD_VALUE)

    def _check_core(self) -> None:
        for name in _REQUIRED:
            self._text(name, needed=True)
        for name in ("datacontenttype", "dataschema", "subject", *_TEXTS, "actorid", "actorname"):
            self._text(name)
        version = self._attributes.get("specversion")
        if isinstance(version, str) and version and version != "1.0":
            self.wrong("specversion", _VERSION)

    def _text(self, name: str, *, needed: bool = False) -> None:
        value = self._attributes.get(name)
        if value is None:
            if needed:
                self.wrong(name, fields.REQUIRED)
        elif not isinstance(value, str):
            if not isinstance(value, float | dict | list):
                self.wrong(name, fields.NOT_STRING)
        elif not value:
            self.wrong(name, _EMPTY)

    def _given(self, name: str) -> Any:
        """A value, None where it is left out; of a wrong kind it was told already."""
        value = self._attributes.get(name)
        return value if isinstance(value, str) else None

    # -- the members of the body --------------------------------------------------------------------------------------

    def _body(self, data: Any, prefixes: Sequence[str]) -> dict[str, Any]:
        body: dict[str, Any] = {
            "type": _bare(self._given("type") or "", prefixes),
            "source": self._given("source"),
            "idempotency_key": _key_of(self._given("source") or "", self._given("id") or ""),
            **{member: self._given(name) for name, member in _TEXTS.items()},
        }
        body["data"], text = self._data(data)
        if text is not None and body["message"] is None:
            body["message"] = text
        if self._given("actorid") is not None:
            body["actor"] = {
                name: value for name in ("id", "name") if (value := self._given(f"actor{name}")) is not None
            }
        audience = self._audience()
        if audience:
            body["audience"] = audience
        trace = self._given("traceparent")
        # An event with a broken one is an event all the same.
        if trace is not None and re.fullmatch(TRACEPARENT, trace):
            body["traceparent"] = trace
        return body

    def _data(self, data: Any) -> tuple[dict[str, Any], str | None]:
        """The data with what the event says besides, and the message that plain text is."""
        content_type, text = self._given("datacontenttype") or "application/json", None
        if not _MEDIA_TYPE.fullmatch(content_type):
            self.wrong("datacontenttype", _BAD_MEDIA_TYPE)
        elif isinstance(data, str) and _TEXT_TYPE.fullmatch(content_type):
            text, data = data, None
        elif data is not None and not _JSON_TYPE.fullmatch(content_type):
            self.wrong("datacontenttype", _NOT_JSON_TYPE)
        elif data is not None and not isinstance(data, dict):
            self.wrong("data", _NOT_OBJECT)
        members = dict(data) if isinstance(data, dict) else {}
        moment = self._moment("time")
        if moment is not None:
            members.setdefault("occurred_at", written(moment))
        if self._given("subject"):
            members.setdefault("subject", self._given("subject"))
        return members, text

    def _audience(self) -> dict[str, Any]:
        audience: dict[str, Any] = {}
        for name, member in _LISTS.items():
            if (names := self._listed(name)) is not None:
                audience[member] = names
        everybody = self._attributes.get("audienceall")
        if isinstance(everybody, str):
            everybody = {"true": True, "false": False}.get(everybody)
            if everybody is None:
                self.wrong("audienceall", fields.NOT_BOOLEAN)
        if everybody is not None:
            audience["all"] = everybody
        if (names := self._listed("audienceexcept")) is not None:
            audience["except"] = {"users": names}
        return audience

    def _listed(self, name: str) -> list[str] | None:
        value = self._attributes.get(name)
        if type(value) is int:
            value = str(value)
        if value is None:
            return None
        if not isinstance(value, str):
            if not isinstance(value, float | dict | list):
                self.wrong(name, fields.NOT_STRING)
            return None
        return [part.strip() for part in value.split(",")]

    def _moment(self, name: str) -> int | None:
        """A moment in milliseconds of Unix time."""
        value = self._attributes.get(name)
        if value is None:
            return None
        found = _RFC3339.fullmatch(value) if isinstance(value, str) else None
        if found is not None:
            day, clock, fraction, zone = found.groups()
            try:
                return milliseconds(datetime.fromisoformat(f"{day}T{clock}.{(fraction or '0')[:6]:0<6}{zone.upper()}"))
            except (ValueError, OverflowError):
                pass
        self.wrong(name, _NO_MOMENT)
        return None

    def _expiry(self) -> int | None:
        return self._moment("expirytime")


def _bare(event_type: str, prefixes: Sequence[str]) -> str:
    for prefix in prefixes:
        if event_type.startswith(prefix):
            return event_type[len(prefix) :]
    return event_type


def _key_of(source: str, identity: str) -> str:
    """What makes the same event the same publish: ``source`` with ``id`` (specification, 3.1). Both can be long."""
    return "ce:" + hashlib.sha256(f"{len(source)}:{source}{identity}".encode("utf-8", "surrogatepass")).hexdigest()


def _by_attribute(refused: Refused) -> Refused:
    """A refusal of the body that an event became, by the names that its sender knows."""
    if not refused.problems:
        return refused
    renamed = tuple(FieldProblem(_attribute(problem.field), problem.detail) for problem in refused.problems)
    return Refused.of_problems(refused.kind.code, renamed)


def _attribute(field: str) -> str:
    named: Callable[[str], bool] = lambda begin: field == begin or field.startswith(f"{begin}.")  # noqa: E731
    return next((attribute for begin, attribute in _ATTRIBUTES if named(begin)), field)


_FORMAT: Final = Text(
    f"CloudEvents are taken as JSON: {STRUCTURED_TYPE}, {BATCH_TYPE}, or binary mode with headers ce-….",
    f"Los CloudEvents se admiten como JSON: {STRUCTURED_TYPE}, {BATCH_TYPE}, o el modo binario con cabeceras ce-….",
)
_VERSION: Final = Text("Only CloudEvents 1.0 are taken.", "Solo se admiten CloudEvents 1.0.")
_EMPTY: Final = Text("May not be empty: leave it out instead.", "No puede estar vacío: omítelo.")
_BAD_NAME: Final = Text(
    "No name of an attribute: small letters and digits only.",
    "No es un nombre de atributo: solo letras minúsculas y cifras.",
)
_BAD_VALUE: Final = Text(
    "An attribute is text, a whole number, or true or false.",
    "Un atributo es texto, un número entero, o true o false.",
)
_TWICE: Final = Text("Came more than once: send it once.", "Llegó más de una vez: envíalo una sola vez.")
_NOT_UTF8: Final = Text("Not percent-encoded UTF-8.", "No es UTF-8 con codificación por ciento.")
_NO_HEADER: Final = Text(
    "No header of an event: data is the body, its type is Content-Type.",
    "No es una cabecera de un evento: los datos son el cuerpo y su tipo es Content-Type.",
)
_TWO_DATA: Final = Text("An event has data or data_base64, not both.", "Un evento tiene data o data_base64, no ambos.")
_NOT_BASE64: Final = Text("Not base64.", "No es base64.")
_NOT_OBJECT: Final = Text(
    "Must be a JSON object: its members are the fields of the event.",
    "Debe ser un objeto JSON: sus miembros son los campos del evento.",
)
_BAD_MEDIA_TYPE: Final = Text("No media type, such as application/json.", "No es un tipo, como application/json.")
_NOT_JSON_TYPE: Final = Text("Only JSON, and text/plain, is taken.", "Solo se admite JSON, y text/plain.")
_NO_MOMENT: Final = Text(
    "Must be a moment as in 2026-11-24T02:33:28Z (RFC 3339).",
    "Debe ser un momento como 2026-11-24T02:33:28Z (RFC 3339).",
)
_IGNORED: Final = Text("unknown extension '{0}' was ignored", "se ignoró la extensión desconocida '{0}'")
