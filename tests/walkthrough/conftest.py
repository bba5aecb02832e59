"""A newcomer with a clone of the project, whose `make up` and all that follows is a testbed of these tests."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from testbed import builds, controller
from testbed.host_cluster import HostCluster
from testbed.layout import PAGE_TESTS, ROOT, VARIABLE
from tests.machine import at_work, build_environment, require_testbed
from tests.walkthrough.terminal import Terminal, open_terminal

BACKUP_IMAGE = "registry.example.com/vk8s/backup:0.2.0"
BACK_UP = """kubectl create secret generic backups --from-literal=password=correct-horse
kubectl apply -f - <<END
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: backups}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
END
kubectl patch vk8s local --type=merge --patch '{"spec": {"backup": {
  "schedule": "@yearly", "claim": {"name": "backups"}, "passwordSecretRef": {"name": "backups"}}}}'
kubectl wait vk8s/local --for=condition=Ready --timeout=3m"""
ENVIRONMENT = {**build_environment(), VARIABLE: PAGE_TESTS.name}


@pytest.fixture(scope="package")
def testbed() -> Iterator[None]:
    """No testbed at first, and none is left."""
    require_testbed()
    with at_work():
        make("down")
        try:
            yield
        finally:
            make("down")


@pytest.fixture
def terminal(testbed: None, tmp_path: Path) -> Iterator[Terminal]:  # noqa: ARG001 the shell is nothing without it
    """A shell in the clone; whatever another page has left."""
    with open_terminal(ROOT, ENVIRONMENT, tmp_path) as terminal:
        yield terminal


@pytest.fixture
def up(terminal: Terminal) -> Terminal:
    """The same after `make up`, led to the host cluster: where the tutorial's first section ends."""
    terminal.type('make up\neval "$(make -s env)"')
    return terminal


@pytest.fixture
def backed_up(up: Terminal) -> Iterator[Terminal]:
    """The same with the command, and with backups of `local` into a claim, which `make up` has no image for."""
    machine = HostCluster(PAGE_TESTS, builds.build_binaries())
    machine.import_image(builds.build_backup_image())
    controller.start_hooks(machine, settings={"VK8S_SETTING_BACKUP_IMAGE": BACKUP_IMAGE})
    up.type('make cli\nexport PATH="$PWD/build/cli:$PATH"')
    up.type(BACK_UP)
    yield up
    up.type("kubectl delete vk8s/local pvc/backups secret/backups")
    controller.start_hooks(machine)


def make(target: str) -> None:
    subprocess.run(["make", target], cwd=ROOT, env=ENVIRONMENT, check=True, capture_output=True)
