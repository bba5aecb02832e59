"""The objects of an installation, in its namespace."""

from dataclasses import dataclass
from typing import Final, Literal

from hooks.kubernetes.manifest import Manifest
from hooks.setup.api import Api

_LABELS: Final = {"app.kubernetes.io/part-of": "vk8s"}
_RESOURCES: Final = {"Secret": "secrets", "ConfigMap": "configmaps"}
# On pods: of what they read when they start. install.sh writes it, too.
_INPUTS: Final = "vk8s.sktelecom.com/inputs"
Kind = Literal["Secret", "ConfigMap"]


class SetupProblem(Exception):  # noqa: N818 what somebody has to do first, not a fault of the program
    """The work can't go on. The message says what to do."""


@dataclass(frozen=True)
class Namespace:
    """One namespace of a cluster."""

    api: Api
    name: str

    def find_data(self, kind: Kind, name: str) -> dict[str, str] | None:
        """The data of an object, which may be empty; None if there is no such object."""
        found = self.api.find(self._build_path(kind, name))
        return None if found is None else found.get("data") or {}

    def write_data(self, kind: Kind, name: str, data: dict[str, str]) -> bool:
        """Creates an object with this data, or gives it to the one that is there. Whether that was a change."""
        path = self._build_path(kind, name)
        found = self.api.find(path)
        if found is None:
            metadata = {"name": name, "namespace": self.name, "labels": _LABELS}
            new = {"apiVersion": "v1", "kind": kind, "metadata": metadata, "data": data}
            self.api.create(path.rpartition("/")[0], new)
        elif found.get("data") != data:
            self.api.replace(path, {**found, "data": data})
        else:
            return False
        return True

    def restart(self, deployment: str, inputs: str) -> bool:
        """Recreates the pods of a Deployment if their inputs were others before. Whether there is such a Deployment."""
        path = f"/apis/apps/v1/namespaces/{self.name}/deployments/{deployment}"
        if self.api.find(path) is None:
            return False
        changes: Manifest = {"spec": {"template": {"metadata": {"annotations": {_INPUTS: inputs}}}}}
        self.api.merge(path, changes)
        return True

    def _build_path(self, kind: Kind, name: str) -> str:
        return f"/api/v1/namespaces/{self.name}/{_RESOURCES[kind]}/{name}"
