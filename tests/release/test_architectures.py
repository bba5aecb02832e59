"""images/build-for.sh: builds for another architecture than that of this machine, by the smallest image."""

import json
import os
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from release.oci import DockerArchive, Layers, read_docker_archive, write_image
from testbed.builds import run_build
from testbed.layout import ROOT
from testbed.waiting import wait_for
from tests.machine import REQUIRED, require_testbed
from tests.release.registry import serve_registry
from tests.testbed.fake_programs import FakePrograms

BUILD_FOR = ROOT / "images" / "build-for.sh"
# The machine in the head of an ELF program.
MACHINES = {"amd64": 62, "arm64": 183}
TOOLS = {
    "amd64": ("x86_64-linux-gnu-gcc", "qemu-x86_64-static"),
    "arm64": ("aarch64-linux-gnu-gcc", "qemu-aarch64-static"),
}
SECONDS = 30
SIGCHLD = 17


def read_own_architecture() -> str:
    return subprocess.run(["go", "env", "GOHOSTARCH"], capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def foreign() -> str:
    """The architecture that this machine does not have; skips the test where its tools are not."""
    (architecture,) = MACHINES.keys() - {read_own_architecture()}
    missing = [tool for tool in TOOLS[architecture] if not shutil.which(tool)]
    if missing and os.environ.get(REQUIRED) != "required":
        pytest.skip(f"missing: {', '.join(missing)}, which `make test` installs")
    return architecture


def build_pause(architecture: str) -> DockerArchive:
    return read_docker_archive(run_build("build-for.sh", arguments=[architecture, "pause/build.sh"]))


def unpack(archive: DockerArchive, directory: Path) -> Path:
    """The program in it."""
    directory.mkdir()
    with tarfile.open(archive.path) as outer, tarfile.open(fileobj=outer.extractfile(archive.layers[0])) as layer:
        layer.extractall(directory, filter="data")
    return directory / "pause"


def catches(process: "subprocess.Popen[bytes]", signal: int) -> bool:
    """Whether the process has said what it does at a signal."""
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    caught = next(int(line.split()[1], 16) for line in lines if line.startswith("SigCgt:"))
    return bool(caught >> (signal - 1) & 1)


def run_build_for(*arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, **variables}
    return subprocess.run([BUILD_FOR, *arguments], env=environment, capture_output=True, text=True, check=False)


def test_image_has_a_program_for_each_architecture(foreign: str, tmp_path: Path) -> None:
    for architecture in (foreign, read_own_architecture()):
        archive = build_pause(architecture)
        assert archive.platform == {"architecture": architecture, "os": "linux"}
        head = unpack(archive, tmp_path / architecture).read_bytes()[:20]
        assert int.from_bytes(head[18:], "little") == MACHINES[architecture]


def test_program_for_the_other_architecture_runs(foreign: str, tmp_path: Path) -> None:
    program = unpack(build_pause(foreign), tmp_path / "pause")
    with subprocess.Popen([program]) as process:
        # It says so last.
        wait_for("pause", lambda: catches(process, SIGCHLD), SECONDS)
        process.terminate()
        assert process.wait(SECONDS) == 0


def test_registry_gives_each_host_what_it_can_run(foreign: str, tmp_path: Path) -> None:
    archives = [build_pause(foreign), build_pause(read_own_architecture())]
    (tmp_path / "layers").mkdir()
    write_image(tmp_path / "pause.oci.tar", archives, Layers(tmp_path / "layers"))
    with serve_registry(tmp_path) as registry:
        image = f"docker://{registry.address}/pause:3"
        push = ["copy", "--all", "--dest-tls-verify=false", f"oci-archive:{tmp_path / 'pause.oci.tar'}", image]
        subprocess.run(["skopeo", "--insecure-policy", *push], capture_output=True, check=True)
        for archive in archives:
            wanted = f"--override-arch={archive.platform['architecture']}"
            inspect = ["skopeo", wanted, "inspect", "--config", "--tls-verify=false", image]
            config = subprocess.run(inspect, capture_output=True, check=True).stdout
            assert json.loads(config) == json.loads(archive.config)


def test_builds_for_the_other_architecture_have_a_cache_of_their_own(foreign: str, tmp_path: Path) -> None:
    script = tmp_path / "build.sh"
    script.write_text('echo "$GOARCH $CC $VK8S_CACHE"; command -v debootstrap')
    relative = os.path.relpath(script, BUILD_FOR.parent)
    result = run_build_for(foreign, relative, VK8S_CACHE="/cache")
    assert result.stdout.splitlines() == [
        f"{foreign} {TOOLS[foreign][0]} /cache/{foreign}",
        str(BUILD_FOR.parent / "foreign" / "debootstrap"),
    ]


def test_builds_for_this_machine_are_as_if_called_directly(tmp_path: Path) -> None:
    script = tmp_path / "build.sh"
    script.write_text('echo "${GOARCH-none} ${CC-none} $VK8S_CACHE $PWD $*"')
    relative = os.path.relpath(script, BUILD_FOR.parent)
    result = run_build_for(read_own_architecture(), relative, "checkout", "v1", VK8S_CACHE="/cache")
    assert result.stdout == f"none none /cache {Path.cwd()} checkout v1\n"


def test_machine_is_made_ready_where_no_build_is_named(foreign: str) -> None:
    for architecture in (foreign, read_own_architecture()):
        result = run_build_for(architecture)
        assert (result.returncode, result.stdout) == (0, "")


def test_missing_tools_are_named_where_there_is_no_apt(tmp_path: Path) -> None:
    (foreign,) = MACHINES.keys() - {read_own_architecture()}
    fake = FakePrograms(tmp_path)
    fake.add("go", {"GOHOSTARCH": read_own_architecture()})
    fake.link("bash", "dirname")
    result = run_build_for(foreign, "pause/build.sh", PATH=f"{tmp_path}/bin:{tmp_path}/system")
    assert result.returncode == 2
    assert result.stderr.startswith(f"Builds for {foreign} need gcc-")
    assert "there is no apt-get to install them with: build on Debian" in result.stderr


@pytest.mark.parametrize(
    ("entries", "why"),
    [
        ([], "binfmt_misc is missing, or mounting is not allowed): run `modprobe binfmt_misc` on the host"),
        (["register"], "/proc/sys/fs/binfmt_misc/register can't be written): build on the host itself"),
    ],
    ids=["missing", "read-only"],
)
def test_kernel_without_formats_of_its_own_is_explained(tmp_path: Path, entries: list[str], why: str) -> None:
    require_testbed()
    (foreign,) = MACHINES.keys() - {read_own_architecture()}
    fake = FakePrograms(tmp_path)
    fake.add("go", {"GOHOSTARCH": read_own_architecture()})
    fake.add("mount", {"binfmt_misc": "!no"})
    for tool in (*TOOLS[foreign], "debootstrap"):
        fake.add(tool, {})
    for entry in entries:
        (tmp_path / "formats" / entry).mkdir(parents=True)  # which nobody can write
    result = run_with_formats(tmp_path / "formats", fake, str(BUILD_FOR), foreign)
    assert result.returncode == 2
    assert result.stderr.startswith(f"This kernel can't start programs for {foreign} ({why}")


def run_with_formats(formats: Path, fake: FakePrograms, *command: str) -> "subprocess.CompletedProcess[str]":
    """Runs a command among fake programs, where the kernel's list of formats is that directory."""
    formats.mkdir(exist_ok=True)
    script = f'/usr/bin/mount --bind {formats} /proc/sys/fs/binfmt_misc && exec "$@"'
    isolate = ["/usr/bin/unshare", "--mount", "--propagation", "private", "/bin/sh", "-c", script, "sh"]
    fake.link("bash", "dirname")
    return subprocess.run([*isolate, *command], env=fake.environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "arguments", [[], ["riscv64"], ["riscv64", "pause/build.sh"]], ids=["none", "alone", "unknown"]
)
def test_usage_is_said_where_the_architecture_is_none(arguments: list[str]) -> None:
    result = run_build_for(*arguments)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == "usage: build-for.sh amd64|arm64 [SCRIPT [ARGUMENT...]]\n"
