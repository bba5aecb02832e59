"""Requests and responses of Metacontroller (CompositeController, hooks v2). Shapes only, no decisions.

Source: https://metacontroller.github.io/metacontroller/api/compositecontroller.html
"""

import re
from typing import Annotated, Any, Final

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StringConstraints,
    ValidationError,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from hooks.kubernetes.manifest import Manifest

GROUP: Final = "vk8s.sktelecom.com"
# Type of a validation error: a part of an object is invalid; `place` in its context is the path to that part.
WRONG_PART: Final = "wrong_part"
# In a place: any name that the sender of the call has chosen.
ANY: Final = "*"
Name = Annotated[str, StringConstraints(min_length=1)]
OurVersion = Annotated[str, StringConstraints(pattern=rf"^{re.escape(GROUP)}/")]
Place = tuple[str, ...]
_TYPE: Final = ("apiVersion", "kind")
_IDENTITY: Final = ("name", "namespace", "uid")
_MAPS: Final = ("labels", "annotations")


class ClusterMetadata(BaseModel):
    """The part of an object's metadata that the hooks read, for a kind that has no namespace."""

    model_config = ConfigDict(extra="ignore", populate_by_name=True)

    name: Name
    uid: Name
    generation: StrictInt = 0
    labels: dict[str, str] = Field(default_factory=dict)
    annotations: dict[str, str] = Field(default_factory=dict)
    finalizers: list[str] = Field(default_factory=list)
    creation_timestamp: str = Field(default="", alias="creationTimestamp")
    deletion_timestamp: str | None = Field(default=None, alias="deletionTimestamp")

    @property
    def path(self) -> str:
        """The name, after the namespace if there is one."""
        return self.name


class Metadata(ClusterMetadata):
    """The same for a namespaced kind."""

    namespace: Name

    @property
    def path(self) -> str:
        """`namespace/name`."""
        return f"{self.namespace}/{self.name}"


class ClusterParent(BaseModel):
    """The IPPool object. `spec` is not parsed here: a broken one is answered with a status, not with an error."""

    model_config = ConfigDict(extra="ignore", populate_by_name=True)

    api_version: OurVersion = Field(alias="apiVersion")
    kind: Annotated[str, StringConstraints(pattern="^IPPool$")]
    metadata: ClusterMetadata
    spec: Any = None
    status: Any = None


class Parent(ClusterParent):
    """The Vk8s object, in the same way."""

    kind: Annotated[str, StringConstraints(pattern="^Vk8s$")]
    metadata: Metadata


def _check_children(objects: dict[str, Manifest]) -> dict[str, Manifest]:
    """Rejects children without apiVersion, kind, name, namespace and uid, so that decisions need not check."""
    for child in objects.values():
        metadata = child.get("metadata")
        if not isinstance(metadata, dict):
            raise _wrong_part("metadata")
        if (wrong := _find_wrong_text(metadata, _IDENTITY) or _find_wrong_map(metadata)) is not None:
            raise _wrong_part("metadata", wrong)
        if (wrong := _find_wrong_text(child, _TYPE)) is not None:
            raise _wrong_part(wrong)
    return objects


def _check_related(objects: dict[str, Manifest]) -> dict[str, Manifest]:
    """The same for related objects, which need no namespace. They are few, so a model is fast enough."""
    for manifest in objects.values():
        try:
            ClusterMetadata.model_validate(manifest.get("metadata"))
        except ValidationError as error:
            raise _wrong_part("metadata", *map(str, error.errors(include_input=False)[0]["loc"])) from error
        if (wrong := _find_wrong_text(manifest, _TYPE)) is not None:
            raise _wrong_part(wrong)
    return objects


def _find_wrong_text(mapping: Manifest, keys: tuple[str, ...]) -> str | None:
    """The first key whose value is not a string, or is empty."""
    for key in keys:
        value = mapping.get(key)
        if not value or not isinstance(value, str):
            return key
    return None


def _find_wrong_map(metadata: Manifest) -> str | None:
    """Which of labels and annotations is present but not a map of strings."""
    for key in _MAPS:
        texts = metadata.get(key, {})
        if not isinstance(texts, dict) or not all(isinstance(text, str) for text in texts.values()):
            return key
    return None


def _wrong_part(*place: str) -> PydanticCustomError:
    """The error for a part of one of the objects in a group."""
    return PydanticCustomError(WRONG_PART, "a part of an object is invalid", {"place": (ANY, *place)})


def _describe(metadata: Manifest) -> WithJsonSchema:
    """What the functions above check, for the OpenAPI document."""
    properties = {**dict.fromkeys(_TYPE, _TEXT), "metadata": metadata}
    return WithJsonSchema({"type": "object", "required": list(properties), "properties": properties})


_TEXT: Final = {"type": "string", "minLength": 1}
_TEXTS: Final = {"type": "object", "additionalProperties": {"type": "string"}}
_CHILD_METADATA: Final = {
    "type": "object",
    "required": list(_IDENTITY),
    "properties": {**dict.fromkeys(_IDENTITY, _TEXT), **dict.fromkeys(_MAPS, _TEXTS)},
}
# Objects of one kind, by `namespace/name`, or by `name` for kinds without namespaces. Plain JSON, not models, so that
# an observed object can be returned with every field that it has.
ChildObjects = Annotated[dict[str, Annotated[Manifest, _describe(_CHILD_METADATA)]], AfterValidator(_check_children)]
RelatedObjects = Annotated[
    dict[str, Annotated[Manifest, _describe(ClusterMetadata.model_json_schema())]], AfterValidator(_check_related)
]


class HookRequest(BaseModel):
    """Body of a sync or finalize call. `children` is keyed `Kind.version` or `Kind.group/version`, then `ns/name`."""

    model_config = ConfigDict(extra="ignore")

    parent: Parent
    children: dict[str, ChildObjects]
    related: dict[str, RelatedObjects] = Field(default_factory=dict)
    finalizing: StrictBool = False


class CustomizeRequest(BaseModel):
    """Body of a customize call."""

    model_config = ConfigDict(extra="ignore")

    parent: Parent


class SyncResponse(BaseModel):
    """Every child that is to exist, and the whole status. Metacontroller deletes observed children that are missing."""

    model_config = ConfigDict(populate_by_name=True)

    status: Manifest
    children: list[Manifest]
    resync_after_seconds: float = Field(default=0, alias="resyncAfterSeconds")


class FinalizeResponse(SyncResponse):
    """As SyncResponse; with `finalized`, Metacontroller removes its finalizer from the parent."""

    finalized: bool = False


class CustomizeResponse(BaseModel):
    """The related objects that Metacontroller is to send. They depend on spec, name, namespace and uid alone."""

    model_config = ConfigDict(populate_by_name=True)

    related_resources: list[Manifest] = Field(default_factory=list, alias="relatedResources")
