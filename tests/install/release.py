"""A release of the chart: what somebody with Helm does in a host cluster, and what is there then."""

import json
from dataclasses import dataclass

from hooks.kubernetes.manifest import Manifest
from tests.charts.helm import CHART, REGISTRY, SYSTEM, Helm, Result
from tests.install.installer import CRDS, METACONTROLLER_IMAGE, Installer

NAME = "vk8s"
WAIT = ("--wait", "--timeout=3m")


@dataclass(frozen=True)
class Release:
    """The release of this chart in the cluster of somebody who installs."""

    helm: Helm
    installer: Installer

    def install(self, *options: str, values: Manifest | None = None) -> Result:
        """`helm install`, with the images that the host's node knows."""
        return self._apply("install", "--create-namespace", *options, values=values)

    def upgrade(self, *options: str, values: Manifest | None = None) -> Result:
        """`helm upgrade`, with these values alone."""
        return self._apply("upgrade", *options, values=values)

    def uninstall(self) -> Result:
        """`helm uninstall`."""
        return self._run("uninstall", NAME, *WAIT)

    def apply_metacontroller_crds(self) -> None:
        """What an administrator does before: they are not in the chart."""
        self.installer.kubectl.run("apply", "--server-side", f"--filename={CRDS}")

    def list_objects(self) -> list[str]:
        """Kind and name of everything that has a label of this release, or is in the namespace."""
        kinds = "deployments,services,networkpolicies,poddisruptionbudgets,jobs,roles,rolebindings,serviceaccounts"
        cluster = "clusterroles,clusterrolebindings"
        label = f"--selector=app.kubernetes.io/instance={NAME}"
        found = self.installer.kubectl.run("get", f"{kinds},{cluster}", "--all-namespaces", label, "--output=name")
        return sorted(found.split())

    def _apply(self, action: str, *options: str, values: Manifest | None) -> Result:
        repository, _, tag = METACONTROLLER_IMAGE.rpartition(":")
        registry, _, path = repository.partition("/")
        image = {"registry": registry, "repository": path, "tag": tag}
        given = {"image": {"registry": REGISTRY}, "metacontroller": {"image": image}, **(values or {})}
        return self._run(action, NAME, str(CHART), *WAIT, "--values=-", *options, stdin=json.dumps(given))

    def _run(self, *arguments: str, stdin: str = "") -> Result:
        kubeconfig = self.installer.build_environment({})["KUBECONFIG"]
        return self.helm.run(*arguments, f"--namespace={SYSTEM}", f"--kubeconfig={kubeconfig}", stdin=stdin)
