"""The format of a story: an object that somebody creates, and then, step by step, what happens in the host cluster.

A key that is not declared here is rejected.
"""

from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from hooks.kubernetes.manifest import Manifest
from hooks.settings import Settings

DIRECTORY = Path(__file__).parent
STORY = "story.yaml"
Words = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z][a-zA-Z0-9 -]*$")]


class Part(BaseModel):
    """A part of a story."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Step(Part):
    """One call of the hooks. Before it, the API server stores the answer to the last one, and then this happens.

    `unrecorded_calls`: that many calls before, with answers that are stored and not recorded. `spec`: fields that the
    owner edits; `annotated`: annotations that the owner writes. `older`: by kind, labels and annotations that the
    version that created the children did not know. `ready`: pods, with their addresses. `changed`: what somebody writes
    into a child, named as in `Pod m`. `missing`: children that were deleted, or that the API server refused. `related`:
    all other objects, from now on. `seconds`: the time that passes. `deleted`: the owner deletes the object.
    """

    step: Words
    unrecorded_calls: int = 0
    spec: Manifest = Field(default_factory=dict)
    annotated: dict[str, str] = Field(default_factory=dict)
    older: dict[str, list[str]] = Field(default_factory=dict)
    ready: dict[str, str] = Field(default_factory=dict)
    changed: dict[str, Manifest] = Field(default_factory=dict)
    missing: list[str] = Field(default_factory=list)
    related: list[Manifest] | None = None
    seconds: int = 0
    deleted: bool = False


class Object(Part):
    """The Vk8s, or the IPPool, as somebody creates it."""

    kind: Literal["Vk8s", "IPPool"]
    labels: dict[str, str] = Field(default_factory=dict)
    spec: Manifest


class Story(Part):
    """Begins with the creation of an object, or continues story `after`: from its end, or from its step `until`."""

    created: Object | None = None
    after: str = ""
    until: Words | None = None
    settings: Settings = Settings()
    steps: list[Step]


def list_stories() -> list[str]:
    """Names of all stories."""
    return sorted(path.parent.name for path in DIRECTORY.glob(f"*/{STORY}"))


def read_story(name: str) -> Story:
    """The story of that name."""
    return Story.model_validate(yaml.safe_load((DIRECTORY / name / STORY).read_text()))
