"""The parts of the OpenAPI document that FastAPI can't derive: the bodies of the hooks, and the error responses."""

from typing import Any, Final

from pydantic import BaseModel

from hooks.kubernetes.manifest import Manifest

_ERROR: Final[Manifest] = {"type": "object", "required": ["error"], "properties": {"error": {"type": "string"}}}
_REASONS: Final = {
    400: "The body is not JSON, or not a hook request about one of our objects; the message says which field is wrong.",
    401: "There is no valid bearer token.",
    408: "The body arrived too slowly.",
    413: "The body is too large.",
    500: "A bug: the log of the hooks says where.",
    503: "The hooks hold as many bodies as they may. Repeat the call later.",
}
# By status code; all have the same schema.
REFUSALS: Final[dict[int | str, dict[str, Any]]] = {
    code: {"description": reason, "content": {"application/json": {"schema": _ERROR}}}
    for code, reason in _REASONS.items()
}


def describe_body(model: type[BaseModel]) -> Manifest:
    """`openapi_extra` of a route whose JSON body is a `model`, with its schema written out in place."""
    schema = model.model_json_schema(by_alias=True)
    definitions = schema.pop("$defs", {})
    content = {"application/json": {"schema": _inline(schema, definitions)}}
    return {"requestBody": {"required": True, "content": content}}


def _inline(schema: Any, definitions: Manifest) -> Any:  # noqa: ANN401 any part of a JSON schema
    """The schema with each reference replaced by its target; no model refers to itself."""
    if isinstance(schema, list):
        return [_inline(entry, definitions) for entry in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inline(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    return {key: _inline(value, definitions) for key, value in schema.items()}
