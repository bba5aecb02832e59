"""What Metacontroller (CompositeController, hooks v2) sends and what it is answered. The shapes only, no decisions.

Source: https://metacontroller.github.io/metacontroller/api/compositecontroller.html
"""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from hooks.manifest import Manifest

Name = Annotated[str, StringConstraints(min_length=1)]


class ClusterMetadata(BaseModel):
    """The part of an object's metadata that the hooks read, for a kind that has no namespace."""

    model_config = ConfigDict(extra="ignore", populate_by_name=True)

    name: Name
    uid: Name
    generation: int = 0
    labels: dict[str, str] = Field(default_factory=dict)
    annotations: dict[str, str] = Field(default_factory=dict)
    finalizers: list[str] = Field(default_factory=list)
    creation_timestamp: str = Field(default="", alias="creationTimestamp")
    deletion_timestamp: str | None = Field(default=None, alias="deletionTimestamp")

    @property
    def path(self) -> str:
        """Name, and namespace where there is one."""
        return self.name


class Metadata(ClusterMetadata):
    """The same, for a kind with namespaces."""

    namespace: Name

    @property
    def path(self) -> str:
        """`namespace/name`."""
        return f"{self.namespace}/{self.name}"


class ClusterParent(BaseModel):
    """The IPPool object. `spec` stays as it came: a broken one is answered with a status, not with an error."""

    model_config = ConfigDict(extra="ignore")

    metadata: ClusterMetadata
    spec: Any = None
    status: Any = None


class Parent(ClusterParent):
    """The Vk8s object, in the same way."""

    metadata: Metadata


class HookRequest(BaseModel):
    """Body of a sync or finalize call. `children` is keyed `Kind.version` or `Kind.group/version`, then `ns/name`."""

    model_config = ConfigDict(extra="ignore")

    parent: Parent
    children: dict[str, dict[str, Manifest]]
    related: dict[str, dict[str, Manifest]] = Field(default_factory=dict)
    finalizing: bool = False


class CustomizeRequest(BaseModel):
    """Body of a customize call."""

    model_config = ConfigDict(extra="ignore")

    parent: Parent


class SyncResponse(BaseModel):
    """Every child that shall exist, and the whole status. An observed child that is not in it is deleted."""

    model_config = ConfigDict(populate_by_name=True)

    status: Manifest
    children: list[Manifest]
    resync_after_seconds: float = Field(default=0, alias="resyncAfterSeconds")


class FinalizeResponse(SyncResponse):
    """As SyncResponse; `finalized` lets the parent go."""

    finalized: bool = False


class CustomizeResponse(BaseModel):
    """Which other objects Metacontroller shall send along. Depends on spec, name, namespace and uid alone."""

    model_config = ConfigDict(populate_by_name=True)

    related_resources: list[Manifest] = Field(default_factory=list, alias="relatedResources")
