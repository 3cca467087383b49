"""The OpenAPI 3.1 document, made from the operations that are served and the schemas that check them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from marshmallow.fields import Field
from webargs.fields import DelimitedList

from sio_server import __version__
from sio_server.api.operations import Operation
from sio_server.errors import KINDS
from sio_server.gate import PROBLEM_TYPE
from sio_server.schemas.described import describe
from sio_server.schemas.publish import ProblemSchema

if TYPE_CHECKING:
    from apispec.ext.marshmallow.openapi import OpenAPIConverter

# What the middleware answers whatever the operation: foreign pages, malformed requests, failures of our own.
_ALWAYS: Final = ("invalid_request", "origin_not_allowed", "host_not_allowed", "proxy_not_allowed", "internal")


# Where a document was found: a proxy may serve it below a path that this server hears nothing of.
_HERE: Final = "."


def document(operations: list[Operation], *, open_access: bool, base_path: str = "") -> dict[str, Any]:
    """The OpenAPI document of these operations. ``open_access``: no operation needs a credential (development).

    The server's address in it is relative to where the document was found, as OpenAPI 3.1 §4.8.5 has it.
    """
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
        servers=[{"url": base_path or _HERE}],
        tags=[
            {"name": "publish", "description": "Hand notifications to the server"},
            {"name": "schedule", "description": "What is delivered later"},
            {"name": "inbox", "description": "What a user has, and has seen and read"},
            {"name": "topics", "description": "What users follow"},
            {"name": "operate", "description": "Look after the server"},
        ],
    )
    describe(plugin).add_parameter_attribute_function(_joined)
    spec.components.security_scheme("bearer", {"type": "http", "scheme": "bearer"})
    spec.components.schema("Problem", schema=ProblemSchema)
    for operation in operations:
        spec.path(
            path=operation.path, operations={operation.method.lower(): _operation(operation, open_access=open_access)}
        )
    made: dict[str, Any] = spec.to_dict()
    return made


def _operation(operation: Operation, *, open_access: bool) -> dict[str, Any]:
    credential = operation.credential
    needs = credential.needed and not open_access
    codes = [*credential.errors, *operation.errors, *_ALWAYS, *(("unauthorized", "forbidden") if needs else ())]
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "tags": [operation.tag],
        "responses": {
            str(int(operation.status)): {
                "description": "Done",
                "content": {operation.reply_type: {"schema": operation.reply}},
            },
            **{
                str(status): {"description": "Done", "content": {operation.reply_type: {"schema": reply}}}
                for status, reply in operation.also.items()
            },
            **_problems(codes),
        },
    }
    if operation.description:
        described["description"] = operation.description
    if operation.body is not None:
        media: dict[str, Any] = {"schema": operation.body.schema}
        if operation.body.example is not None:
            media["example"] = operation.body.example
        described["requestBody"] = {"required": operation.body.required, "content": {"application/json": media}}
    parameters = _parameters(operation)
    if parameters:
        described["parameters"] = parameters
    if needs:
        described["security"] = [{"bearer": []}]
    return described


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    path = [
        {"in": "path", "name": part.name, "description": part.about, "required": True, "schema": part.schema}
        for part in operation.parameters
    ]
    query = [] if operation.query is None else [{"in": "query", "schema": operation.query}]
    headers = [
        {
            "in": "header",
            "name": header.name,
            "description": header.about,
            "schema": {"type": "string", "maxLength": header.max_length},
        }
        for header in (*operation.headers, *(() if operation.body is None else operation.body.headers))
    ]
    return [*path, *query, *headers]


def _joined(_: OpenAPIConverter, field: Field[Any], **__: Any) -> dict[str, Any]:
    """How a list in a query is written: as one value, its members parted by commas."""
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
