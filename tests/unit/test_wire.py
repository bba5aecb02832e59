"""What Metacontroller sends, as the hooks read it: objects that do not say what they are reject the call."""

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import ValidationError

from hooks.wire import HookRequest
from tests.world import running_world


def spoil() -> Iterator[tuple[str, Any]]:
    """What stands where an observed object should, each with one thing wrong."""
    metadata = {"name": "x", "namespace": "team-a", "uid": "u"}
    good = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata}
    yield "no object", None
    for key in good:
        yield f"no {key}", {name: value for name, value in good.items() if name != key}
        yield f"{key} is a number", {**good, key: 1}
    for key in metadata:
        yield f"no {key}", {**good, "metadata": {name: value for name, value in metadata.items() if name != key}}
        yield f"{key} is empty", {**good, "metadata": {**metadata, key: ""}}
    for key in ("labels", "annotations"):
        yield f"{key} are null", {**good, "metadata": {**metadata, key: None}}
        yield f"{key} are a list", {**good, "metadata": {**metadata, key: []}}
        yield f"{key} are a text", {**good, "metadata": {**metadata, key: "x"}}
        yield f"{key} with a number", {**good, "metadata": {**metadata, key: {"a": 1}}}


@pytest.mark.parametrize("part", ["children", "related"])
@pytest.mark.parametrize(("case", "wrong"), list(spoil()), ids=lambda value: value if isinstance(value, str) else "")
def test_object_without_identity_rejects_the_call(case: str, wrong: Any, part: str) -> None:
    body = running_world().request().model_dump(by_alias=True, mode="json")
    body = {**body, part: {**body[part], "Pod.v1": {"team-a/x": wrong}}}
    # Related objects need no namespace.
    if (part, case) in {("related", "no namespace"), ("related", "namespace is empty")}:
        assert HookRequest.model_validate(body).related["Pod.v1"] == {"team-a/x": wrong}
    else:
        with pytest.raises(ValidationError):
            HookRequest.model_validate(body)
