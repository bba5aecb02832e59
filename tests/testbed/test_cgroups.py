"""How the testbed lays out its cgroups: by what the machine has mounted, and by who runs it."""

from pathlib import Path

import pytest

from testbed import cgroups


@pytest.fixture
def version_1(tmp_path: Path) -> Path:
    """A mount as with version 1: a tree per controller, one with a second name, and something that is no tree."""
    for controller in ("memory", "cpu,cpuacct"):
        (tmp_path / controller).mkdir()
        (tmp_path / controller / "cgroup.procs").touch()
    (tmp_path / "cpu").symlink_to("cpu,cpuacct")
    (tmp_path / "unified").mkdir()
    return tmp_path


@pytest.fixture
def version_2(tmp_path: Path) -> Path:
    """A mount as with version 2: one tree, with groups at its top."""
    for file in ("cgroup.controllers", "cgroup.procs", "system.slice/cgroup.procs"):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).touch()
    return tmp_path


def test_with_version_1_there_is_a_tree_per_controller_and_links_are_none(version_1: Path) -> None:
    assert not cgroups.is_version_2(version_1)
    assert cgroups.list_trees(version_1) == [version_1 / "cpu,cpuacct", version_1 / "memory"]


def test_with_version_2_the_mount_is_the_only_tree(version_2: Path) -> None:
    assert cgroups.is_version_2(version_2)
    assert cgroups.list_trees(version_2) == [version_2]


def test_systemd_makes_the_cgroups_of_pods_with_version_2_where_it_runs(version_2: Path, tmp_path: Path) -> None:
    assert cgroups.choose_driver(version_2, tmp_path) == "systemd"
    assert cgroups.choose_driver(version_2, tmp_path / "absent") == "cgroupfs"


def test_kubelet_creates_cgroups_of_version_1_on_any_machine(version_1: Path, tmp_path: Path) -> None:
    assert cgroups.choose_driver(version_1, tmp_path) == "cgroupfs"


def test_slice_has_the_name_that_the_kubelet_derives() -> None:
    assert cgroups.name_slice("vk8s-up") == "vk8s_up.slice"


@pytest.mark.parametrize(
    ("group", "is_pod"),
    [
        pytest.param("kubepods/burstable/pod1e2f", True, id="a pod, made by the kubelet"),
        pytest.param("vk8s_up-kubepods-burstable-pod1e2f_3a.slice", True, id="a pod, made by systemd"),
        pytest.param("vk8s_up-kubepods-burstable.slice", False, id="a class of pods, made by systemd"),
        pytest.param("vk8s_up-kubepods.slice", False, id="all pods, made by systemd"),
        pytest.param("kubepods/burstable", False, id="a class of pods, made by the kubelet"),
        pytest.param("cri-containerd-1e2f.scope", False, id="a container"),
    ],
)
def test_pods_are_known_by_their_names(group: str, *, is_pod: bool) -> None:
    assert cgroups.is_pod(Path(group)) is is_pod


def test_testbed_gets_more_than_the_share_of_one_process(version_1: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = version_1 / "cpu,cpuacct"
    monkeypatch.setattr(cgroups, "list_trees", lambda: [tree])
    (tree / "some").mkdir()
    (tree / "some" / "cpu.shares").write_text("1024")
    assert cgroups.prepare_program("some", "etcd") == [tree / "some" / "programs" / "etcd" / "cgroup.procs"]
    assert (tree / "some" / "cpu.shares").read_text() == "8192"
