"""Any cluster as the host cluster of the tests: in a namespace of their own, by what kubectl can do."""

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory

from hooks.kubernetes.manifest import Manifest
from testbed.kind.cluster import build_kubectl
from testbed.kubectl import Kubectl, KubectlError
from tests.nested.host import Client, Host, Images, read_example_images
from tests.nested.obstacles import DELETE_SECONDS, ObstacleError, check_cluster, check_controller, read_images
from tests.nested.place import Place

# Which cluster the tests run in; `make test-e2e CLUSTER=...`.
CLUSTER = "VK8S_TEST_CLUSTER"
TESTBED, CURRENT, KIND = "testbed", "current", "kind"
MANAGED = {"app.kubernetes.io/managed-by": "vk8s-tests"}
LABELS = {**MANAGED, "pod-security.kubernetes.io/enforce": "privileged"}
CLIENT = "client"
# With the pull of two images.
CLIENT_SECONDS = 300
NO_CONTEXT = (
    "The kubeconfig has no current context: choose a cluster with `kubectl config use-context`, or set KUBECONFIG."
)
NO_KIND_CLUSTER = "There is no kind cluster: `make kind-up` brings it up."


def get_users_kubectl() -> Kubectl:
    """The kubectl that the user has, for their kubeconfig. Raises ObstacleError."""
    program = shutil.which("kubectl")
    if not program:
        raise ObstacleError("There is no kubectl in PATH: install it (https://kubernetes.io/docs/tasks/tools/).")
    return Kubectl([program])


@dataclass(frozen=True)
class Target:
    """A cluster to test in: that of the current context of a kubectl. `advice`: what to do without such a context.

    `placement`: fields of the client's pod that say where it runs.
    """

    images: Images
    get_kubectl: Callable[[], Kubectl] = get_users_kubectl
    advice: str = NO_CONTEXT
    placement: Manifest = field(default_factory=dict)


def read_target(environment: Mapping[str, str]) -> Target | None:
    """The cluster that the environment names; None for the testbed. Raises ObstacleError."""
    cluster = environment.get(CLUSTER) or TESTBED
    if cluster == TESTBED:
        return None
    if cluster == CURRENT:
        return Target(read_images(environment))
    if cluster == KIND:
        # Those that `make kind-up` has loaded.
        return Target(read_example_images(), build_kubectl, NO_KIND_CLUSTER)
    raise ObstacleError(f"CLUSTER is {TESTBED}, {CURRENT} or {KIND}, and not {cluster}: write one of these.")


@contextmanager
def use_cluster(target: Target) -> Iterator[Host]:
    """The cluster with a namespace for the tests, which is gone afterwards. Raises ObstacleError."""
    namespace = f"vk8s-tests-{token_hex(3)}"
    # Elsewhere than the files of the tests, which are kept for a while: it holds the user's credentials.
    with TemporaryDirectory(prefix="vk8s-tests-") as directory:
        kubeconfig = Path(directory) / "kubeconfig"
        kubectl = pin_context(target, kubeconfig, namespace)
        check_cluster(kubectl, kubectl.run("config", "current-context").strip())
        with _own_namespace(kubectl, namespace):
            check_controller(kubectl, target.images)
            yield build_host(target, kubectl, namespace)


def build_host(target: Target, kubectl: Kubectl, namespace: str) -> Host:
    """The cluster of that kubectl, with the client's pod in the namespace. Raises ObstacleError."""
    client = _start_client(kubectl, target)
    path = f"{Path(kubectl.command[0]).parent}:{os.environ['PATH']}"
    kubeconfig = kubectl.command[1].partition("=")[2]
    environment = {**os.environ, "KUBECONFIG": kubeconfig, "PATH": path}
    return Host(kubectl, namespace, environment, target.images, client)


def pin_context(target: Target, kubeconfig: Path, namespace: str) -> Kubectl:
    """A copy of the target's kubeconfig, which pins its context as it is now; kubectl with it."""
    found = target.get_kubectl()
    try:
        content = found.run("config", "view", "--raw", "--flatten", "--minify")
    except KubectlError as error:
        raise ObstacleError(target.advice) from error
    kubeconfig.touch(mode=0o600)
    kubeconfig.write_text(content)
    kubectl = Kubectl([found.command[0], f"--kubeconfig={kubeconfig}"])
    kubectl.run("config", "set-context", "--current", f"--namespace={namespace}")
    return kubectl


@contextmanager
def _own_namespace(kubectl: Kubectl, name: str) -> Iterator[None]:
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": LABELS}}
    # Not applied: one that is there already is somebody else's.
    kubectl.run("create", "--filename=-", stdin=json.dumps(namespace))
    told = []
    try:
        yield
    except ObstacleError as obstacle:
        told.append(str(obstacle))
        raise
    finally:
        rest = _remove_namespace(kubectl, name)
        if rest:
            raise ObstacleError(" ".join([*told, rest]))


def _remove_namespace(kubectl: Kubectl, name: str) -> str:
    """Virtual clusters first, while all that takes them down is there; a sentence where it can't be removed."""
    try:
        kubectl.run("delete", "vk8s", "--all", f"--timeout={DELETE_SECONDS}s")
        kubectl.run("delete", "namespace", name, f"--timeout={DELETE_SECONDS}s")
    except KubectlError as error:
        return f"Namespace {name} is left, so look what holds its Vk8s or its pods: {error}"
    return ""


def _start_client(kubectl: Kubectl, target: Target) -> Client:
    """A pod that is part of no virtual cluster and reaches them, as any pod of the host cluster can."""
    images = target.images
    kubectl.apply(_build_client(images, target.placement))
    if not kubectl.succeeds("wait", "--for=condition=Ready", f"pod/{CLIENT}", f"--timeout={CLIENT_SECONDS}s"):
        state = kubectl.get("pod", CLIENT)["status"].get("containerStatuses", "not scheduled")
        raise ObstacleError(
            f"No pod of {images.node} and {images.access} starts, so see whether nodes can pull them: {state}"
        )
    node, access = (
        Place([*kubectl.command, "exec", "--stdin", CLIENT, f"--container={container}", "--"])
        for container in ("node", "access")
    )
    address = kubectl.get("pod", CLIENT)["status"]["hostIP"]
    return Client(address, network=node, kubectl="kubectl", outside=node, ssh=access)


def _build_client(images: Images, placement: Manifest) -> Manifest:
    """Two containers, as only the access image has ssh, and only the node image curl."""
    containers = [
        {"name": name, "image": image, "command": ["sleep", "infinity"]}
        for name, image in (("node", images.node), ("access", images.access))
    ]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": CLIENT, "labels": MANAGED},
        "spec": {
            "automountServiceAccountToken": False,
            "containers": containers,
            "enableServiceLinks": False,
            "terminationGracePeriodSeconds": 0,
            **placement,
        },
    }
