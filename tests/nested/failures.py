"""What may keep an installation of Kubeflow in small from getting on, caused inside the virtual cluster and undone."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from hooks.kubernetes.manifest import Manifest
from testbed.kubectl import Kubectl
from testbed.waiting import wait_for
from tests.nested.kubeflow import LAST_OBJECT, PORT, SECONDS

Change = Callable[[Kubectl], None]


@dataclass(frozen=True)
class Failure:
    """What may block a step. `words`: what the status shows."""

    step: str
    words: str
    cause: Change
    undo: Change

    @contextmanager
    def happening(self, inside: Kubectl) -> Iterator[None]:
        """Meanwhile, no installation ends."""
        self.cause(inside)
        try:
            yield
        finally:
            self.undo(inside)


def refuse_runtimes(inside: Kubectl) -> None:
    """A second webhook of the same server, which accepts nothing."""
    webhook = inside.get("validatingwebhookconfiguration", "validator.trainer.kubeflow.org")["webhooks"][0]
    config = webhook["clientConfig"]
    refusing = {**webhook, "clientConfig": {**config, "service": {**config["service"], "path": "/refuse"}}}
    inside.apply(
        {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingWebhookConfiguration",
            "metadata": {"name": "refusing"},
            "webhooks": [refusing],
        }
    )
    # An API server takes a moment to know it, and to forget it.
    wait_for("a refusal", lambda: not _may_be_touched(inside), SECONDS)


def accept_runtimes(inside: Kubectl) -> None:
    inside.run("delete", "validatingwebhookconfiguration", "refusing")
    wait_for("consent", lambda: _may_be_touched(inside), SECONDS)


def _may_be_touched(inside: Kubectl) -> bool:
    return inside.succeeds("annotate", "--dry-run=server", *LAST_OBJECT, "example.com/touched=now")


def take_port(inside: Kubectl) -> None:
    inside.run("delete", "service", "istio-ingressgateway", "--namespace=istio-system")
    ports = [{"port": 80, "nodePort": PORT}]
    thief = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "thief", "namespace": "default"}}
    inside.apply({**thief, "spec": {"type": "NodePort", "selector": {"app": "thief"}, "ports": ports}})


def free_port(inside: Kubectl) -> None:
    inside.run("delete", "service", "thief", "--namespace=default")


def pin_nowhere(inside: Kubectl) -> None:
    """The manifests don't repair what is not in them."""
    _patch_pipeline(inside, {"nodeSelector": {"kubernetes.io/hostname": "nowhere"}})


def pin_anywhere(inside: Kubectl) -> None:
    _patch_pipeline(inside, {"nodeSelector": None})


def _patch_pipeline(inside: Kubectl, pod: Manifest) -> None:
    patch = json.dumps({"spec": {"template": {"spec": pod}}})
    inside.run("patch", "deployment", "ml-pipeline", "--namespace=kubeflow", "--type=merge", f"--patch={patch}")


def give_dex_another_password(inside: Kubectl) -> None:
    """By hand, next to the Secret that the manifests name; it is the hash of no password."""
    inside.run("set", "env", "deployment/dex", "--namespace=auth", "DEX_USER_PASSWORD=$2y$12$invalid")
    _wait_for_dex(inside)


def give_dex_its_own(inside: Kubectl) -> None:
    inside.run("set", "env", "deployment/dex", "--namespace=auth", "DEX_USER_PASSWORD-")
    _wait_for_dex(inside)


def _wait_for_dex(inside: Kubectl) -> None:
    inside.run("rollout", "status", "deployment/dex", "--namespace=auth", f"--timeout={SECONDS}s")


FAILURES = {
    "a webhook refuses an object": Failure("objects", "no runtime is accepted today", refuse_runtimes, accept_runtimes),
    "another Service has the port": Failure("gateway", "already allocated", take_port, free_port),
    "a Deployment never becomes available": Failure("deployments", "kubeflow/ml-pipeline", pin_nowhere, pin_anywhere),
    "Dex knows another password": Failure(
        "login", "with the password of the Secret", give_dex_another_password, give_dex_its_own
    ),
}
