"""The documents of a node, filled in, before the programs that read them.

`kubeadm config validate` is strict about the fields of all documents, of kubelet and kube-proxy too, and checks the
values of its own. The values of the others are checked by the kubelet, which is made to end before it begins, and by
kube-proxy, which only writes down what it has read. Both would pass over unknown fields with a line in their logs.
"""

import os
import subprocess
from pathlib import Path

import pytest
import yaml

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.node_config.boot_files import build_boot_files
from testbed import builds
from tests.machine import require_testbed
from tests.shared_material import ROOT
from tests.world import CONTEXT, World, node, spec

BOOT = ROOT / "hooks" / "vk8s" / "bootstrap"
TAINTED, FREE = '[{"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}]', "[]"
VARIABLES = {
    "CERTIFICATE_SECONDS": "31536000",
    "COREDNS_TAG": "v1.12.1",
    "ETCD_TAG": "3.6.5-0",
    "KUBERNETES_VERSION": "v1.34.4",
    "POD_IP": "10.200.0.7",
    "RESERVED_CPU": "2000m",
    "RESERVED_MEMORY": "134217728",
    "TAINTS": TAINTED,
    # As a token may look, and would be taken for a number.
    "TOKEN": "123456.0123456789012345",
    "TOKEN_TTL": "1s",
}
SETS_VARIABLES = ("sentences", "image-store", "etcd-data", "members")
# Refused by the kubelet after it has read and checked its configuration, and before it does anything.
ENDS_AT_ONCE = "--exit-on-lock-contention"
ENDED = "cannot exit on lock file contention"

WORLDS = {
    "as most": World(),
    "names like numbers and booleans": World(name="y", spec=spec(nodes=[node("123", "master"), node("1e3", "worker")])),
    "three control-plane nodes": World(spec=spec(nodes=[node(name, "master") for name in ("m", "n", "o")])),
    "other networks": World(
        spec=spec(kubernetes={"podNetworkCidr": "10.244.0.0/16", "serviceCidr": "10.96.0.0/12", "cni": "none"})
    ),
}


@pytest.fixture(scope="module")
def binaries() -> Path:
    require_testbed()
    return builds.build_binaries()


def fill_in(world: World, name: str, **others: str) -> str:
    """A document as bootstrap/templates.sh makes it on the first node, with `others` of its variables."""
    files = build_boot_files(world.cluster, CONTEXT.scripts).files
    own = {
        "NODE_NAME": world.cluster.nodes[0].name,
        "ETCD_SERVICE": world.cluster.etcd_service,
        "PATH": os.environ["PATH"],
    }
    sourced = "".join(f". {BOOT}/{each}.sh\n" for each in ("templates", *SETS_VARIABLES))
    commands = f'boot={BOOT}\n{sourced}RUN=${{FOLDER:-}}\ndescribe_member\nrender <(printf %s "$1")'
    command = ["bash", "-euc", commands, "bash", files[name]]
    return subprocess.run(
        command, env={**VARIABLES, **own, **others}, capture_output=True, text=True, check=True
    ).stdout


def get_document(world: World, kind: str) -> Manifest:
    documents: list[Manifest] = list(yaml.safe_load_all(fill_in(world, "kubeadm-init.yaml")))
    return next(each for each in documents if each["kind"] == kind)


def run(*command: str | Path) -> tuple[int, str]:
    """Status, and what it says."""
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return ended.returncode, ended.stdout + ended.stderr


