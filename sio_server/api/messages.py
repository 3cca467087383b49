"""What the HTTP endpoints share: reading a request, writing JSON. They only raise; one middleware answers errors."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final, NoReturn

import orjson
from aiohttp import HttpVersion11, web
from marshmallow import Schema, ValidationError
from webargs.aiohttpparser import AIOHTTPParser

from sio_server import fields, intake
from sio_server.core.limits import Quota
from sio_server.core.node import Accepted
from sio_server.core.schedules import Planned
from sio_server.engine import (
    ACCEPTED_CODINGS,
    NotAsSaidError,
    UnknownCodingError,
    UnpackedTooLargeError,
    Unpacker,
    coding_of,
)
from sio_server.errors import KINDS, Refused, Text
from sio_server.locales import preferred_locale


def json_response(
    body: Any, *, status: int = 200, content_type: str = "application/json", headers: Mapping[str, str] | None = None
) -> web.Response:
    """A reply whose body is JSON."""
    return web.Response(body=orjson.dumps(body), status=status, content_type=content_type, headers=headers)


def receipt_headers(receipt: Accepted | Planned) -> dict[str, str]:
    """The headers of the reply to an accepted publish: whether it was a repeat, and what is left of the quota."""
    return ({"Idempotent-Replayed": "true"} if receipt.duplicate else {}) | quota_headers(receipt.quota)


def quota_headers(quota: Quota | None) -> dict[str, str]:
    """The headers that say how much a publisher may still publish; none where there is no limit."""
    return {} if quota is None else quota.headers()


def locale_of(request: web.Request) -> str:
    """``es`` or ``en``, as ``Accept-Language`` prefers."""
    return preferred_locale(request.headers.get("Accept-Language"))


async def read_json(request: web.Request, limit: int) -> Any:
    """The body as JSON, whatever the Content-Type says: ``curl -d`` sends a form's.

    Raises `Refused`: ``invalid_json``, ``invalid_data``, and as `read_body` does.
    """
    return intake.decode(await read_body(request, limit))


async def read_optional_json(request: web.Request, limit: int) -> Any:
    """The body as JSON, an empty object where there is no body; raises as `read_json` does."""
    body = await read_body(request, limit)
    return intake.decode(body) if body.strip() else {}


async def read_exact_json(request: web.Request, limit: int) -> Any:
    """The body as `intake.exact` decodes it, to be measured part by part; raises as `read_json` does."""
    return intake.exact(await read_body(request, limit))


async def read_body(request: web.Request, limit: int) -> bytes:
    """The body, unpacked. Whoever calls this has looked at the credential: nothing of a body is read before.

    Raises `Refused`: ``payload_too_large`` as soon as more than ``limit`` bytes are announced, come, or come out of a
    packed body; ``unsupported_encoding``; ``invalid_request`` for a body that is not what its head says.
    """
    if (request.content_length or 0) > limit:
        raise too_large(limit)
    try:
        coding = coding_of(",".join(request.headers.getall("Content-Encoding", ())))
        await _continue(request)
        return await _whole(request, None if coding is None else Unpacker(coding, limit), limit)
    except UnknownCodingError as error:
        raise Refused("unsupported_encoding", headers={"Accept-Encoding": ACCEPTED_CODINGS}) from error
    except UnpackedTooLargeError as error:
        raise too_large(limit) from error
    except NotAsSaidError as error:
        raise Refused("invalid_request", _NOT_AS_SAID) from error
    except web.RequestPayloadError as error:
        raise Refused("invalid_request", _BROKEN) from error


async def _whole(request: web.Request, unpacker: Unpacker | None, limit: int) -> bytes:
    body, came = bytearray(), 0
    async for chunk in request.content.iter_any():
        came += len(chunk)
        if came > limit:
            raise too_large(limit)
        if unpacker is None:
            body += chunk
        else:
            async for piece in unpacker.feed(chunk):
                body += piece
    if unpacker is not None:
        unpacker.end()
    return bytes(body)


async def _continue(request: web.Request) -> None:
    """Ask for the body of a client that waits to be asked (RFC 9110 §10.1.1)."""
    if request.headers.get("Expect", "").lower() == "100-continue" and request.version >= HttpVersion11:
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0  # it is no part of the reply, as in aiohttp's own handler


async def expect_later(request: web.Request) -> None:
    """Handle ``Expect`` in place of aiohttp, which asks for a body before anybody looked at the credential."""
    if request.headers["Expect"].lower() != "100-continue":
        raise web.HTTPExpectationFailed


def too_large(limit: int) -> Refused:
    """The refusal of a body of more than ``limit`` bytes."""
    return Refused("payload_too_large", _TOO_LARGE.format(limit))


_NOT_AS_SAID = Text(
    "The body is not what its Content-Encoding says: it is damaged, cut off, or something follows its end.",
    "El cuerpo no es lo que dice su Content-Encoding: está dañado o cortado, o le sigue algo más.",
)
_BROKEN = Text(
    "The body is not what the head says: it ends early, or its chunks are not well-formed.",
    "El cuerpo no es lo que dice la cabecera: acaba antes, o sus fragmentos no son correctos.",
)
_TOO_LARGE = Text("The body may have at most {0} bytes.", "El cuerpo puede tener como mucho {0} bytes.")


class _QueryParser(AIOHTTPParser):
    """Loads query strings by a schema; what is wrong with one becomes a `Refused` as everywhere."""

    def handle_error(self, error: ValidationError, req: web.Request, schema: Schema, **_: Any) -> NoReturn:
        """Raise `Refused` with the messages, which the library files under the place they are about (``query``)."""
        messages = error.messages
        about = messages.get("query", messages) if isinstance(messages, dict) else messages
        raise Refused.of_problems("invalid_request", fields.problems_of(ValidationError(about))) from error


_QUERIES: Final = _QueryParser(unknown=None)


async def read_query(request: web.Request, schema: Schema) -> dict[str, Any]:
    """The query string as ``schema`` has it; raises `Refused` (``invalid_request``), for a misspelt name as well."""
    values: dict[str, Any] = await _QUERIES.parse(schema, request, location="query")
    return values


def of_http_status(error: web.HTTPException) -> Refused:
    """The `Refused` for an error that aiohttp raises by itself."""
    codes = {404: "not_found", 405: "method_not_allowed", 413: "payload_too_large"}
    code = codes.get(error.status, "invalid_request" if error.status < HTTPStatus.INTERNAL_SERVER_ERROR else "internal")
    return Refused(code, KINDS[code].title)
