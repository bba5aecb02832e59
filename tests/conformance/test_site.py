"""The virtual cluster that the specs run in, and how a part of them is run there."""

import base64
import json
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.spec.model import Spec
from hooks.vk8s.spec.validate import check_spec
from testbed.host_cluster import HostCluster
from testbed.kubectl import Kubectl
from testbed.layout import CONFORMANCE
from testbed.waiting import wait_for
from tests.conformance.reports import build_spec, write_report
from tests.conformance.run import SuiteError, build_command, run_part
from tests.conformance.site import NAME, Site, build_vk8s, list_schedulable
from tests.conformance.specs import STORAGE, Choice, Part
from tests.nested.host import build_testbed_host
from tests.nested.place import Place
from tests.nested.virtual import VirtualCluster

PART = Part("parallel", "Conformance", Choice(), 6)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site whose kubectl knows only the kubeconfig, and whose ginkgo copies the report that is next to it, if any."""
    host = build_testbed_host(HostCluster(replace(CONFORMANCE, name="none"), tmp_path))
    secret = json.dumps({"data": {"value": base64.b64encode(b"a kubeconfig").decode()}})
    write_program(tmp_path / "kubectl", f"echo '{secret}'")
    write_program(
        tmp_path / "ginkgo",
        'for each in "$@"; do case $each in --report-dir=*) folder=${each#*=} ;; esac; done',
        f"echo got: KUBECONFIG=$KUBECONFIG; test -e {tmp_path}/report.json || exit 1",
        f'mkdir "$folder/ginkgo"; cp {tmp_path}/report.json "$folder/ginkgo/"',
    )
    kubectl = Kubectl([str(tmp_path / "kubectl")])
    alone = replace(host, kubectl=kubectl, client=replace(host.client, network=Place()))
    virtual = VirtualCluster(alone, build_vk8s("v1.34.4", 1), tmp_path)
    return Site(virtual, virtual.nodes[1:], tmp_path, tmp_path / "kubectl")


def write_program(path: Path, *lines: str) -> None:
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    path.chmod(0o755)


@pytest.mark.parametrize("count", [1, 3, 5])
def test_virtual_cluster_is_one_that_the_hooks_accept(count: int) -> None:
    manifest = build_vk8s("v1.35.4", count)
    spec = Spec.model_validate(manifest["spec"])
    assert check_spec(NAME, spec) == []
    assert len(spec.control_plane) == count
    assert {node.image.rpartition(":")[2] for node in spec.nodes} == {"v1.35.4"}


def build_node(name: str, *taints: str) -> Manifest:
    spec = {"taints": [{"key": key, "effect": "NoSchedule"} for key in taints]} if taints else {}
    return {"metadata": {"name": name}, "spec": spec}


def test_specs_run_wherever_the_control_plane_does_not_keep_pods_away() -> None:
    nodes = [
        build_node("worker-1"),
        build_node("worker-2", "node.kubernetes.io/not-ready"),
        build_node("master-1"),
        build_node("master-2", "node-role.kubernetes.io/control-plane"),
    ]
    assert list_schedulable(nodes) == ["worker-1", "worker-2", "master-1"]


def test_command_names_the_programs_and_where_reports_go(site: Site, tmp_path: Path) -> None:
    command = build_command(site, PART, tmp_path / "out", tmp_path / "config")
    suite = command.index(f"{tmp_path}/e2e.test")
    assert command[:3] == ["env", "--unset=KUBECONFIG", f"{tmp_path}/ginkgo"]
    # ginkgo takes what is before the suite, and the suite what comes after `--`.
    assert "--procs=6" in command[:suite]
    assert command[suite + 1] == "--"
    assert {"--num-nodes=2", f"--kubeconfig={tmp_path}/config", f"--report-dir={tmp_path}/out"} < set(command[suite:])


def test_storage_that_specs_are_about_is_named_to_the_suite(site: Site, tmp_path: Path) -> None:
    part = replace(PART, choice=STORAGE)
    assert f"--storage.testdriver={STORAGE.driver}" in build_command(site, part, tmp_path, tmp_path / "config")
    assert not [each for each in build_command(site, PART, tmp_path, tmp_path / "config") if "testdriver" in each]


def test_part_leaves_its_report_and_output(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", "the host cluster's")
    write_report(tmp_path / "report.json", build_spec("runs"))
    outcome = run_part(site, PART, tmp_path / "out")
    assert [spec.name for spec in outcome.passed] == ["[sig-node] Pods runs"]
    assert (tmp_path / "out" / "parallel" / "output.log").read_text() == "got: KUBECONFIG=\n"
    assert (tmp_path / f"{NAME}.kubeconfig").read_text() == "a kubeconfig"


def test_part_without_a_report_is_an_error_that_names_the_output(site: Site, tmp_path: Path) -> None:
    report = write_report(tmp_path / "report.json", build_spec("runs"))
    run_part(site, PART, tmp_path / "out")
    report.unlink()
    # Nor is that of the run before taken for it.
    with pytest.raises(SuiteError, match=r"parallel: ginkgo has written no report; its output is in .*output\.log"):
        run_part(site, PART, tmp_path / "out")


@pytest.fixture
def interruptible() -> Iterator[None]:
    """A process that was started in the background ignores SIGINT, and Python leaves it so."""
    former = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, former)


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("is_starting", [True, False], ids=["while it starts", "while it runs"])
def test_interrupted_part_leaves_no_process(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_starting: bool
) -> None:
    note, sent, start = tmp_path / "pid", tmp_path / "sent", subprocess.Popen.__init__

    def start_late(process: Any, *args: Any, **options: Any) -> None:
        start(process, *args, **options)
        if str(tmp_path / "ginkgo") in process.args:
            wait_for("the interrupt", sent.exists, 10)

    if is_starting:
        monkeypatch.setattr(subprocess.Popen, "__init__", start_late)
    write_program(tmp_path / "ginkgo", f"sleep 1000 & echo $! >{note}", f"kill -INT $PPID; touch {sent}", "wait")
    with pytest.raises(KeyboardInterrupt):
        run_part(site, PART, tmp_path / "out")
    process = Path("/proc", note.read_text().strip())
    wait_for("the end of what ginkgo has started", lambda: not process.exists() or is_dead(process), 10)


def is_dead(process: Path) -> bool:
    """Whether only its parent has not noticed yet that it has ended."""
    return (process / "stat").read_text().rpartition(")")[2].split()[0] in "ZX"
