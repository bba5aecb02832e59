"""CompositeControllers from YAML files: which documents count, what is refused, and how hooks see them."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import ValidationError

from testbed.metacontroller.composite import CompositeSpec
from testbed.metacontroller.duration import format_duration, parse_duration
from testbed.metacontroller.endpoints import DEFAULT_AUTHORIZATION_TYPE, DEFAULT_CA_KEY
from testbed.metacontroller.errors import RefusedError
from testbed.metacontroller.objects import Manifest, go_json, metadata, text

_API_VERSION: Final = "metacontroller.k8s.io/v1alpha1"
_KUBECTL_ANNOTATION: Final = "kubectl.kubernetes.io/last-applied-configuration"
_MISSING_SENTENCES: Final = {
    "version": "must be v2: the default is v1, and only hooks v2 are implemented",
    "generateSelector": "must be true: only generated selectors are implemented",
}


@dataclass(frozen=True)
class Composite:
    """A CompositeController: its name, its spec, and the whole object as it goes into requests."""

    name: str
    spec: CompositeSpec
    document: Manifest

    @property
    def finalizer(self) -> str:
        """The finalizer that parents carry when there is a finalize hook."""
        return f"metacontroller.io/compositecontroller-{self.name}"


def read_composites(path: Path, now: datetime) -> list[Composite]:
    """All CompositeControllers of a YAML file, or of the YAML files of a directory. Raises RefusedError."""
    files = sorted([*path.glob("*.yaml"), *path.glob("*.yml")]) if path.is_dir() else [path]
    found = [build_composite(document, now) for file in files for document in _documents(file)]
    if not found:
        raise RefusedError(f"{path}: there is no CompositeController in it")
    names = [composite.name for composite in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise RefusedError(f"{path}: CompositeController {twice[0]} is there twice")
    return found


def build_composite(applied: Manifest, now: datetime) -> Composite:
    """A CompositeController as it would be after `kubectl apply` of this document. Raises RefusedError."""
    name = text(applied, "name")
    if not name or applied.get("apiVersion") != _API_VERSION:
        raise RefusedError(f"CompositeController {name or 'without a name'}: expected {_API_VERSION} and a name")
    try:
        spec = CompositeSpec.model_validate(applied.get("spec") or {})
    except ValidationError as error:
        problems = "; ".join(_sentence(problem["loc"], problem["msg"], problem["type"]) for problem in error.errors())
        raise RefusedError(f"CompositeController {name}: {problems}") from error
    return Composite(name, spec, _stored(applied, spec, now))


def _documents(file: Path) -> Iterator[Manifest]:
    try:
        documents = list(yaml.safe_load_all(file.read_text()))
    except (OSError, yaml.YAMLError) as error:
        raise RefusedError(f"{file}: {error}") from error
    for document in documents:
        if not isinstance(document, dict):
            continue
        if document.get("kind") == "DecoratorController":
            raise RefusedError(f"{file}: DecoratorControllers are not implemented")
        if document.get("kind") == "CompositeController":
            yield document


def _sentence(location: tuple[int | str, ...], message: str, problem: str) -> str:
    field = str(location[-1]) if location else ""
    path = ".".join(str(part) for part in ("spec", *location))
    if problem == "extra_forbidden":
        return f"{path}: this field is not implemented"
    if problem in {"missing", "literal_error"} and field in _MISSING_SENTENCES:
        return f"{path}: {_MISSING_SENTENCES[field]}"
    if problem == "literal_error":
        return f"{path}: no other value is implemented than: {message.removeprefix('Input should be ')}"
    return f"{path}: {message}"


def _stored(applied: Manifest, spec: CompositeSpec, now: datetime) -> Manifest:
    name, given = text(applied, "name"), metadata(applied)
    timestamp = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    annotations = {**(given.get("annotations") or {}), _KUBECTL_ANNOTATION: _applied_text(applied)}
    labels = {"labels": given["labels"]} if given.get("labels") else {}
    written = {"metadata": {"annotations": annotations, **labels}, "spec": applied["spec"]}
    manager = {
        "manager": "kubectl-client-side-apply",
        "operation": "Update",
        "apiVersion": _API_VERSION,
        "time": timestamp,
        "fieldsType": "FieldsV1",
        "fieldsV1": {f"f:{part}": _owned_fields(value, root=part == "metadata") for part, value in written.items()},
    }
    return {
        "kind": "CompositeController",
        "apiVersion": _API_VERSION,
        "metadata": {
            "name": name,
            "uid": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{_API_VERSION}/{name}")),
            "resourceVersion": "1",
            "generation": 1,
            "creationTimestamp": timestamp,
            **labels,
            "annotations": annotations,
            "managedFields": [manager],
        },
        "spec": _shaped_spec(spec),
        "status": {},
    }


def _applied_text(applied: Manifest) -> str:
    given = metadata(applied)
    return go_json({**applied, "metadata": {**given, "annotations": given.get("annotations") or {}}}) + "\n"


def _owned_fields(value: object, *, root: bool = False) -> Manifest:
    if not isinstance(value, dict):
        return {}
    fields = {f"f:{name}": _owned_fields(item) for name, item in value.items()}
    return fields if root else {".": {}, **fields}


def _shaped_spec(spec: CompositeSpec) -> Manifest:
    # As the CRD defaults it and Go writes it: an update strategy always has statusChecks, a timeout is normalised.
    given = spec.model_dump(by_alias=True, exclude_unset=True, exclude_none=True)
    hooks = {name: {**hook, "webhook": _shaped_webhook(hook["webhook"])} for name, hook in given["hooks"].items()}
    lists = {
        "childResources": [_shaped_child(child) for child in given.get("childResources", [])],
        "endpointConfigs": [_shaped_access(config) for config in given.get("endpointConfigs", [])],
    }
    rest = {name: value for name, value in given.items() if name not in lists}
    return {**rest, "hooks": hooks, **{name: items for name, items in lists.items() if items}}


def _shaped_child(child: Manifest) -> Manifest:
    if "updateStrategy" not in child:
        return child
    return {**child, "updateStrategy": {**child["updateStrategy"], "statusChecks": {}}}


def _shaped_webhook(webhook: dict[str, Any]) -> Manifest:
    timeout = {"timeout": format_duration(parse_duration(webhook["timeout"]))} if "timeout" in webhook else {}
    return _shaped_access({**webhook, **timeout})


def _shaped_access(access: Manifest) -> Manifest:
    shaped = access
    if "authorization" in access:
        shaped = {**shaped, "authorization": {"type": DEFAULT_AUTHORIZATION_TYPE, **access["authorization"]}}
    if "caBundle" in access:
        bundle = {name: _shaped_source(source) for name, source in access["caBundle"].items()}
        shaped = {**shaped, "caBundle": bundle}
    return shaped


def _shaped_source(source: str | Manifest) -> str | Manifest:
    return {"key": DEFAULT_CA_KEY, **source} if isinstance(source, dict) else source
