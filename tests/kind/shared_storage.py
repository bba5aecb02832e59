"""A volume that can be attached to any host: a directory that all nodes of the kind cluster have."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from hooks.kubernetes.manifest import Manifest
from testbed.kind.cluster import SHARED, SHARED_SOURCE
from testbed.kubectl import Kubectl

CLASS = "shared"


@contextmanager
def provide_volume(kubectl: Kubectl, name: str) -> Iterator[str]:
    """An empty volume for one claim of the StorageClass that is named; both are gone afterwards."""
    kubectl.apply(_build_class(), _build_volume(name))
    try:
        yield CLASS
    finally:
        kubectl.run("delete", "persistentvolume", name, "--wait=false")
        kubectl.run("delete", "storageclass", CLASS)
        shutil.rmtree(SHARED_SOURCE / name, ignore_errors=True)


def _build_class() -> Manifest:
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": CLASS},
        "provisioner": "kubernetes.io/no-provisioner",
        "volumeBindingMode": "WaitForFirstConsumer",
    }


def _build_volume(name: str) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name},
        "spec": {
            "capacity": {"storage": "100Gi"},
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": CLASS,
            "persistentVolumeReclaimPolicy": "Retain",
            "hostPath": {"path": f"{SHARED}/{name}", "type": "DirectoryOrCreate"},
        },
    }
