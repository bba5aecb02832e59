"""What may keep the tests from running in a cluster, each with a message that says what to do."""

from collections.abc import Iterable, Mapping

from hooks.kubernetes.manifest import Manifest
from testbed.kubectl import Kubectl, KubectlError, has_condition
from testbed.waiting import wait_for
from tests.nested.host import ACCESS_IMAGE, NODE_IMAGE, Images, read_example, read_example_images, with_images

CRD = "vk8s.vk8s.sktelecom.com"
INSTALL = "`./install.sh` installs what is missing"
# Where the installation puts the hooks; another installation may have them elsewhere.
HOOKS = ("deployment", "vk8s-hooks", "--namespace=vk8s-system")
ANSWER_SECONDS = 60
DELETE_SECONDS = 120


class ObstacleError(Exception):
    """Why the tests can't run in a cluster, and what to do about it."""


def read_images(environment: Mapping[str, str]) -> Images:
    """The images that the environment names. Raises ObstacleError."""
    missing = [name for name in (NODE_IMAGE, ACCESS_IMAGE) if not environment.get(name)]
    if missing:
        example = read_example_images()
        raise ObstacleError(
            f"Set {' and '.join(missing)} to images that the cluster's nodes can pull: what `make node-image` and "
            f"`make access-image` build ({example.node}, {example.access}), pushed to a registry of yours."
        )
    return Images(environment[NODE_IMAGE], environment[ACCESS_IMAGE])


def check_cluster(kubectl: Kubectl, context: str) -> None:
    """Raises ObstacleError where the cluster does not answer, has no hooks, or allows no new namespace."""
    _check_answer(kubectl, context)
    if not kubectl.succeeds("get", "crd", CRD):
        raise ObstacleError(f"The cluster of context {context} has no CustomResourceDefinition {CRD}: {INSTALL}.")
    hooks = kubectl.find(*HOOKS)
    if hooks and not has_condition(hooks, "Available"):
        raise ObstacleError(
            f"The hooks are not ready: `kubectl --context={context} describe {' '.join(HOOKS)}` and its pods tell why."
        )
    if not kubectl.succeeds("auth", "can-i", "create", "namespaces"):
        raise ObstacleError(
            f"The user of context {context} may not make namespaces: choose another with `kubectl config use-context`."
        )


def _check_answer(kubectl: Kubectl, context: str) -> None:
    try:
        kubectl.run("get", "--raw=/version", "--request-timeout=10s")
    except KubectlError as error:
        said = str(error).splitlines()[-1]
        raise ObstacleError(
            f"No cluster answers at context {context}: start it, or choose another with `kubectl config use-context` "
            f"({said})."
        ) from error


def check_ports(kubectl: Kubectl, ports: Iterable[int]) -> None:
    """Raises ObstacleError where a Service has one of the NodePorts; nothing where Services can't be seen."""
    services = kubectl.find("services", "--all-namespaces") or {"items": []}
    owners = {port: name for service in services["items"] for name, port in _list_node_ports(service)}
    taken = [f"{port} (Service {owners[port]})" for port in sorted(ports) if port in owners]
    if taken:
        raise ObstacleError(f"The tests need NodePorts that are taken, so free them: {', '.join(taken)}.")


def _list_node_ports(service: Manifest) -> list[tuple[str, int]]:
    name = f"{service['metadata']['namespace']}/{service['metadata']['name']}"
    return [(name, port["nodePort"]) for port in service["spec"].get("ports", []) if "nodePort" in port]


def check_controller(kubectl: Kubectl, images: Images, seconds: float = ANSWER_SECONDS) -> None:
    """Raises ObstacleError where no controller takes care of a Vk8s; the one that is made for that never has a pod."""
    example = with_images(read_example(), images)
    spec = {"nodes": example["spec"]["nodes"][:1], "paused": True}
    kubectl.apply({**example, "metadata": {"name": "probe"}, "spec": spec})
    try:
        wait_for("a status", lambda: "phase" in (kubectl.find("vk8s", "probe") or {}).get("status", {}), seconds)
    except TimeoutError:
        raise ObstacleError(
            f"Nothing acts on Vk8s objects, as one has no status after {seconds:g} s: see that Metacontroller "
            f"and the hooks run (`kubectl get pods --namespace=vk8s-system`); {INSTALL}."
        ) from None
    kubectl.run("delete", "vk8s", "probe", f"--timeout={DELETE_SECONDS}s")
