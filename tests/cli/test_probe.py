"""`doctor --probe`: which hosts are tried, what their pods may do, what is found, and that nothing stays."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from hooks.kubernetes.manifest import Manifest
from kubectl_vk8s.probing import read_script
from kubectl_vk8s.problems import Exit
from tests.cli.conftest import Run
from tests.cli.fake_kubectl import FakeKubectl
from tests.cli.objects import items
from tests.shared_material import ROOT

PROBE = ("doctor", "--probe", "--yes", "--image", "r/vk8s/kink:v1.34.4")
DELETE = "delete pods --selector=app.kubernetes.io/name=vk8s-probe --ignore-not-found"
LOG = "ok\tcgroup v2\t\nproblem\tthe kernel has no veth\ton the host: modprobe veth\n"
WAITING = [{"state": {"waiting": {"reason": "ImagePullBackOff"}}}]
TAINT = {"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}


def build_host(name: str, *taints: Manifest) -> Manifest:
    return {"metadata": {"name": name}, "spec": {"taints": list(taints)} if taints else {}}


def build_pod(host: str, **status: object) -> Manifest:
    return {"metadata": {"name": f"vk8s-probe-{host}"}, "spec": {"nodeName": host}, "status": status}


@pytest.fixture
def hosts(kubectl: FakeKubectl) -> FakeKubectl:
    """A host cluster with two hosts, one of which takes no pods; nothing else of it can be seen."""
    kubectl.answer("get nodes", items(build_host("h-1"), build_host("h-2", TAINT)))
    kubectl.answer("get pods", items(build_pod("h-1", phase="Succeeded")))
    kubectl.answer("logs vk8s-probe-h-1", LOG)
    for call in (DELETE, "create --filename=-", "wait pods"):
        kubectl.answer(call)
    kubectl.refuse("", "Forbidden", "no")
    return kubectl


def list_steps(kubectl: FakeKubectl) -> list[str]:
    """What was asked of pods, in order."""
    asked = [call for call in kubectl.calls if "pods" in call or "create" in call]
    return [call.split()[0] for call in asked if "can-i" not in call]


def test_hosts_are_tried_and_nothing_stays(hosts: FakeKubectl, run: Run) -> None:
    ended = run(*PROBE)
    assert "ok       h-1: cgroup v2.\n" in ended.out
    assert "problem  h-1: the kernel has no veth: on the host: modprobe veth.\n" in ended.out
    assert ended.code == Exit.NEEDS_YOU
    assert list_steps(hosts) == ["delete", "create", "wait", "get", "delete"]


def test_pod_of_a_host_runs_there_with_the_rights_of_a_node(hosts: FakeKubectl, run: Run) -> None:
    run(*PROBE, "--timeout", "90s")
    (pod,) = json.loads(hosts.stdin)["items"]
    assert pod["spec"]["nodeName"] == "h-1"
    assert pod["spec"]["activeDeadlineSeconds"] == 90
    (container,) = pod["spec"]["containers"]
    assert container["image"] == "r/vk8s/kink:v1.34.4"
    assert container["securityContext"] == {"privileged": True}
    assert container["command"] == ["/bin/bash", "-c", read_script()]


def test_host_that_takes_no_pods_is_tried_only_where_it_is_named(hosts: FakeKubectl, run: Run) -> None:
    words = "?        h-2 was not tried: it has taint node-role.kubernetes.io/control-plane; --host h-2 tries it."
    assert words in run(*PROBE).out
    run(*PROBE, "--host", "h-2")
    assert [pod["spec"]["nodeName"] for pod in json.loads(hosts.stdin)["items"]] == ["h-2"]
    unknown = run(*PROBE, "--host", "h-3")
    assert unknown.code == Exit.NOT_FOUND
    assert "The host cluster has no node h-3." in unknown.err


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ({"phase": "Failed", "message": "Pod was active on the node longer than the specified deadline"}, "Pod was"),
        ({"phase": "Pending", "containerStatuses": WAITING}, "ImagePullBackOff"),
        ({}, "its pod is unknown"),
    ],
)  # fmt: skip
def test_host_whose_pod_does_not_end_is_a_problem(status: Manifest, words: str, hosts: FakeKubectl, run: Run) -> None:
    hosts.answer_first("get pods", items(build_pod("h-1", **status)))
    hosts.refuse_first("wait pods", "Timeout", "timed out")
    ended = run(*PROBE)
    assert f"problem  h-1 could not be tried: {words}" in ended.out
    assert list_steps(hosts)[-1] == "delete"


def test_refusal_of_privileged_pods_is_said(hosts: FakeKubectl, run: Run) -> None:
    hosts.refuse_first("create --filename=-", "Forbidden", 'violates PodSecurity "baseline:latest": privileged')
    ended = run(*PROBE)
    assert ended.code == Exit.FAILED
    assert 'violates PodSecurity "baseline:latest"' in ended.err
    assert list_steps(hosts)[-1] == "delete"


def test_nothing_is_created_unasked(hosts: FakeKubectl, run: Run) -> None:
    ended = run("doctor", "--probe", "--image", "r/vk8s/kink:v1.34.4")
    assert "A privileged pod of r/vk8s/kink:v1.34.4 runs for a moment on h-1, and is deleted again." in ended.err
    assert ended.code == Exit.FAILED
    assert list_steps(hosts) == []


def test_image_is_that_of_the_defaults(hosts: FakeKubectl, run: Run) -> None:
    assert "Which node image is there? Write --image." in run("doctor", "--probe", "--yes").err
    hosts.answer_first("get configmap vk8s-defaults", {"data": {"registry": "registry.example.com"}})
    run("doctor", "--probe", "--yes")
    (pod,) = json.loads(hosts.stdin)["items"]
    assert pod["spec"]["containers"][0]["image"] == "registry.example.com/vk8s/kink:v1.34.4"


PROGRAMS = {
    "df": "printf 'Avail\\n51200\\n'", "findmnt": "echo ext4", "hostname": "echo 10.0.0.7 10.0.0.8", "ip": "",
    "modprobe": "", "mount": "", "nft": "cat >/dev/null", "umount": "",
}  # fmt: skip


def try_host(directory: Path, programs: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """What the script finds on this machine with these programs: the mark of each title, and what to do."""
    (directory / "bin").mkdir()
    for name, script in {**PROGRAMS, **programs}.items():
        (directory / "bin" / name).write_text(f"#!/bin/bash\n{script}\n")
        (directory / "bin" / name).chmod(0o755)
    script = read_script().replace("DISK=/disk", f"DISK={directory}")
    command = [shutil.which("bash") or "bash", "-c", script]
    environment = {"PATH": f"{directory / 'bin'}:{os.environ['PATH']}"}
    lines = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.splitlines()
    return {title: (mark, advice) for mark, title, advice in (line.split("\t") for line in lines)}


def test_script_shows_what_each_check_finds(tmp_path: Path) -> None:
    found = try_host(tmp_path, {"nft": "exit 1", "ip": "[[ $* != *vxlan* ]]"})
    assert found["an IPv4 address"] == ("ok", "")
    assert found["the host's kernel has no vxlan"] == ("problem", "run `modprobe vxlan` on the host")
    assert found["the kernel has veth"] == ("ok", "")
    assert [mark for title, (mark, _) in found.items() if "no nftables" in title] == ["problem"]


@pytest.mark.parametrize(("free", "mark"), [(1024, "note"), (51200, "ok")])
def test_script_says_how_much_of_the_disk_is_free(free: int, mark: str, tmp_path: Path) -> None:
    found = try_host(tmp_path, {"df": f"printf 'Avail\\n{free}\\n'"})
    assert found[f"{free // 1024} GiB are free on the host's disk"][0] == mark


def test_checks_are_those_of_the_boot() -> None:
    boot = ROOT / "hooks" / "vk8s" / "bootstrap" / "host.sh"
    assert (ROOT / "kubectl_vk8s" / "host.sh").resolve() == boot
    assert read_script().startswith(boot.read_text())
