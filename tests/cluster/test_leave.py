"""The removal of a worker as far as it goes without a kubelet: nothing runs its Job."""

import pytest

from testbed.waiting import wait_for
from tests.cluster.owner import Owner, build_vk8s
from tests.world import node

SECONDS = 60
OF_WORKER = {"Pod/w", "PersistentVolumeClaim/w-state", "Job/w-leave"}


def test_worker_stays_until_its_job_is_done_and_then_its_name_is_free(owner: Owner) -> None:
    owner.run_cluster()
    owner.kubectl.apply(build_vk8s(nodes=[node("m", "master")]))
    before = owner.wait_for_children("Job/w-leave")
    assert set(before) >= OF_WORKER
    says = f"kubectl logs -n {owner.namespace} job/w-leave"
    wait_for("the sentence", lambda: says in owner.condition("Ready")["message"], SECONDS, lambda: str(owner.status()))
    # Written again while it leaves: it leaves all the same, and another one comes.
    owner.kubectl.apply(build_vk8s())
    wait_for("Leaving", lambda: owner.status()["nodes"][1]["reason"] == "Leaving", SECONDS)

    (pod,) = owner.kubectl.get("pods", "--selector=job-name=w-leave")["items"]
    done = '--patch={"status": {"phase": "Succeeded"}}'
    owner.kubectl.run("patch", "pod", pod["metadata"]["name"], "--subresource=status", "--type=merge", done)
    wait_for("another worker", lambda: owner.has_another(before["Pod/w"]), SECONDS)
    assert "Job/w-leave" not in owner.children()


@pytest.mark.nightly("tests/unit/vk8s/plan/test_removals.py")
def test_leave_is_still_to_api_server_and_job(owner: Owner) -> None:
    owner.run_cluster()
    owner.kubectl.apply(build_vk8s(nodes=[node("m", "master")]))
    owner.wait_for_children("Job/w-leave")
    owner.check_stillness()
