"""A database inside that writes without a break: stopped, copied, lost with everything, and back under another name."""

import re
import time
from collections.abc import Iterator
from functools import partial

import pytest

from testbed.host_cluster import HostCluster
from testbed.kubectl import Kubectl, KubectlError
from testbed.waiting import wait_for
from tests.figures import record
from tests.nested.database import CLAIM as DATA
from tests.nested.database import NAME, build_database, read_numbers
from tests.nested.test_backup import SECONDS, STORE, bring_backups, destroy, restore, with_spec
from tests.nested.virtual import VirtualCluster
from tests.nested.workload import build_claim

pytestmark = pytest.mark.exclusive


@pytest.fixture
def backed_up(local: VirtualCluster, machine: HostCluster) -> Iterator[VirtualCluster]:
    """The virtual cluster, with backups into a claim of its owner's."""
    yield from bring_backups(local, machine)


@pytest.mark.nightly("tests/backup/test_volumes.py::test_volumes_come_back_with_content_owner_and_mode")
def test_database_comes_back_with_all_that_it_had_acknowledged(backed_up: VirtualCluster) -> None:
    inside = backed_up.inside
    inside.apply(build_claim(DATA), build_database(inside, "local-worker"))
    wait_for("the first writes", lambda: len(list_numbers(inside)) > 1, SECONDS)
    # Read while it is written: a number that is read was acknowledged before the nodes stop.
    acknowledged = read_numbers(inside)[-1]
    seconds, snapshot = take_cold_backup(backed_up)
    record("cold_backup_s", seconds)
    wait_for("writes after the backup", lambda: is_writing_again(backed_up, acknowledged), SECONDS)
    later = read_numbers(backed_up.inside)[-1]
    destroy(backed_up)

    back = with_spec(backed_up, "back", restoreFrom={**STORE, "name": "local", "snapshot": snapshot})
    restore(back)
    # Other tests may have left volumes on the other node.
    assert "local-worker" in back.kubectl.get("vk8s", "back")["status"]["restoredFrom"]["volumes"].split(",")
    wait_for("the database", lambda: bool(list_numbers(back.inside)), SECONDS, partial(describe, back))
    first = list_numbers(back.inside)[0]
    assert acknowledged <= first < later
    # It has checked its own files before it went on.
    back.inside.run("exec", f"pod/{NAME}", "--container=writer", "--", "/usr/local/bin/etcdctl", "endpoint", "health")


@pytest.mark.nightly("tests/unit/vk8s/plan/test_cold_backups.py")
def test_volume_that_is_not_in_a_backup_is_reported_to_its_claim(backed_up: VirtualCluster) -> None:
    inside = backed_up.inside
    inside.apply(build_claim(DATA), build_database(inside, "local-worker"))
    wait_for("the first writes", lambda: len(list_numbers(inside)) > 1, SECONDS)
    backed_up.kubectl.run("annotate", "vk8s", "local", "--overwrite", "vk8s.sktelecom.com/snapshot=plain")
    wait_for("the snapshot", lambda: read_backup(backed_up).get("request", {}).get("phase") == "Succeeded", SECONDS)
    destroy(backed_up)

    back = with_spec(backed_up, "back", restoreFrom={**STORE, "name": "local"})
    restore(back)
    wait_for("the event", lambda: list_reports(back.inside), SECONDS, partial(describe, back))
    (message,) = set(list_reports(back.inside))
    assert message.startswith("Node local-worker has no data of this volume:")


def list_reports(inside: Kubectl) -> list[str]:
    """What events of the claim say of its data."""
    selector = f"--field-selector=involvedObject.name={DATA},reason=VolumeDataMissing"
    text = inside.run("get", "events", selector, r'--output=jsonpath={range .items[*]}{.message}{"\n"}{end}')
    return text.splitlines()


def take_cold_backup(virtual: VirtualCluster) -> tuple[float, str]:
    """How long one takes until all nodes are Ready again, and the name of its snapshot."""
    start = time.monotonic()
    virtual.kubectl.run("annotate", "vk8s", virtual.name, "--overwrite", "vk8s.sktelecom.com/cold-backup=one")

    def is_over() -> bool:
        cold = read_backup(virtual).get("cold", {})
        assert cold.get("phase") != "Failed", cold
        return bool(cold.get("phase") == "Succeeded")

    wait_for("the cold backup", is_over, 2 * SECONDS, virtual.describe)
    virtual.wait_for_phase("Running")
    return time.monotonic() - start, str(read_backup(virtual)["cold"]["snapshot"])


def read_backup(virtual: VirtualCluster) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = virtual.kubectl.get("vk8s", virtual.name)["status"].get("backup", {})
    return found


def is_writing_again(virtual: VirtualCluster, number: int) -> bool:
    """Whether it has started since, and has written some numbers."""
    numbers = list_numbers(virtual.inside)
    return len(numbers) > 1 and numbers[0] >= number


def list_numbers(inside: Kubectl) -> list[int]:
    try:
        return read_numbers(inside)
    except KubectlError:
        return []


def describe(virtual: VirtualCluster) -> str:
    """What is known of the database while it is waited for."""
    seen = virtual.inside.run("get", "pods,pvc,pv,events", "--output=wide")
    return re.sub(r"^", "  ", seen, flags=re.MULTILINE)
