"""`images/cli`: kubectl vk8s in one file, as a wheel, and for krew."""

import hashlib
import json
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
import yaml

from kubectl_vk8s import VERSION
from kubectl_vk8s.tunnel.place import Tunnel
from testbed.builds import run_build
from testbed.waiting import wait_for
from tests.cli.conftest import FORWARDER, kubectl
from tests.cli.fake_kubectl import FakeKubectl
from tests.cli.objects import SECRET, items, running

__all__ = ["kubectl"]


@pytest.fixture(scope="module")
def built() -> Path:
    """The directory with all of it."""
    return run_build("cli/build.sh", {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"})


def run(program: Path, *arguments: str) -> str:
    """What the program prints, with the Python of the tests, and none of its packages."""
    isolated = [sys.executable, "-S", str(program), *arguments]
    result = subprocess.run(isolated, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_one_file_runs_without_any_package(built: Path, kubectl: FakeKubectl) -> None:
    kubectl.answer("get vk8s", items(running()))
    assert run(built / "kubectl-vk8s", "--version") == f"kubectl vk8s, version {VERSION}\n"
    assert run(built / "kubectl-vk8s", "list", "-o", "name") == "demo\n"
    assert "Nothing is wrong with demo" in run(built / "kubectl-vk8s", "why")


def test_program_completes_by_its_other_name(built: Path, kubectl: FakeKubectl) -> None:
    kubectl.answer("get vk8s", items(running()))
    assert run(built / "kubectl_complete-vk8s", "status", "") == "demo\tRunning\n:4\n"


def test_program_redraws_lines_without_the_markdown_of_rich(built: Path) -> None:
    code = f"import sys; sys.path.insert(0, '{built}/kubectl-vk8s'); import kubectl_vk8s.live"
    subprocess.run([sys.executable, "-S", "-c", code], check=True)


def test_tunnel_is_served_from_the_same_file(
    built: Path, kubectl: FakeKubectl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    kubectl.answer("get vk8s demo", running())
    kubectl.answer("get secret demo-kubeconfig", SECRET)
    kubectl.run("port-forward", f"exec {sys.executable} {FORWARDER} 1 {tmp_path / 'pid'}")
    tunnel = Tunnel("demo", "team-a", port=20123)
    try:
        printed = run(built / "kubectl-vk8s", "credential", *tunnel.arguments)
        assert json.loads(printed)["kind"] == "ExecCredential"
        assert tunnel.is_served
    finally:
        tunnel.end()
        wait_for("its end", lambda: not tunnel.is_served, 30)


def test_file_holds_the_licences_of_its_packages(built: Path) -> None:
    names = zipfile.ZipFile(built / "kubectl-vk8s").namelist()
    assert {"click", "rich"} <= {name.partition("-")[0] for name in names if "LICENSE" in name}


def test_wheel_has_all_files_and_programs(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    assert wheel.name == f"vk8s-{VERSION}-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if name.startswith("kubectl_vk8s/")}
        (entries,) = [archive.read(name).decode() for name in archive.namelist() if name.endswith("entry_points.txt")]
    root = Path(__file__).parents[2]
    sources = {str(path.relative_to(root)) for path in (root / "kubectl_vk8s").rglob("*") if path.is_file()}
    assert packed == {name for name in sources if "/__pycache__/" not in name}
    for program in ("vk8s", "kubectl-vk8s", "kubectl_complete-vk8s"):
        assert f"{program} = kubectl_vk8s.__main__:main\n" in entries


def test_krew_finds_what_its_manifest_describes(built: Path) -> None:
    manifest = yaml.safe_load((built / "vk8s.yaml").read_text())
    assert manifest["spec"]["version"] == f"v{VERSION}"
    assert len(manifest["spec"]["shortDescription"]) <= 50
    (platform,) = manifest["spec"]["platforms"]
    archive = built / "kubectl-vk8s.tar.gz"
    assert platform["sha256"] == hashlib.sha256(archive.read_bytes()).hexdigest()
    with tarfile.open(archive) as opened:
        assert [each["from"] for each in platform["files"]] == opened.getnames()


def test_sums_are_those_of_the_files(built: Path) -> None:
    lines = [line.split() for line in (built / "SHA256SUMS").read_text().splitlines()]
    assert len(lines) == 3
    assert [name for total, name in lines if hashlib.sha256((built / name).read_bytes()).hexdigest() != total] == []