class TestKubeadm:
    def validate(self, binaries: Path, text: str, folder: Path) -> tuple[int, str]:
        file = folder / "kubeadm.yaml"
        file.write_text(text)
        return run(binaries / "kubeadm", "config", "validate", f"--config={file}")

    @pytest.mark.parametrize("taints", [TAINTED, FREE], ids=["with workers", "without"])
    @pytest.mark.parametrize("world", WORLDS.values(), ids=WORLDS)
    def test_takes_the_documents_of_a_control_plane(
        self, binaries: Path, tmp_path: Path, world: World, taints: str
    ) -> None:
        text = fill_in(world, "kubeadm-init.yaml", TAINTS=taints)
        assert self.validate(binaries, text, tmp_path) == (0, "ok\n")

    @pytest.mark.parametrize("world", WORLDS.values(), ids=WORLDS)
    def test_takes_what_a_worker_joins_with(self, binaries: Path, tmp_path: Path, world: World) -> None:
        (tmp_path / "discovery.yaml").write_text(fill_in(world, "discovery.yaml"))
        text = fill_in(world, "kubeadm-join.yaml", FOLDER=str(tmp_path))
        assert self.validate(binaries, text, tmp_path) == (0, "ok\n")

    @pytest.mark.parametrize(
        ("field", "typo"),
        [
            ("bootstrapTokens", "bootstrapToken"),
            ("certSANs", "certSans"),
            ("cgroupDriver", "cgroupsDriver"),
            ("conntrack", "contrack"),
        ],
    )
    def test_finds_a_typo_in_each_document(self, binaries: Path, tmp_path: Path, field: str, typo: str) -> None:
        text = fill_in(World(), "kubeadm-init.yaml").replace(f"{field}:", f"{typo}:")
        status, said = self.validate(binaries, text, tmp_path)
        assert status != 0
        assert f'unknown field "{typo}"' in said or f'.{typo}"' in said

    def test_finds_a_value_that_cannot_be(self, binaries: Path, tmp_path: Path) -> None:
        text = fill_in(World(), "kubeadm-init.yaml").replace("198.19.0.0/16", "198.19.0.0/33")
        status, said = self.validate(binaries, text, tmp_path)
        assert status != 0
        assert "198.19.0.0/33" in said


class TestTheKubelet:
    def start(self, binaries: Path, folder: Path, **fields: object) -> str:
        """What the kubelet says about its configuration and that of its pod."""
        file, beside = folder / "kubelet.yaml", folder / "kubelet.conf.d"
        file.write_text(yaml.safe_dump({**get_document(World(), "KubeletConfiguration"), **fields}))
        beside.mkdir()
        (beside / "10-pod.conf").write_text(fill_in(World(), "kubelet-pod.yaml"))
        _, said = run(binaries / "kubelet", f"--config={file}", f"--config-dir={beside}", ENDS_AT_ONCE)
        return said

    def test_takes_its_configuration(self, binaries: Path, tmp_path: Path) -> None:
        said = self.start(binaries, tmp_path)
        assert ENDED in said
        assert "lenient" not in said

    def test_finds_a_value_that_cannot_be(self, binaries: Path, tmp_path: Path) -> None:
        said = self.start(binaries, tmp_path, imageGCHighThresholdPercent=101)
        assert ENDED not in said
        assert "imageGCHighThresholdPercent" in said


class TestKubeProxy:
    def start(self, binaries: Path, folder: Path, **fields: object) -> tuple[int, str]:
        file = folder / "proxy.yaml"
        file.write_text(yaml.safe_dump({**get_document(World(), "KubeProxyConfiguration"), **fields}))
        return run(binaries / "kube-proxy", f"--config={file}", f"--write-config-to={folder / 'read.yaml'}")

    def test_takes_its_configuration(self, binaries: Path, tmp_path: Path) -> None:
        status, said = self.start(binaries, tmp_path)
        assert status == 0
        assert "lenient" not in said
        assert yaml.safe_load((tmp_path / "read.yaml").read_text())["conntrack"]["maxPerCore"] == 0

    def test_finds_a_value_that_cannot_be(self, binaries: Path, tmp_path: Path) -> None:
        status, said = self.start(binaries, tmp_path, mode="nft")
        assert status != 0
        assert "Mode" in said


@pytest.mark.parametrize("world", WORLDS.values(), ids=WORLDS)
def test_worker_finds_its_cluster(binaries: Path, tmp_path: Path, world: World) -> None:
    file = tmp_path / "discovery.yaml"
    file.write_text(fill_in(world, "discovery.yaml"))
    status, said = run(binaries / "kubectl", f"--kubeconfig={file}", "config", "view", "--minify", "--output=yaml")
    assert status == 0
    assert f"server: https://{world.name}-api.team-a.svc.cluster.local:6443" in said
