"""hooks/vk8s/bootstrap/restore.sh with a real etcd: what a restored cluster begins with."""

import subprocess
from pathlib import Path

import pytest

from hooks.server.main import BOOTSTRAP_DIRECTORY
from tests.backup.certificates import Material
from tests.backup.processes import Backup, Etcd, run_etcd
from tests.backup.test_fetch import Node

KEPT = ["/registry/configmaps/default/kept", "/registry/minions/demo-master", "/registry/minions/w"]
FORGOTTEN = [
    "/registry/masterleases/10.0.0.1",
    "/registry/minions/gone",
    "/registry/leases/kube-node-lease/w",
    "/registry/leases/kube-system/kube-scheduler",
    "/registry/secrets/kube-system/bootstrap-token-abcdef",
    "/registry/configmaps/kube-public/cluster-info",
    "/registry/events/default/x",
]
SCRIPT = """set -euo pipefail
boot={boot} SOURCE=/ SNAPSHOTTER=x
. $boot/sentences.sh; . $boot/etcd-data.sh; . $boot/state-volume.sh; . $boot/restore.sh
RUN={folder}/run STATE={volume}/vk8s LOG={folder} NODE_NAME=demo-master VK8S_UID=uid GENERATION=1
SNAPSHOT=$STATE/restore RESTORED_FROM=$STATE/restored RESTORE=true RESTORE_NODES='demo-master w'
ETCDCTL={programs}/etcdctl ETCDUTL={programs}/etcdutl ETCD_PROGRAM=({programs}/etcd)
give_up() {{ echo "$*"; exit 1; }}
refuse_other_cluster() {{ :; }} # what this etcd is of is no matter here
mkdir -p $RUN
restore_etcd_data {folder}/data
"""


@pytest.fixture
def node(backup: Backup, tmp_path: Path) -> Node:
    return Node(backup, tmp_path / "volume")


def restore(node: Node, programs: Path, folder: Path) -> str:
    """What is said; the data is in `<folder>/data` then."""
    values = {"boot": BOOTSTRAP_DIRECTORY, "folder": folder, "volume": node.volume, "programs": programs}
    ended = subprocess.run(
        ["bash", "-c", SCRIPT.format(**values)], capture_output=True, text=True, check=False, timeout=120
    )
    assert ended.returncode == 0, f"{ended.stdout}{ended.stderr}{(folder / 'restore.log').read_text()}"
    return ended.stdout


def test_restored_cluster_has_all_keys_but_those_of_the_time_of_the_snapshot(
    node: Node, etcd: Etcd, etcd_programs: Path, material: Material, tmp_path: Path
) -> None:
    for key in [*KEPT, *FORGOTTEN]:
        etcd.run("put", key, "value")
    node.backup.take()
    etcd.run("put", "/registry/configmaps/default/later", "value")
    node.fetch()
    assert "The cluster is restored from snapshot" in restore(node, etcd_programs, tmp_path)

    with run_etcd(etcd_programs, material, tmp_path / "data", put=False) as restored:
        found = restored.run("get", "--prefix", "--keys-only", "/registry/").split()
        assert sorted(found) == KEPT
        # No watcher of the cluster of before can know such a revision.
        assert '"revision":1000' in restored.run("get", "nothing", "--write-out=json")
        # One that goes on from a revision that it knows must read everything again.
        known = etcd.run("get", "nothing", "--write-out=fields").partition('"Revision" : ')[2].split()[0]
        with pytest.raises(subprocess.CalledProcessError) as refused:
            restored.run("get", "--rev", known, KEPT[0])
        assert "required revision has been compacted" in refused.value.stderr
