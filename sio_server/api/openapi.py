"""The OpenAPI 3.1 document, made from the operations that are served and the schemas that check them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web
from marshmallow import Schema
from marshmallow.fields import Field
from webargs.fields import DelimitedList

from sio_server import __version__
from sio_server.errors import KINDS
from sio_server.schemas.publish import ProblemSchema

if TYPE_CHECKING:
    from apispec.ext.marshmallow.openapi import OpenAPIConverter

PROBLEM_TYPE: Final = "application/problem+json"

# What the middleware answers whatever the operation: foreign pages, malformed requests, failures of our own.
_ALWAYS: Final = ("invalid_request", "origin_not_allowed", "host_not_allowed", "proxy_not_allowed", "internal")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation over HTTP: its handler, and all that a reader of the document needs to know of it.

    ``reply`` is a schema, or a JSON Schema of its own, of a body of ``reply_type``. ``credential`` is ``publisher``,
    ``observer``, ``user`` or None. ``errors`` are codes of `errors.KINDS`. Each parameter in the path has its name,
    description and JSON Schema.
    """

    method: str
    path: str
    handler: Handler
    name: str
    summary: str
    tag: str
    reply: type[Schema] | dict[str, Any]
    reply_type: str = "application/json"
    description: str = ""
    query: type[Schema] | None = None
    path_parameters: tuple[tuple[str, str, dict[str, Any]], ...] = ()
    request: type[Schema] | None = None
    request_required: bool = True
    example: Any = None
    header_parameters: tuple[tuple[str, str, int], ...] = ()
    errors: tuple[str, ...] = ()
    credential: str | None = None

    @property
    def route(self) -> str:
        """The path as aiohttp takes it: a parameter that has a pattern matches nothing else, any other no slash.

        By itself aiohttp takes no braces for part of a parameter, and a name may have some.
        """
        path = self.path
        for name, _, schema in self.path_parameters:
            pattern = schema["pattern"].strip("^$") if "pattern" in schema else "[^/]+"
            path = path.replace(f"{{{name}}}", f"{{{name}:{pattern}}}")
        return path


def document(operations: list[Operation], *, open_access: bool) -> dict[str, Any]:
    """The document. ``open_access``: in development no operation needs a credential."""
    # Most servers are never asked for it, and need not load what makes it.
    from apispec import APISpec  # noqa: PLC0415
    from apispec.ext.marshmallow import MarshmallowPlugin  # noqa: PLC0415

    plugin = MarshmallowPlugin()
    spec = APISpec(
        title="sio-server",
        version=__version__,
        openapi_version="3.1.0",
        info={
            "description": "Publish notifications; they reach the right people as Socket.IO events.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        plugins=[plugin],
        servers=[{"url": "/"}],
        tags=[
            {"name": "publish", "description": "Hand notifications to the server"},
            {"name": "inbox", "description": "What a user has, and has seen and read"},
            {"name": "operate", "description": "Look after the server"},
        ],
    )
    converter = plugin.converter
    if converter is None:
        raise RuntimeError("apispec has not set its marshmallow plugin up")
    converter.add_parameter_attribute_function(_joined)
    spec.components.security_scheme("bearer", {"type": "http", "scheme": "bearer"})
    spec.components.schema("Problem", schema=ProblemSchema)
    for operation in operations:
        spec.path(
            path=operation.path, operations={operation.method.lower(): _operation(operation, open_access=open_access)}
        )
    made: dict[str, Any] = spec.to_dict()
    return made


def _operation(operation: Operation, *, open_access: bool) -> dict[str, Any]:
    needs = operation.credential is not None and not open_access
    codes = [*operation.errors, *_ALWAYS, *(("unauthorized", "forbidden") if needs else ())]
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "tags": [operation.tag],
        "responses": {
            "200": {"description": "Done", "content": {operation.reply_type: {"schema": operation.reply}}},
            **_problems(codes),
        },
    }
    if operation.description:
        described["description"] = operation.description
    if operation.request is not None:
        media: dict[str, Any] = {"schema": operation.request}
        if operation.example is not None:
            media["example"] = operation.example
        described["requestBody"] = {"required": operation.request_required, "content": {"application/json": media}}
    parameters = _parameters(operation)
    if parameters:
        described["parameters"] = parameters
    if needs:
        described["security"] = [{"bearer": []}]
    return described


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    path = [
        {"in": "path", "name": name, "description": about, "required": True, "schema": schema}
        for name, about, schema in operation.path_parameters
    ]
    query = [] if operation.query is None else [{"in": "query", "schema": operation.query}]
    headers = [
        {"in": "header", "name": name, "description": about, "schema": {"type": "string", "maxLength": longest}}
        for name, about, longest in operation.header_parameters
    ]
    return [*path, *query, *headers]


def _joined(_: OpenAPIConverter, field: Field[Any], **__: Any) -> dict[str, Any]:
    """A list that is written as one value, its members parted by commas."""
    return {"explode": False, "style": "form"} if isinstance(field, DelimitedList) else {}


def _problems(codes: list[str]) -> dict[str, Any]:
    by_status: dict[int, list[str]] = {}
    for code in dict.fromkeys(codes):
        by_status.setdefault(KINDS[code].status, []).append(code)
    return {
        str(status): {
            "description": "; ".join(f"`{code}`: {KINDS[code].title}" for code in found),
            "content": {PROBLEM_TYPE: {"schema": ProblemSchema}},
        }
        for status, found in sorted(by_status.items())
    }
