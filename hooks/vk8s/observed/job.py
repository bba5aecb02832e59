"""The facts that are read from an observed Job."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from hooks.kubernetes.conditions import parse_time
from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import condition, describe_finalizers, is_terminating, list_config_maps


@dataclass(frozen=True)
class Job:
    """An observed Job. Each fact is read once."""

    manifest: Manifest

    @cached_property
    def is_terminating(self) -> bool:
        """Whether it is being deleted."""
        return is_terminating(self.manifest)

    @cached_property
    def is_complete(self) -> bool:
        """Whether it has completed."""
        return condition(self.manifest, "Complete").get("status") == "True"

    @cached_property
    def has_failed(self) -> bool:
        """Whether it has failed for good."""
        return condition(self.manifest, "Failed").get("status") == "True"

    @property
    def ended(self) -> datetime | None:
        """When it completed or failed; None if it has not, or does not say."""
        entries = [condition(self.manifest, kind) for kind in ("Complete", "Failed")]
        known = [entry.get("lastTransitionTime") for entry in entries if entry.get("status") == "True"]
        status = self.manifest.get("status") or {}
        return next(filter(None, map(parse_time, [status.get("completionTime"), *known])), None)

    @property
    def failure(self) -> str:
        """Why it has failed, in the words of its controller."""
        found = condition(self.manifest, "Failed")
        return str(found.get("message") or found.get("reason") or "no reason given").rstrip(".")

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.manifest["metadata"]["name"])

    @property
    def annotations(self) -> Mapping[str, str]:
        """Its annotations."""
        return self.manifest["metadata"].get("annotations") or {}

    @property
    def pod_spec(self) -> Manifest:
        """The spec of its pods."""
        spec: Manifest = self.manifest["spec"]["template"]["spec"]
        return spec

    @cached_property
    def containers(self) -> Mapping[str, Manifest]:
        """The containers of its pods by name, without init containers."""
        return {str(entry.get("name")): entry for entry in self.pod_spec.get("containers") or []}

    @property
    def held(self) -> str:
        """The finalizers that hold it while it is being deleted, as the end of a sentence, or empty."""
        return describe_finalizers(self.manifest)

    @property
    def suspension(self) -> str:
        """That it is suspended, and how to resume it, as the end of a sentence; empty if it is not suspended."""
        if not self.manifest["spec"].get("suspend"):
            return ""
        place = f"-n {self.manifest['metadata']['namespace']} {self.name}"
        patch = """--type=merge -p '{"spec":{"suspend":false}}'"""
        return f"is suspended (by Kueue or by hand): kubectl patch job {place} {patch}"

    @cached_property
    def config_maps(self) -> frozenset[str]:
        """Names of the ConfigMaps that its pods mount."""
        return frozenset(list_config_maps(self.manifest))
