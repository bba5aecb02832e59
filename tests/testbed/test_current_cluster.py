"""Tests in somebody's cluster: blockers are reported with a message, and what they created is deleted."""

import json
from pathlib import Path

import pytest

from testbed.kind.cluster import build_kubectl
from testbed.kubectl import Kubectl
from tests.nested.current import CLUSTER, NO_KIND_CLUSTER, Target, read_target, use_cluster
from tests.nested.host import ACCESS_IMAGE, NODE_IMAGE, Images, read_example_images
from tests.nested.obstacles import ObstacleError, check_controller, check_ports
from tests.testbed.fake_programs import FakePrograms

TARGET = Target(Images("node:v1", "access:v1"))
WELL = {
    "config current-context": "somewhere",
    "config view": "",
    "config set-context": "",
    "get --raw=/version": "{}",
    "get crd": "",
    "get deployment": json.dumps({"status": {"conditions": [{"type": "Available", "status": "True"}]}}),
    "get vk8s probe": '{"status": {"phase": "Paused"}}',
    "get pod client": '{"status": {"hostIP": "10.0.0.1"}}',
}


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakePrograms:
    """Nothing in PATH but what a test puts there."""
    fake = FakePrograms(tmp_path)
    monkeypatch.setenv("PATH", fake.environment["PATH"])
    return fake


def use(target: Target = TARGET) -> None:
    with use_cluster(target):
        pass


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        (
            {"config view": "!error: current-context must exist"},
            "no current context: choose a cluster with `kubectl config",
        ),
        (
            {"get --raw=/version": "!Unable to connect"},
            r"No cluster answers at context somewhere: start it, .*\(.*connect",
        ),
        ({"get crd": "!NotFound"}, "has no CustomResourceDefinition vk8s.vk8s.sktelecom.com: `./install.sh` installs"),
        (
            {"get deployment": '{"status": {}}'},
            "The hooks are not ready: `kubectl --context=somewhere describe deployment",
        ),
        ({"auth can-i": "!no"}, "The user of context somewhere may not make namespaces: choose another"),
    ],
    ids=["no context", "no cluster", "not installed", "hooks that are not ready", "no right to make namespaces"],
)
def test_blocker_is_reported_and_nothing_created(
    programs: FakePrograms, answers: dict[str, str], sentence: str
) -> None:
    programs.add("kubectl", {**answers, **{key: value for key, value in WELL.items() if key not in answers}})
    with pytest.raises(ObstacleError, match=sentence) as obstacle:
        use()
    assert "\n" not in str(obstacle.value)
    assert not [
        call for call in programs.calls() if " create " in call.replace("can-i create", "") or " apply " in call
    ]


@pytest.mark.usefixtures("programs")
def test_without_kubectl_its_documentation_is_named() -> None:
    with pytest.raises(ObstacleError, match="no kubectl in PATH: install it"):
        use()


def test_missing_kind_cluster_is_brought_up_by_kind_up(programs: FakePrograms) -> None:
    programs.add("kubectl", {"config view": "!error: current-context must exist"})
    kubectl = Kubectl(["kubectl", "--kubeconfig=nowhere"])
    with pytest.raises(ObstacleError, match="There is no kind cluster: `make kind-up` brings it up"):
        use(Target(TARGET.images, lambda: kubectl, NO_KIND_CLUSTER))
    (call,) = programs.calls()
    assert call.startswith("kubectl --kubeconfig=nowhere config view")


def test_hooks_installed_in_another_way_are_no_blocker(programs: FakePrograms) -> None:
    programs.add("kubectl", {**WELL, "get deployment": "!NotFound"})
    use()


def list_changes(programs: FakePrograms) -> list[str]:
    """What the calls of kubectl make and delete, in order."""
    calls = (call.partition("/kubeconfig ")[2].partition(" --timeout")[0] for call in programs.calls())
    return [call for call in calls if call.startswith(("create", "delete"))]


