"""Which Docker `make kind-up` takes, and how it sets up daemon and nodes; programs that only write down calls."""

import json
from pathlib import Path

import pytest

from testbed.kind import daemon, runc_lax
from testbed.kind.cluster import ARCHIVES, SHARED, STORE, Cluster, build_config
from testbed.kind.docker import Docker, DockerError, Leftovers, find_users
from testbed.layout import KIND
from tests.testbed.fake_programs import FakePrograms

PAUSE = "registry.k8s.io/pause:3.10.1"
# A Docker that can do everything.
WELL = {
    "image ls": "sha256:other",
    "load": f"Loaded image: {PAUSE}",
    "image inspect": "sha256:pause",
    "create": "c1",
}
NODE = "registry.example.com/vk8s/kind-node:v1"


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakePrograms:
    """Nothing in PATH but what a test puts there."""
    fake = FakePrograms(tmp_path)
    monkeypatch.setenv("PATH", fake.environment["PATH"])
    return fake


def test_docker_of_the_user_runs_the_nodes_if_it_can(programs: FakePrograms) -> None:
    programs.add("docker", WELL)
    assert find_users(Path("/pause.tar")) == Docker()
    assert programs.calls() == [
        "docker info",
        "docker image ls --quiet --no-trunc",
        "docker load --input /pause.tar",
        f"docker image inspect --format={{{{.Id}}}} {PAUSE}",
        f"docker create --privileged --network=none {PAUSE}",
        "docker start c1",
        "docker rm --force c1",
        f"docker image rm {PAUSE}",
    ]


def test_image_that_the_user_has_stays(programs: FakePrograms) -> None:
    programs.add("docker", {**WELL, "image ls": "sha256:pause"})
    assert find_users(Path("/pause.tar")) == Docker()
    assert f"docker image rm {PAUSE}" not in programs.calls()


def test_docker_that_may_not_run_nodes_is_left_alone(programs: FakePrograms) -> None:
    programs.add("docker", {"start c1": "!error setting rlimits: operation not permitted", **WELL})
    assert find_users(Path("/pause.tar")) is None
    assert programs.calls()[-2:] == ["docker rm --force c1", f"docker image rm {PAUSE}"]


def test_silent_docker_is_not_tried(programs: FakePrograms) -> None:
    programs.add("docker", {"info": "!Cannot connect to the Docker daemon"})
    assert find_users(Path("/pause.tar")) is None
    assert programs.calls() == ["docker info"]


def test_error_says_what_docker_said(programs: FakePrograms) -> None:
    programs.add("docker", {"load": "!no space left on device"})
    with pytest.raises(DockerError, match=r"docker load --input /a\.tar: no space left on device"):
        Docker().load(Path("/a.tar"))


@pytest.mark.parametrize(
    ("mask", "has_it"),
    [("000001ffffffffff", True), ("000001fffeffffff", False), ("0000000000000000", False)],
    ids=["all rights", "all but that", "none"],
)
def test_right_to_set_limits_is_a_capability(mask: str, has_it: bool) -> None:  # noqa: FBT001 - a table
    assert daemon.has_capability(f"Name:\tpython3\nCapPrm:\t{mask}\nCapEff:\t{mask}\n") == has_it


def test_own_daemon_writes_where_the_testbed_does() -> None:
    settings = daemon.build_settings(may_set_limits=True)
    assert settings["cgroup-parent"] == f"/{KIND.network}/containers"
    for name in ("data-root", "exec-root", "pidfile"):
        assert Path(str(settings[name])).parent in {KIND.state, KIND.run}
    assert "default-runtime" not in settings


def test_root_without_that_right_gets_the_lax_runtime() -> None:
    settings = daemon.build_settings(may_set_limits=False)
    assert settings["default-runtime"] == "lax"
    assert settings["runtimes"] == {"lax": {"path": runc_lax.__file__}}


def test_nodes_of_our_image_mount_the_store() -> None:
    config = build_config(NODE, Path("/cache/store"), "172.31.0.2")
    assert config["networking"] == {
        "ipFamily": "ipv4", "kubeProxyMode": "nftables", "apiServerAddress": "172.31.0.2", "apiServerPort": 6443
    }  # fmt: skip
    nodes = config["nodes"]
    assert isinstance(nodes, list)
    assert [node["role"] for node in nodes] == ["control-plane", "worker", "worker"]
    assert {node["image"] for node in nodes} == {NODE}
    for node in nodes:
        read_only = {each["containerPath"]: each["readOnly"] for each in node["extraMounts"]}
        assert read_only == {ARCHIVES: True, STORE: True, SHARED: False}
    patches = config["kubeadmConfigPatches"]
    assert isinstance(patches, list)
    (patch,) = map(json.loads, patches)
    assert patch["kind"] == "ClusterConfiguration"
    assert set(patch) == {"kind", "dns", "etcd"}


def test_nodes_of_kinds_own_image_mount_no_store() -> None:
    config = build_config("kindest/node:v1", None, None)
    assert config["networking"] == {"ipFamily": "ipv4", "kubeProxyMode": "nftables"}
    assert "kubeadmConfigPatches" not in config


def test_cluster_of_a_similar_name_is_another(programs: FakePrograms) -> None:
    for answer, exists in (("my-vk8s\nother", False), ("other\nvk8s", True)):
        programs.add("kind", {"get clusters": answer})
        assert Cluster(Docker(), programs.directory / "bin" / "kind").exists() == exists


def test_only_workers_import_images(programs: FakePrograms) -> None:
    programs.add("docker", {})
    Cluster(Docker(), Path("kind")).import_images([Path("/cache/a.tar"), Path("/cache/b.tar")])
    assert sorted(programs.calls()) == [
        f"docker exec {node} ctr --namespace=k8s.io image import {ARCHIVES}/{name}.tar"
        for node in ("vk8s-worker", "vk8s-worker2")
        for name in ("a", "b")
    ]


def test_leftovers_that_were_there_before_stay(programs: FakePrograms) -> None:
    """The network is also that of another kind cluster of theirs."""
    programs.add("docker", {"image inspect": "!No such image"})
    leftovers = Leftovers(Docker(), programs.directory / "state" / "leftovers.json")
    leftovers.remember("kindest/node:v1", NODE)
    programs.add("docker", {"inspect kindest": "!No such image"})
    # Again, with a cluster that is there: what it has made is not taken for the user's.
    leftovers.remember("kindest/node:v1", NODE)
    leftovers.remove()
    assert [call for call in programs.calls() if " rm " in call] == [f"docker image rm {NODE}"]
