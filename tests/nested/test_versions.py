"""Another version of the hooks takes over: nothing that runs changes, and what an older one broke is fixed."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from testbed.host_cluster import HostCluster
from testbed.kubectl import has_condition
from testbed.layout import ROOT
from testbed.waiting import wait_for
from tests.nested.conftest import StartHooks
from tests.nested.disk import find_volume
from tests.nested.kill import kill_node
from tests.nested.virtual import VirtualCluster

SECONDS = 120
# Lets hooks answer whose script of that name has the text in its second line.
StartVersion = Callable[[str, str], None]


@pytest.fixture
def start_version(start_hooks: StartHooks, tmp_path: Path) -> StartVersion:
    """Hooks of other versions; those of the checkout answer again afterwards."""

    def start(name: str, text: str) -> None:
        source = tmp_path / name
        shutil.copytree(ROOT / "hooks", source / "hooks", dirs_exist_ok=True)
        script = source / "hooks" / "vk8s" / "bootstrap" / name
        first, _, rest = script.read_text().partition("\n")
        script.write_text(f"{first}\n{text}\n{rest}")
        start_hooks(source)

    return start


def list_boot_files(virtual: VirtualCluster) -> set[str]:
    """Names of the ConfigMaps with bootstrap files."""
    selector = f"--selector=vk8s.sktelecom.com/vk8s={virtual.name},vk8s.sktelecom.com/component=bootstrap"
    return {item["metadata"]["name"] for item in virtual.kubectl.get("configmaps", selector)["items"]}


@pytest.mark.nightly("tests/unit/vk8s/plan/test_boot_files.py")
def test_new_version_changes_no_node_and_no_old_boot(running: VirtualCluster, start_version: StartVersion) -> None:
    # A container that ended a while ago would pause before it starts again, and a new version recreates such pods.
    running.replace_pod("local-worker", SECONDS)
    pods = {node: running.kubectl.get("pod", node) for node in running.nodes}
    old = list_boot_files(running)
    start_version("boot.sh", "# another version")
    # Metacontroller would ask them within five minutes.
    running.kubectl.run("annotate", "vk8s", "local", "example.com/asked=now")
    wait_for("its bootstrap files", lambda: list_boot_files(running) > old, SECONDS, running.describe)
    kill_node(running, "local-worker")

    def has_restarted() -> bool:
        pod = running.kubectl.get("pod", "local-worker")
        counts = [each["status"]["containerStatuses"][0]["restartCount"] for each in (pods["local-worker"], pod)]
        return counts[1] > counts[0] and has_condition(pod)

    wait_for("the restart", has_restarted, SECONDS, running.describe)
    running.wait_for_phase("Running")
    for node, pod in pods.items():
        now = running.kubectl.get("pod", node)
        assert (now["metadata"]["uid"], now["spec"]) == (pod["metadata"]["uid"], pod["spec"])
    assert list_boot_files(running) > old
    # A pod that is made now boots from the new files; with the last of the old ones, their files go.
    for node in running.nodes:
        running.replace_pod(node, SECONDS)
    wait_for("the end of the old files", lambda: not list_boot_files(running) & old, SECONDS, running.describe)
    running.wait_for_phase("Running")
    running.kubectl.run("annotate", "vk8s", "local", "example.com/asked-")


@pytest.mark.nightly("tests/unit/vk8s/plan/test_boot_files.py")
def test_boot_that_a_version_broke_is_fixed_by_the_next(
    local: VirtualCluster, start_version: StartVersion, start_hooks: StartHooks
) -> None:
    local.ensure_absent()
    start_version("entrypoint.sh", "echo -n 'This version is broken.' >/dev/termination-log; exit 1")
    local.kubectl.apply(local.manifest)

    def list_reasons() -> set[str]:
        return {node["reason"] for node in local.kubectl.get("vk8s", "local").get("status", {}).get("nodes", [])}

    wait_for("the loop", lambda: list_reasons() == {"CrashLoopBackOff"}, SECONDS, local.describe)
    assert "has stopped: This version is broken." in str(local.kubectl.get("vk8s", "local")["status"]["conditions"])
    start_hooks()
    local.wait_for_phase("Running")
    local.wait_for_nodes()


@pytest.mark.nightly("tests/unit/vk8s/bootstrap/test_image_store.py")
def test_images_are_copied_where_links_fail_and_for_a_new_image(
    lonely: VirtualCluster, start_version: StartVersion, start_hooks: StartHooks, machine: HostCluster
) -> None:
    # Sourced after the script that tries, on a host where overlayfs can be stacked.
    start_version("templates.sh", "can_link_store() { return 1; }")
    lonely.ensure_running()
    assert "The images of the node are copied into its store" in lonely.kubectl.run("logs", "lonely-master")
    lonely.wait_for_nodes()

    start_hooks()
    volume = find_volume(machine, "lonely-master")
    assert volume
    (volume / "containerd" / ".seeded").write_text("another image\n")
    lonely.replace_pod("lonely-master", SECONDS)
    assert "The images of the node are linked into its store." in lonely.kubectl.run("logs", "lonely-master")
    lonely.wait_for_phase("Running")
    lonely.inside.run("rollout", "status", "deployment/coredns", "--namespace=kube-system", f"--timeout={SECONDS}s")
