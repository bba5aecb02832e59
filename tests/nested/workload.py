"""Something to run in a virtual cluster that has no registry: the node's own programs, in pods of their own.

The pause image is on every node and holds one binary; with the node's /usr mounted read-only a container has curl and
kubectl, which can serve files. Network, DNS and file systems are the pod's own all the same.
"""

from hooks.kubernetes.manifest import Manifest
from testbed.kubectl import Kubectl, KubectlError
from testbed.node import PAUSE_IMAGE
from testbed.waiting import wait_for

PORT = 8080
# Web pods, and the nodes that they are on.
WEB = {"on-master": "local-master", "on-worker": "local-worker"}
WEB_SECONDS = 60
NAME_PATH = "/srv/name"
# A file of every node, and so of every web pod, that takes a while to send.
LARGE_PATH = "/usr/local/bin/kubelet"
# `kubectl proxy` needs no cluster to serve files.
_SERVE = [
    "/usr/local/bin/kubectl",
    "proxy",
    "--server=http://127.0.0.1:1",
    "--www=/",
    "--www-prefix=/",
    "--api-prefix=/unused",
    "--address=0.0.0.0",
    f"--port={PORT}",
    "--accept-hosts=.*",
]


def build_web_pod(name: str, node: str) -> Manifest:
    """A pod on `node` that answers HTTP: its own name, or any file it has; it tolerates the control plane."""
    # A Debian of today has all of it in /usr; elsewhere are links.
    mounts = {"usr": "/usr", "lib": "/lib", "lib64": "/lib64"}
    files = {"items": [{"path": "name", "fieldRef": {"fieldPath": "metadata.name"}}]}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {"app": name}},
        "spec": {
            "containers": [
                {
                    "name": "web",
                    "image": PAUSE_IMAGE,
                    "command": _SERVE,
                    "readinessProbe": {"httpGet": {"path": NAME_PATH, "port": PORT}, "periodSeconds": 1},
                    "volumeMounts": [
                        *({"name": volume, "mountPath": path, "readOnly": True} for volume, path in mounts.items()),
                        {"name": "files", "mountPath": "/srv"},
                    ],
                }
            ],
            "nodeSelector": {"kubernetes.io/hostname": node},
            "terminationGracePeriodSeconds": 0,
            "tolerations": [{"operator": "Exists"}],
            "volumes": [
                {"name": "usr", "hostPath": {"path": "/usr"}},
                {"name": "lib", "hostPath": {"path": "/usr/lib"}},
                {"name": "lib64", "hostPath": {"path": "/usr/lib64"}},
                {"name": "files", "downwardAPI": files},
            ],
        },
    }


def build_hungry_pod(name: str, node: str) -> Manifest:
    """A pod on `node` that takes ever more memory, has no limit of its own, and does not start again."""
    pod = build_web_pod(name, node)
    (web,) = pod["spec"]["containers"]
    container = {key: value for key, value in web.items() if key != "readinessProbe"}
    containers = [{**container, "command": ["/usr/bin/tail", "/dev/zero"]}]
    return {**pod, "spec": {**pod["spec"], "containers": containers, "restartPolicy": "Never"}}


def build_web_deployment(name: str, node: str) -> Manifest:
    """A Deployment of one web pod, which prefers `node` and goes elsewhere when that leaves."""
    fixed = ("nodeSelector", "tolerations")
    term = {"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}]}
    prefers = {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 100, "preference": term}]}
    spec = {key: value for key, value in build_web_pod(name, node)["spec"].items() if key not in fixed}
    return _build_deployment(name, {**spec, "affinity": {"nodeAffinity": prefers}})


def build_pinned_deployment(name: str, node: str) -> Manifest:
    """A Deployment of one web pod, which runs on `node` or nowhere."""
    return _build_deployment(name, build_web_pod(name, node)["spec"])


def _build_deployment(name: str, pod: Manifest) -> Manifest:
    template = {"metadata": {"labels": {"app": name}}, "spec": pod}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {"replicas": 1, "selector": {"matchLabels": {"app": name}}, "template": template},
    }


def with_claim(deployment: Manifest, claim: str) -> Manifest:
    """The Deployment with the claim mounted at /data."""
    template = deployment["spec"]["template"]
    spec = template["spec"]
    (container,) = spec["containers"]
    mounts = [*container["volumeMounts"], {"name": "data", "mountPath": "/data"}]
    volumes = [*spec["volumes"], {"name": "data", "persistentVolumeClaim": {"claimName": claim}}]
    pod = {**spec, "containers": [{**container, "volumeMounts": mounts}], "volumes": volumes}
    return {**deployment, "spec": {**deployment["spec"], "template": {**template, "spec": pod}}}


def build_claim(name: str) -> Manifest:
    """A small claim of the default StorageClass."""
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "10Mi"}}}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name}, "spec": spec}


def build_web_service(name: str) -> Manifest:
    """A Service in front of the web pod of that name."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"selector": {"app": name}, "ports": [{"port": PORT}]},
    }


def start_web(inside: Kubectl) -> None:
    """Creates the web pods of examples/local.yaml, one on each of two nodes, with Services; returns when Ready."""
    # A new cluster lets pods be created only once it has created the service account.
    wait_for("the service account", lambda: inside.find("serviceaccount", "default"), WEB_SECONDS)
    inside.apply(*(build_web_pod(name, node) for name, node in WEB.items()), *map(build_web_service, WEB))
    inside.run("wait", "--for=condition=Ready", *(f"pod/{name}" for name in WEB), f"--timeout={WEB_SECONDS}s")


def build_node_port_service(pod: str, port: int) -> Manifest:
    """A Service through which the web pod of that name is reached at `port` of every node."""
    service = build_web_service(pod)
    ports = [{"port": PORT, "nodePort": port}]
    metadata, spec = {"name": f"{pod}-node-port"}, {**service["spec"], "type": "NodePort", "ports": ports}
    return {**service, "metadata": metadata, "spec": spec}


def with_web_server(daemon_set: Manifest) -> Manifest:
    """The DaemonSet with a web server that needs no registry in place of its own; all else is as it was."""
    spec = build_web_pod("any", "any")["spec"]
    template = daemon_set["spec"]["template"]
    container = {**spec["containers"][0], "ports": template["spec"]["containers"][0]["ports"]}
    pod = {**template["spec"], "containers": [container], "volumes": spec["volumes"]}
    return {**daemon_set, "spec": {**daemon_set["spec"], "template": {**template, "spec": pod}}}


def fetch_name(inside: Kubectl, pod: str, host: str) -> str | None:
    """The name of the web pod that answers `pod` at `host`, or None where none does."""
    url = f"http://{host}:{PORT}{NAME_PATH}"
    try:
        return inside.run("exec", pod, "--", "/usr/bin/curl", "--silent", "--fail", "--max-time", "3", url).strip()
    except KubectlError:
        return None


def fetch_name_by_address(inside: Kubectl, pod: str, server: str) -> str | None:
    """The same for the address that the pod `server` has now: another one after the loss of its node."""
    address = (inside.find("pod", server) or {}).get("status", {}).get("podIP")
    return fetch_name(inside, pod, address) if address else None
