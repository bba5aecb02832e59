"""hooks/vk8s/bootstrap/restore.sh: a control-plane node that initializes its cluster from a snapshot, with fakes."""

import json

import pytest

from tests.authority import Authority
from tests.unit.vk8s.bootstrap.bench import BOOT_FILES, Ended, Node
from tests.unit.vk8s.bootstrap.test_founding import BOOTED_BEFORE, DATA, LOG, NEW, STATE, boot, list_data, write_etcd

SNAPSHOT, META = "4f9c2b7a", f"{STATE}/restore/meta.json"
RESTORED = f"{STATE}/restored"
# The networks of the bench's cluster.
OF_SNAPSHOT = {
    "time": "2026-01-01T03:00:00Z", "name": "prod", "namespace": "team-a", "kubernetesVersion": "v1.34.4",
    "podNetworkCidr": "198.18.0.0/16", "serviceCidr": "198.19.0.0/16", "fetched": SNAPSHOT,
}  # fmt: skip
# Makes the data of etcd; records its arguments.
ETCDUTL = """#!/bin/bash
echo "etcdutl $*" >>bench/calls
while (($# > 1)); do [[ $1 != --data-dir ]] || data=$2; shift; done
mkdir -p "$data/member/wal"
printf restored >"$data/member/wal/0.wal"
"""
# The Nodes of the snapshot; records what is deleted.
ETCDCTL = """#!/bin/bash
echo "etcdctl $*" >>bench/calls
[[ $* != *"get --prefix --keys-only"* ]] || printf '/registry/minions/%s\\n\\n' demo-master w gone
"""
ETCD_THAT_KEEPS_DATA = """data=$data; printf restored >"$data/member/wal/0.wal" """
# With the trap of boot.sh, which speaks up wherever a command fails.
ADAPT = "set -E; trap 'echo failed' ERR; ADMIN=admin.conf; adapt_restored_cluster"
FILES = "sentences.sh preflight.sh state-volume.sh image-store.sh etcd-data.sh restore.sh founding.sh"


def describe(node: Node, **others: object) -> None:
    """Puts a snapshot of a cluster on the volume."""
    node.write(f"{STATE}/restore/etcd.db")
    node.write(META, json.dumps({**OF_SNAPSHOT, **others}, indent=2))


@pytest.fixture
def node(node: Node) -> Node:
    """The first control-plane node of a Vk8s that is to be restored."""
    write_etcd(node, ETCD_THAT_KEEPS_DATA)
    for name, program in (("etcdutl", ETCDUTL), ("etcdctl", ETCDCTL)):
        node.write(f"usr/local/bin/{name}", program).chmod(0o755)
    node.write("etc/vk8s/versions", "KUBERNETES_VERSION=v1.34.4\n")
    node.write("vk8s/boot/kubeadm-init.yaml", BOOT_FILES["kubeadm-init.yaml"])
    describe(node)
    return node.given(
        ROLE="master", NODE_NAME="demo-master", FOUND="true", RESTORE="true", RESTORE_NODES="demo-master w"
    )


def test_cluster_begins_with_the_data_of_the_snapshot(node: Node) -> None:
    ended = boot(node)
    assert ended.code == 0, ended.output
    assert f"restored from snapshot {SNAPSHOT} of Vk8s team-a/prod, of 2026-01-01T03:00:00Z." in ended.output
    assert node.read(LOG) == "restored"
    # It is as large as etcd, and of no use any more.
    assert not node.has(f"{STATE}/restore/etcd.db")
    assert list_data(node) == ["member"]
    assert node.read(RESTORED) == f"{SNAPSHOT}\n"
    # kubeadm finds an existing cluster.
    assert not node.has(NEW)
    (restores,) = [call for call in ended.calls if call.startswith("etcdutl")]
    assert "--bump-revision 1000000000 --mark-compacted" in restores
    assert "--name demo-master --initial-cluster demo-master=https://127.0.0.1:2380" in restores


def test_leases_and_nodes_of_the_time_of_the_snapshot_are_removed(node: Node) -> None:
    deleted = {call.rpartition("/registry/")[2] for call in boot(node).calls if " del " in call}
    assert {"masterleases/", "events/", "configmaps/kube-public/cluster-info", "leases/kube-node-lease/"} <= deleted
    # Nodes that the Vk8s does not have.
    assert {name for name in deleted if name.startswith("minions/")} == {"minions/gone"}


def test_existing_data_is_never_replaced_by_a_snapshot(node: Node) -> None:
    node.write(LOG, "mine")
    node.write(f"{STATE}/owner", "1f6b1f0c-0000-4000-8000-000000000000\n")
    ended = boot(node)
    assert (ended.code, ended.output) == (0, "")
    assert node.read(LOG) == "mine"


def test_snapshot_is_restored_once(node: Node) -> None:
    node.write(BOOTED_BEFORE)
    ended = boot(node)
    assert ended.code == 1
    assert "The state volume has no data of etcd" in ended.output


