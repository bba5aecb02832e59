"""What the Jobs in a virtual cluster have in common."""

import pytest

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.children.job import Work, build_environment, build_job, build_security_context
from tests.world import World


def build(*containers: Manifest) -> Manifest:
    """The Job for these containers."""
    work = Work("demo-work", {"a": "b"}, {"noted": "x"}, containers, [{"name": "run", "emptyDir": {}}])
    return build_job(World().cluster.identity, work)


@pytest.mark.parametrize(("count", "before"), [(1, 0), (3, 2)], ids=["one step", "three steps"])
def test_containers_run_one_after_the_other(count: int, before: int) -> None:
    containers = [{"name": f"step-{number}"} for number in range(count)]
    pod = build(*containers)["spec"]["template"]["spec"]
    assert pod.get("initContainers", []) == containers[:before]
    assert pod["containers"] == containers[before:]


def test_job_repeats_its_steps_without_a_limit() -> None:
    spec = build({"name": "a"})["spec"]
    assert spec["backoffLimit"] == 2**31 - 1
    assert spec["template"]["spec"]["restartPolicy"] == "OnFailure"


def test_annotations_are_on_the_job_and_labels_on_its_pods_too() -> None:
    job = build({"name": "a"})
    assert job["metadata"]["annotations"] == {"noted": "x"}
    for metadata in (job["metadata"], job["spec"]["template"]["metadata"]):
        assert metadata["labels"].items() >= {"a": "b", "vk8s.sktelecom.com/vk8s": "demo"}.items()


def test_container_of_a_job_has_no_privilege_and_no_token() -> None:
    pod, container = build({"name": "a"})["spec"]["template"]["spec"], build_security_context()
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsUser"] == 65534
    assert (container["capabilities"], container["allowPrivilegeEscalation"]) == ({"drop": ["ALL"]}, False)
    assert container["readOnlyRootFilesystem"] is True


def test_kubectl_finds_the_kubeconfig_of_the_virtual_cluster() -> None:
    assert {"name": "KUBECONFIG", "value": "/vk8s/kubeconfig/config"} in build_environment()
