"""A database in a pod of a virtual cluster without a registry: the etcd of its own images, and a writer that counts."""

from hooks.kubernetes.manifest import Manifest
from testbed.kubectl import Kubectl

NAME = CLAIM = "database"
# It says which number it goes on with, then each one that etcd has acknowledged, which is after its fsync.
_WRITER = """
until last=$(etcdctl get number --print-value-only); do sleep 0.2; done
echo "${last:-0}"
for ((number = last + 1; ; number++)); do
  etcdctl put number $number >/dev/null && echo $number || exit
  sleep 0.05
done
"""
_PROGRAMS = {"usr": "/usr", "lib": "/usr/lib", "lib64": "/usr/lib64"}


def build_database(inside: Kubectl, node: str) -> Manifest:
    """A Pod on `node` with its data on claim `database`."""
    mounts = {"usr": "/usr", "lib": "/lib", "lib64": "/lib64"}
    image = {"image": _choose_image(inside, node), "imagePullPolicy": "Never"}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": NAME},
        "spec": {
            "containers": [
                {
                    "name": "etcd",
                    **image,
                    "command": ["etcd", "--data-dir=/data/etcd"],
                    "volumeMounts": [{"name": "data", "mountPath": "/data"}],
                },
                {
                    "name": "writer",
                    **image,
                    "command": ["/usr/bin/bash", "-c", _WRITER],
                    "env": [{"name": "PATH", "value": "/usr/local/bin:/usr/bin"}],
                    "volumeMounts": [
                        {"name": volume, "mountPath": path, "readOnly": True} for volume, path in mounts.items()
                    ],
                },
            ],
            "nodeSelector": {"kubernetes.io/hostname": node},
            "terminationGracePeriodSeconds": 0,
            "volumes": [
                *({"name": volume, "hostPath": {"path": path}} for volume, path in _PROGRAMS.items()),
                {"name": "data", "persistentVolumeClaim": {"claimName": CLAIM}},
            ],
        },
    }


def read_numbers(inside: Kubectl) -> list[int]:
    """The number that the writer went on with, and those that were acknowledged since."""
    # A shell that was stopped has said so in the end.
    lines = inside.run("logs", f"pod/{NAME}", "--container=writer").splitlines()
    return [int(line) for line in lines if line.isdigit()]


def _choose_image(inside: Kubectl, node: str) -> str:
    images = inside.get("node", node)["status"]["images"]
    names = [str(name) for image in images for name in image["names"]]
    return next(name for name in names if name.startswith("registry.k8s.io/etcd:"))
