"""The objects of an installation, in its namespace."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from hooks.kubernetes.manifest import Manifest
from hooks.setup.api import Api

_LABELS: Final = {"app.kubernetes.io/part-of": "vk8s"}
_RESOURCES: Final = {"Secret": "secrets", "ConfigMap": "configmaps"}
# On pods: of what they read when they start. install.sh writes it, too.
_INPUTS: Final = "vk8s.sktelecom.com/inputs"
# On Deployments, where it recreates nothing: the inputs that their pods have started with. `install.sh --new-keys`
# restarts them itself, and removes it.
_STARTED_WITH: Final = "vk8s.sktelecom.com/started-with"
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

    def note_inputs(self, deployment: str, inputs: str) -> None:
        """Takes the pods of a Deployment to have started with these inputs, unless others are on record."""
        found = self.api.find(self._build_deployment_path(deployment))
        if found is not None and _read_inputs(found) is None:
            self.api.merge(self._build_deployment_path(deployment), _build_note(inputs))

    def restart(self, deployment: str, inputs: str, now: datetime) -> bool:
        """Recreates the pods of a Deployment, unless they have started with these inputs. Whether that was so.

        The record and the restart are one write: neither is ever without the other.
        """
        found = self.api.find(self._build_deployment_path(deployment))
        if found is None or _read_inputs(found) == inputs:
            return False
        # Another value each time: that of earlier inputs, which are back, would recreate nothing.
        template: Manifest = {"metadata": {"annotations": {_INPUTS: f"{inputs}-{now:%Y%m%d%H%M%S}"}}}
        changes = {**_build_note(inputs), "spec": {"template": template}}
        self.api.merge(self._build_deployment_path(deployment), changes)
        return True

    def _build_deployment_path(self, name: str) -> str:
        return f"/apis/apps/v1/namespaces/{self.name}/deployments/{name}"

    def _build_path(self, kind: Kind, name: str) -> str:
        return f"/api/v1/namespaces/{self.name}/{_RESOURCES[kind]}/{name}"


def _read_inputs(deployment: Manifest) -> str | None:
    found: str | None = deployment["metadata"].get("annotations", {}).get(_STARTED_WITH)
    return found


def _build_note(inputs: str) -> Manifest:
    return {"metadata": {"annotations": {_STARTED_WITH: inputs}}}