def test_interrupted_restore_begins_again(node: Node) -> None:
    write_etcd(node, "kill -KILL 0")
    assert boot(node).code < 0
    assert not node.has(LOG)
    write_etcd(node, ETCD_THAT_KEEPS_DATA)
    assert boot(node).code == 0
    assert list_data(node) == ["member"]


@pytest.mark.parametrize(
    ("others", "sentence"),
    [
        pytest.param(
            {"kubernetesVersion": "v1.35.1"},
            "is of Kubernetes v1.35.1, and the image of this node has v1.34.4: write an image with v1.35 or v1.36",
            id="newer",
        ),
        pytest.param({"kubernetesVersion": "v1.32.9"}, "write an image with v1.32 or v1.33", id="two minors older"),
        pytest.param(
            {"serviceCidr": "10.96.0.0/12"},
            "is of a cluster with serviceCidr 10.96.0.0/12, and this one has 198.19.0.0/16",
            id="other Services",
        ),
        pytest.param({"podNetworkCidr": "10.0.0.0/8"}, "with podNetworkCidr 10.0.0.0/8", id="other pods"),
    ],
)
def test_snapshot_of_another_kind_of_cluster_is_rejected(node: Node, others: dict[str, str], sentence: str) -> None:
    describe(node, **others)
    assert_given_up(boot(node), node, sentence)


def test_snapshot_of_the_minor_version_before_is_restored(node: Node) -> None:
    describe(node, kubernetesVersion="v1.33.9")
    assert boot(node).code == 0


def test_description_that_can_not_be_read_is_reported(node: Node) -> None:
    node.write(META, "{}")
    assert_given_up(boot(node), node, "meta.json can't be read: delete it")


def test_missing_snapshot_is_reported(node: Node) -> None:
    (node.root / META).unlink()
    assert_given_up(boot(node), node, "has no snapshot")


def test_snapshot_that_can_not_be_read_is_reported(node: Node) -> None:
    node.write("usr/local/bin/etcdutl", "#!/bin/bash\necho 'Error: expected sha256 [1], got [2]'; exit 1\n")
    assert_given_up(boot(node), node, f"Snapshot {SNAPSHOT} can't be restored: Error: expected sha256 [1], got [2]")


def test_etcd_that_does_not_answer_is_reported(node: Node) -> None:
    node.write("usr/local/bin/etcdctl", "#!/bin/bash\nexit 1\n")
    assert_given_up(boot(node), node, f"The data of snapshot {SNAPSHOT} can't be changed")


def assert_given_up(ended: Ended, node: Node, sentence: str) -> None:
    assert ended.code == 1
    assert sentence in ended.said[-1]
    assert not node.has(f"{DATA}/member")
    assert not node.has(RESTORED)


# When the API server answers


@pytest.fixture
def restored(node: Node) -> Node:
    """The same, in the first boot after the restore, with the authority of the new cluster."""
    node.write(RESTORED, f"{SNAPSHOT}\n")
    node.write("vk8s/pki/ca.crt", Authority().pem)
    node.program(
        "kubectl",
        """case $* in
  *'get nodes'*) printf 'node/%s\\n' demo-master w x ;;
  *'get secrets'*) echo team-a robot-token ;;
esac""",
    )
    return node


def adapt(node: Node) -> list[str]:
    ended = node.source(FILES, ADAPT)
    assert ended.code == 0, ended.output
    return [call for call in ended.calls if "patch" in call]


def test_other_nodes_are_not_ready_until_they_have_joined(restored: Node) -> None:
    nodes = adapt(restored)[0]
    assert "patch node/w node/x --subresource status" in nodes
    assert '"type": "Ready", "status": "False"' in nodes


def test_node_that_is_alone_has_no_others_to_report(restored: Node) -> None:
    restored.program("kubectl", "[[ $* != *'get nodes'* ]] || echo node/demo-master")
    assert adapt(restored) == []


@pytest.mark.parametrize("question", ["get nodes", "get secrets"])
def test_api_that_does_not_answer_fails_the_boot(restored: Node, question: str) -> None:
    restored.program("kubectl", f"[[ $* != *'{question}'* ]]")
    ended = restored.source(FILES, ADAPT)
    assert ended.code == 1
    assert not [call for call in ended.calls if "patch" in call]


def test_tokens_of_another_authority_are_signed_again(restored: Node) -> None:
    (secret,) = [call for call in adapt(restored) if "secret" in call]
    assert "--namespace team-a patch secret robot-token" in secret


def test_tokens_of_the_same_authority_stay(restored: Node) -> None:
    hashed = restored.source(FILES, "hash_authority").said
    describe(restored, authorities={"ca.crt": hashed[0]})
    assert not [call for call in adapt(restored) if "secret" in call]


@pytest.mark.parametrize("stamp", [RESTORED, f"{STATE}/first-boot-complete"])
def test_other_boots_change_nothing(restored: Node, stamp: str) -> None:
    if stamp == RESTORED:
        (restored.root / RESTORED).unlink()
    else:
        restored.write(stamp)
    assert adapt(restored) == []
