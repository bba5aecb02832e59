"""Who Metacontroller is in a host cluster: a ServiceAccount with the role that we ship, and no administrator."""

import json
from pathlib import Path

import yaml

from testbed.host_cluster import HostCluster
from testbed.kubectl import Kubectl, Manifest
from testbed.layout import ROOT, Testbed
from testbed.waiting import wait_for

MANIFESTS = ROOT / "metacontroller"
SYSTEM, NAME = "vk8s-system", "metacontroller"
# Longer than a testbed lives.
_DURATION = "8760h"
_SECONDS = 30


def grant(host: HostCluster) -> Path:
    """Applies the role as it is now, and returns the ServiceAccount's kubeconfig once it has its rights."""
    host.kubectl.apply(*read_account())
    token = host.kubectl.within(SYSTEM).run("create", "token", NAME, f"--duration={_DURATION}").strip()
    # kubectl writes it as YAML, with contexts of its user's, once that user has changed anything in it.
    admin: Manifest = yaml.safe_load(host.testbed.kubeconfig.read_text())
    path = get_kubeconfig(host.testbed)
    path.write_text(json.dumps(build_kubeconfig(admin, host.testbed.network, token), indent=2))
    account = Kubectl([f"{host.binaries}/kubectl", f"--kubeconfig={path}"])
    wait_for("the rights of Metacontroller", lambda: account.succeeds("get", "namespaces"), _SECONDS)
    return path


def get_kubeconfig(testbed: Testbed) -> Path:
    """Where the ServiceAccount's kubeconfig is."""
    return testbed.state / "metacontroller.kubeconfig"


def read_account() -> list[Manifest]:
    """Namespace, ServiceAccount, its roles and their bindings, out of the manifests that users apply."""
    files = ("namespace.yaml", "metacontroller-role.yaml", "metacontroller.yaml")
    documents = [each for file in files for each in yaml.safe_load_all((MANIFESTS / file).read_text())]
    return [each for each in documents if each["kind"] not in ("Deployment", "PodDisruptionBudget")]


def build_kubeconfig(admin: Manifest, context: str, token: str) -> Manifest:
    """The administrator's kubeconfig with another user, and that context alone."""
    (found,) = [each for each in admin["contexts"] if each["name"] == context]
    return {
        **admin,
        "users": [{"name": NAME, "user": {"token": token}}],
        "contexts": [{**found, "context": {**found["context"], "user": NAME}}],
        "current-context": context,
    }
