"""The snapshots in a repository, as restic lists them in a pod: only the host cluster has the keys, and a way there."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from kubectl_vk8s import VERSION, Manifest
from kubectl_vk8s.defaults import read_defaults
from kubectl_vk8s.kubectl import Kubectl, KubectlError, read_events
from kubectl_vk8s.names import backup_cron_job_name
from kubectl_vk8s.probing import describe_pod
from kubectl_vk8s.problems import Exit, ProblemError
from kubectl_vk8s.restoring import Place

CONTAINER: Final = "list"
_CLAIM, _CA, _PASSWORD = "/vk8s/claim", "/vk8s/s3-ca", "password"
_NOBODY: Final = 65534
_ENDED: Final = ("Succeeded", "Failed")


@dataclass(frozen=True)
class Snapshot:
    """A snapshot: its name, when it was taken, and its bytes; None if a version of restic did not record them."""

    name: str
    time: str
    size: int | None


@dataclass(frozen=True)
class Listing:
    """Which snapshots to list: those of the Vk8s at `source`, in `store`. `image`: has restic."""

    source: Place
    store: Manifest
    image: str


def choose_image(kubectl: Kubectl, source: Place) -> str:
    """The image of the Vk8s' own backups, or of the administrator's defaults. ProblemError if neither is known."""
    try:
        found = kubectl.within(source.namespace).find("cronjob", backup_cron_job_name(source.name))
    except KubectlError:
        found = None
    if found:
        return str(found["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]["image"])
    registry = read_defaults(kubectl).registry
    if not registry:
        raise ProblemError(
            "Which image has restic? Write --image, with the image `backup` of this project.", Exit.USAGE
        )
    return f"{registry}/vk8s/backup:{VERSION}"


def list_snapshots(kubectl: Kubectl, listing: Listing, seconds: float) -> list[Snapshot]:
    """The snapshots, the newest first. ProblemError says why they can't be listed."""
    with _running(kubectl, build_pod(listing, seconds)) as name:
        pod = _wait(kubectl, name, seconds)
        status = pod.get("status") or {}
        if status.get("phase") not in _ENDED:
            raise ProblemError(f"After {seconds:.0f} s, the snapshots are not listed: {describe_pod(status)}")
        said = kubectl.run("logs", name, f"--container={CONTAINER}")
    if status["phase"] == "Failed":
        raise ProblemError(f"The snapshots can't be listed: {_explain(said) or describe_pod(status)}")
    found: list[Manifest] = next((json.loads(line) for line in said.splitlines() if line.startswith("[")), [])
    return sorted(map(_read_snapshot, found), key=lambda each: each.time, reverse=True)


def _read_snapshot(found: Manifest) -> Snapshot:
    size = (found.get("summary") or {}).get("total_bytes_processed")
    return Snapshot(found["short_id"], f"{found['time'][:19]}Z", size)


def _explain(said: str) -> str:
    """Restic's reason: the last line, which is JSON with a message, or a text."""
    last = (said.strip().splitlines() or [""])[-1]
    try:
        found = json.loads(last)
    except ValueError:
        return last
    return str(found.get("message", last)) if isinstance(found, dict) else last


@contextmanager
def _running(kubectl: Kubectl, pod: Manifest) -> Iterator[str]:
    """The name of the pod, which is gone afterwards."""
    created = json.loads(kubectl.run("create", "--filename=-", "--output=json", stdin=json.dumps(pod)))
    name = str(created["metadata"]["name"])
    try:
        yield name
    finally:
        kubectl.run("delete", "pod", name, "--ignore-not-found", "--wait=false")


def _wait(kubectl: Kubectl, name: str, seconds: float) -> Manifest:
    """The pod when it has ended, or as it is after so many seconds."""
    pod: Manifest = {}
    with kubectl.watch("pod", name) as watch:
        timer = threading.Timer(seconds, watch.kill)
        timer.start()
        for _, pod in read_events(watch.stdout or []):
            if (pod.get("status") or {}).get("phase") in _ENDED:
                break
        timer.cancel()
        watch.kill()
    return pod


def build_pod(listing: Listing, seconds: float) -> Manifest:
    """A pod as unprivileged as those of backups. restic takes no lock, so rights to read are enough."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"generateName": "vk8s-snapshots-", "labels": {"app.kubernetes.io/name": "vk8s-snapshots"}},
        "spec": {
            "activeDeadlineSeconds": max(1, int(seconds)),
            "automountServiceAccountToken": False,
            "containers": [_build_container(listing)],
            "enableServiceLinks": False,
            "restartPolicy": "Never",
            "securityContext": {"fsGroup": _NOBODY, "runAsGroup": _NOBODY, "runAsUser": _NOBODY, "runAsNonRoot": True},
            "terminationGracePeriodSeconds": 1,
            "volumes": _build_volumes(listing.store),
        },
    }


def _build_container(listing: Listing) -> Manifest:
    return {
        "name": CONTAINER,
        "image": listing.image,
        "command": ["/usr/local/bin/restic", "snapshots", "--json", "--no-cache", "--no-lock", "--tag=vk8s"],
        "args": _list_arguments(listing.store),
        "env": _build_environment(listing),
        "resources": {"requests": {"cpu": "0", "memory": "64Mi"}, "limits": {"cpu": "1", "memory": "512Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "volumeMounts": [
            *([{"name": "claim", "mountPath": _CLAIM, "readOnly": True}] if "claim" in listing.store else []),
            *([{"name": "s3-ca", "mountPath": _CA, "readOnly": True}] if _has_ca(listing.store) else []),
        ],
    }


def _has_ca(store: Manifest) -> bool:
    return "caConfigMapRef" in (store.get("s3") or {})


def _list_arguments(store: Manifest) -> list[str]:
    s3 = store.get("s3") or {}
    return [
        *([] if "passwordSecretRef" in store else ["--insecure-no-password"]),
        *([f"--option=s3.region={s3['region']}"] if "region" in s3 else []),
        *([f"--cacert={_CA}/ca.crt"] if _has_ca(store) else []),
    ]


def _build_environment(listing: Listing) -> list[Manifest]:
    s3, password = listing.store.get("s3"), listing.store.get("passwordSecretRef")
    keys = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY") if s3 else ()
    return [
        {"name": "RESTIC_REPOSITORY", "value": _build_repository(listing)},
        *(_build_secret(key, (s3 or {})["credentialsSecretRef"]["name"], key) for key in keys),
        *([_build_secret("RESTIC_PASSWORD", password["name"], password.get("key", _PASSWORD))] if password else []),
    ]


def _build_repository(listing: Listing) -> str:
    s3, path = listing.store.get("s3"), f"{listing.source.namespace}/{listing.source.name}"
    if s3 is None:
        return f"{_CLAIM}/{path}"
    place = "/".join(filter(None, [s3["endpoint"].rstrip("/"), s3["bucket"], s3.get("prefix"), path]))
    return f"s3:{place}"


def _build_secret(variable: str, name: str, key: str) -> Manifest:
    return {"name": variable, "valueFrom": {"secretKeyRef": {"name": name, "key": key}}}


def _build_volumes(store: Manifest) -> list[Manifest]:
    claim, ca = store.get("claim"), (store.get("s3") or {}).get("caConfigMapRef")
    items = [{"key": ca.get("key", "ca.crt"), "path": "ca.crt"}] if ca else []
    return [
        *([{"name": "claim", "persistentVolumeClaim": {"claimName": claim["name"]}}] if claim else []),
        *([{"name": "s3-ca", "configMap": {"name": ca["name"], "items": items}}] if ca else []),
    ]
