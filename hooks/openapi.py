"""What the OpenAPI document says of a body that a route reads by itself."""

from typing import Any

from pydantic import BaseModel

from hooks.manifest import Manifest


def describe_body(model: type[BaseModel]) -> Manifest:
    """`openapi_extra` of such a route: a JSON body that is a `model`, written out in place."""
    schema = model.model_json_schema(by_alias=True)
    definitions = schema.pop("$defs", {})
    content = {"application/json": {"schema": _inline(schema, definitions)}}
    return {"requestBody": {"required": True, "content": content}}


def _inline(schema: Any, definitions: Manifest) -> Any:  # noqa: ANN401 any part of a JSON schema
    """The schema with what it refers to in place of each reference; no model refers to itself."""
    if isinstance(schema, list):
        return [_inline(entry, definitions) for entry in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inline(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    return {key: _inline(value, definitions) for key, value in schema.items()}
