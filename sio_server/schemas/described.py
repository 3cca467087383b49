"""What the OpenAPI and the AsyncAPI document share: marshmallow's schemas as JSON Schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from marshmallow.fields import Field
from marshmallow.validate import Regexp

if TYPE_CHECKING:
    from apispec.ext.marshmallow import MarshmallowPlugin
    from apispec.ext.marshmallow.openapi import OpenAPIConverter


def describe(plugin: MarshmallowPlugin) -> OpenAPIConverter:
    """The converter of a plugin that a document has taken, set up to write what programs in any language read."""
    converter = plugin.converter
    if converter is None:
        raise RuntimeError("apispec has not set its marshmallow plugin up")
    converter.add_attribute_function(_ecma_pattern)  # type: ignore[no-untyped-call] # of apispec, which leaves it out
    return converter


def _ecma_pattern(_: OpenAPIConverter, field: Field[Any], **__: Any) -> dict[str, str]:
    r"""A field's pattern in ECMA-262's dialect, which JSON Schema has: without ``\Z``, and not anchored by itself."""
    for validator in field.validators:
        if isinstance(validator, Regexp):
            pattern = str(validator.regex.pattern).removeprefix("^").removesuffix(r"\Z")
            return {"pattern": f"^{pattern}$"}
    return {}
