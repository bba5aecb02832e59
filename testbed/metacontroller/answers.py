"""What hooks answer, decoded as strictly as hooks v2 are: unknown and duplicate keys are errors, `{}` is an answer."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import ValidationError

from testbed.metacontroller.errors import SyncError
from testbed.metacontroller.objects import Manifest, api_version, kind
from testbed.metacontroller.rules import RelatedRule
from testbed.metacontroller.strict_json import Fields, duplicates, parse, plain, type_name

_MAX_API_VERSION_SLASHES: Final = 1


@dataclass(frozen=True)
class SyncAnswer:
    """What a sync or finalize hook wants. Nothing at all is an answer too: no children and an empty status."""

    status: Manifest = field(default_factory=dict)
    children: tuple[Manifest | None, ...] = ()
    resync_after_seconds: float = 0
    finalized: bool = False


def decode_sync(body: bytes) -> SyncAnswer:
    """The answer of a sync or finalize hook. Raises SyncError for what the original rejects."""
    fields = _top_level(body)
    last = dict(fields)
    answer = SyncAnswer(
        status=_map(last.get("status"), "status"),
        children=tuple(_children(last.get("children"))),
        resync_after_seconds=_number(last.get("resyncAfterSeconds"), "resyncAfterSeconds"),
        finalized=_flag(last.get("finalized"), "finalized"),
    )
    _be_strict(fields, known={"status", "children", "resyncAfterSeconds", "finalized"}, opaque={"children"})
    return answer


def decode_customize(body: bytes) -> tuple[RelatedRule | None, ...]:
    """The rules of a customize hook, whatever they ask for. Raises SyncError for what the original rejects."""
    fields = _top_level(body)
    nodes = _list(dict(fields).get("relatedResources"), "relatedResources")
    rules = tuple(_rule(node, f"relatedResources[{position}]") for position, node in enumerate(nodes))
    _be_strict(fields, known={"relatedResources"}, opaque=set())
    return rules


def _top_level(body: bytes) -> Fields:
    tree = parse(body)
    if tree is None:
        return Fields()
    if not isinstance(tree, Fields):
        raise SyncError(f"cannot unmarshal {type_name(tree)} into the answer")
    return tree


def _be_strict(fields: Fields, *, known: set[str], opaque: set[str]) -> None:
    unknown = [f'unknown field "{name}"' for name, _ in fields if name not in known]
    outer = Fields((name, None if name in opaque else value) for name, value in fields)
    twice = [f'duplicate field "{path}"' for path in duplicates(outer, "")]
    if unknown or twice:
        raise SyncError(f"strict validation failed: {', '.join([*unknown, *twice])}")


def _children(node: object) -> Iterator[Manifest | None]:
    for position, child in enumerate(_list(node, "children")):
        # A null child passes the decoder; it is what becomes of it that brings the original down.
        yield None if child is None else _child(child, position)


def _child(node: object, position: int) -> Manifest:
    child = _map(node, f"children[{position}]")
    if not kind(child) or api_version(child).count("/") > _MAX_API_VERSION_SLASHES:
        raise SyncError(f"Object 'Kind' is missing in children[{position}]")
    return child


def _rule(node: object, path: str) -> RelatedRule | None:
    # A null rule passes the decoder too.
    if node is None:
        return None
    try:
        return RelatedRule.model_validate(_map(node, path))
    except ValidationError as error:
        problems = (f"{'.'.join(map(str, [path, *each['loc']]))}: {each['msg']}" for each in error.errors())
        raise SyncError(f"cannot unmarshal the answer: {', '.join(problems)}") from error


def _map(node: object, path: str) -> Manifest:
    if node is None:
        return {}
    if not isinstance(node, Fields):
        raise SyncError(f"cannot unmarshal {type_name(node)} into field {path}")
    found: Manifest = plain(node)
    return found


def _list(node: object, path: str) -> list[Any]:
    if node is None:
        return []
    if not isinstance(node, list) or isinstance(node, Fields):
        raise SyncError(f"cannot unmarshal {type_name(node)} into field {path}")
    return node


def _number(node: object, path: str) -> float:
    if node is None:
        return 0
    if isinstance(node, bool) or not isinstance(node, int | float):
        raise SyncError(f"cannot unmarshal {type_name(node)} into field {path}")
    return float(node)


def _flag(node: object, path: str) -> bool:
    if node is None:
        return False
    if not isinstance(node, bool):
        raise SyncError(f"cannot unmarshal {type_name(node)} into field {path}")
    return node
