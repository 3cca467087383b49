"""The JSON Schema of a file of event types, made of the schema that checks it: editors complete and check by it."""

from __future__ import annotations

import json
from typing import Any, Final

from sio_server.catalog.file import FileSchema

# The newest draft that Taplo reads, which checks TOML in most editors.
DIALECT: Final = "http://json-schema.org/draft-04/schema#"

_REFERENCE: Final = "#/components/schemas/"
_NAMES_SOMEBODY: Final = {
    "anyOf": [
        *({"required": [name], "properties": {name: {"minItems": 1}}} for name in ("roles", "users", "topics")),
        {"required": ["all"], "properties": {"all": {"enum": [True]}}},
    ]
}


def json_schema() -> dict[str, Any]:
    """The schema as JSON; what it cannot say, such as that a template names a field, `catalog check` looks at."""
    # Servers are asked for it by somebody who writes a catalogue, and by nobody else.
    from apispec import APISpec  # noqa: PLC0415
    from apispec.ext.marshmallow import MarshmallowPlugin  # noqa: PLC0415

    spec = APISpec(title="", version="", openapi_version="3.0.0", plugins=[MarshmallowPlugin()])
    spec.components.schema("File", schema=FileSchema)
    schemas = {name: _plain(schema) for name, schema in spec.to_dict()["components"]["schemas"].items()}
    schemas["Audience"].update(_NAMES_SOMEBODY)
    file = {**schemas.pop("File"), "anyOf": [{"required": ["types"]}, {"required": ["topics"]}]}
    # Whoever says which schema a file has says it in a comment, or in this key, which some editors look for.
    return {
        "$schema": DIALECT,
        "title": "Event types of sio-server",
        "description": FileSchema.__doc__,
        **file,
        "definitions": schemas,
    }


def as_text() -> str:
    """The schema as a document."""
    return json.dumps(json_schema(), ensure_ascii=False, indent=2) + "\n"


def _plain(schema: Any) -> Any:
    """A schema of OpenAPI as plain JSON Schema: closed objects, and the patterns that keys have to match."""
    if isinstance(schema, list):
        return [_plain(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: _plain(value) for key, value in schema.items()}
    keys = made.pop("x-keys", None)
    if keys is not None:
        made["patternProperties"] = {keys: made.pop("additionalProperties", {})}
    if made.get("type") == "object":
        made.setdefault("additionalProperties", False)
    if "$ref" in made:
        made["$ref"] = made["$ref"].replace(_REFERENCE, "#/definitions/")
    return made