def test_namespace_of_the_tests_goes_after_the_virtual_clusters_in_it(programs: FakePrograms) -> None:
    programs.add("kubectl", WELL)
    with use_cluster(TARGET) as host:
        assert (host.machine, host.client.address) == (None, "10.0.0.1")
    assert list_changes(programs) == [
        "create --filename=-",
        "delete vk8s probe",
        "delete vk8s --all",
        f"delete namespace {host.namespace}",
    ]


def break_off() -> None:
    raise KeyboardInterrupt


def test_namespace_goes_when_the_tests_are_broken_off(programs: FakePrograms) -> None:
    programs.add("kubectl", WELL)
    with pytest.raises(KeyboardInterrupt), use_cluster(TARGET):
        break_off()
    assert list_changes(programs)[-1].startswith("delete namespace vk8s-tests-")


def test_namespace_that_cannot_be_deleted_is_named(programs: FakePrograms) -> None:
    programs.add("kubectl", {**WELL, "delete namespace": "!timed out"})
    with pytest.raises(ObstacleError, match=r"Namespace vk8s-tests-\w+ is left, so look what holds"):
        use()


def test_blocker_is_reported_though_the_namespace_stays(programs: FakePrograms) -> None:
    programs.add("kubectl", {**WELL, "wait --for=condition=Ready pod/client": "!", "delete vk8s --all": "!timed out"})
    with pytest.raises(ObstacleError, match=r"No pod of node:v1 and .* Namespace vk8s-tests-\w+ is left, .*timed out"):
        use()


def test_images_that_no_node_can_pull_are_named(programs: FakePrograms) -> None:
    pod = {"status": {"containerStatuses": [{"state": {"waiting": {"reason": "ErrImagePull"}}}]}}
    programs.add("kubectl", {**WELL, "wait --for=condition=Ready pod/client": "!", "get pod client": json.dumps(pod)})
    with pytest.raises(
        ObstacleError, match=r"No pod of node:v1 and access:v1 starts, so see .* pull them: .*ErrImagePull"
    ):
        use()


def test_idle_controller_is_reported(programs: FakePrograms) -> None:
    programs.add("kubectl", {"get vk8s probe": "{}"})
    with pytest.raises(ObstacleError, match=r"Nothing acts on Vk8s objects, .* after 0\.1 s: see that Metacontroller"):
        check_controller(Kubectl(["kubectl"]), read_example_images(), 0.1)


def test_ports_that_are_taken_are_named_with_their_owner(programs: FakePrograms) -> None:
    service = {"metadata": {"namespace": "shop", "name": "web"}, "spec": {"ports": [{"port": 80, "nodePort": 30000}]}}
    programs.add("kubectl", {"get services": json.dumps({"items": [service]})})
    with pytest.raises(ObstacleError, match=r"that are taken, so free them: 30000 \(Service shop/web\)\.$"):
        check_ports(Kubectl(["kubectl"]), {30000, 30022})
    check_ports(Kubectl(["kubectl"]), {30022})


def test_environment_says_where_the_tests_run() -> None:
    images = {NODE_IMAGE: "node:v1", ACCESS_IMAGE: "access:v1"}
    assert read_target({}) is None
    assert read_target({CLUSTER: "testbed", **images}) is None
    assert read_target({CLUSTER: "current", **images}) == TARGET
    assert read_target({CLUSTER: "kind"}) == Target(read_example_images(), build_kubectl, NO_KIND_CLUSTER)


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({CLUSTER: "other"}, "CLUSTER is testbed, current or kind, and not other"),
        ({CLUSTER: "current"}, "Set VK8S_NODE_IMAGE and VK8S_ACCESS_IMAGE to images .* `make node-image`"),
        ({CLUSTER: "current", NODE_IMAGE: "node:v1"}, "Set VK8S_ACCESS_IMAGE to images"),
    ],
    ids=["an unknown cluster", "no images", "one image"],
)
def test_environment_that_cannot_be_meant_is_rejected(environment: dict[str, str], sentence: str) -> None:
    with pytest.raises(ObstacleError, match=sentence):
        read_target(environment)
