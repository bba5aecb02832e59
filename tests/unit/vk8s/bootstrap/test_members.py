"""hooks/vk8s/bootstrap/members.sh: how one of several control-plane nodes becomes a member of the cluster's etcd."""

from pathlib import Path

import pytest

from tests.unit.vk8s.bootstrap.bench import Ended, Node
from tests.unit.vk8s.bootstrap.master import (
    API,
    DATA,
    FIRST_BOOT_COMPLETE,
    LOG,
    NEVER,
    ONCE,
    STARTS_NETWORK,
    STOPS,
    boot,
    inits,
    make_booted,
    order,
    skip,
)
from tests.unit.vk8s.bootstrap.member import (
    FETCHED,
    FETCHES,
    JOINED,
    JOINING,
    MEMBER,
    REJOINS,
    SERVICE,
    make_joined,
    make_member,
    write_etcd,
    write_member,
)

FOUNDERS = "upload-config,upload-certs,bootstrap-token,addon"
CERTIFICATES = "kubeadm init phase certs all"
ID = "8e9e05c52164694d"


@pytest.fixture
def node(node: Node) -> Node:
    """One of several, which is new."""
    return make_member(node)


@pytest.fixture
def joined(node: Node) -> Node:
    """One of several, which has booted before."""
    return make_joined(make_booted(node))


def asked(ended: Ended) -> list[str]:
    """The commands that etcd-member was given."""
    return [call.split()[1] for call in ended.calls_of("etcd-member")]


def list_data(node: Node) -> list[str]:
    return sorted(path.name.partition("-")[0] for path in (node.root / "var/lib/etcd").iterdir())


# A node without data


def test_node_without_data_fetches_that_of_the_others(node: Node) -> None:
    ended = boot(node)
    assert ended.code == 0
    sets_up = f"kubeadm sets up the control plane of this node (details: {node.root}/{LOG} in the node)."
    assert ended.said == [FETCHES, FETCHED, sets_up, API, "This node has joined the control plane."]
    assert asked(ended) == ["join", "await-data", "promote"]
    assert node.read(DATA) == "fetched\n"
    assert list_data(node) == ["member"]
    assert node.read(MEMBER) == f"{ID}\n"
    assert node.has(FIRST_BOOT_COMPLETE)
    assert node.has("run/vk8s/booted")


def test_etcd_joins_with_the_members_and_its_own_name(node: Node) -> None:
    ended = boot(node)
    (call,) = ended.calls_of("etcd")
    for argument in (
        f"--name demo-master --data-dir {node.root}/var/lib/etcd/joining",
        "--initial-cluster demo-master-2=https://b:2380,demo-master=https://a:2380 --initial-cluster-state existing",
        f"--initial-advertise-peer-urls=https://demo-master.{SERVICE}:2380",
        "--listen-peer-urls=https://10.0.0.7:2380",
        f"--peer-cert-file {node.root}/etc/kubernetes/pki/etcd/peer.crt",
    ):
        assert f" {argument} " in f"{call} "


def test_etcd_member_learns_who_the_node_is(node: Node) -> None:
    join, *_ = boot(node).calls_of("etcd-member")
    pki = f"{node.root}/etc/kubernetes/pki/etcd"
    assert join == (
        f"etcd-member join --name demo-master --service {SERVICE} --address 10.0.0.7 --ca {pki}/ca.crt "
        f"--cert {pki}/healthcheck-client.crt --key {pki}/healthcheck-client.key --local https://127.0.0.1:2379"
    )


def test_certificates_are_issued_before_the_others_are_asked(node: Node) -> None:
    ended = boot(node)
    assert inits(ended, node) == [CERTIFICATES, skip(f"{NEVER},{FOUNDERS}")]
    assert order(ended, STOPS, "certs all", "etcd-member join", "--skip-phases", STARTS_NETWORK) == [
        STOPS, "certs all", "etcd-member join", "--skip-phases", STARTS_NETWORK
    ]  # fmt: skip


def test_phases_of_the_cluster_are_left_to_its_first_node(node: Node) -> None:
    boot(node)
    assert not node.has("bench/applied")


def test_reasons_to_wait_are_logged(node: Node) -> None:
    write_member(node, join="echo 'etcd-member: waits for another control-plane node' >&2; echo a=https://a:2380")
    assert "etcd: waits for another control-plane node" in boot(node).said


@pytest.mark.parametrize("interrupted", ["join", "await-data"])
def test_interrupted_join_begins_again(node: Node, interrupted: str) -> None:
    write_member(node, **{interrupted.replace("-", "_"): f"mkdir -p {Path(JOINING).parent}; touch {JOINING}; exit 1"})
    assert boot(node).code == 1
    assert not node.has(DATA)
    assert not node.has("run/vk8s/booted")
    write_member(node)
    ended = boot(node)
    assert ended.code == 0
    assert asked(ended)[0] == "join"
    assert node.read(DATA) == "fetched\n"


def test_etcd_that_ends_while_it_joins_says_why(node: Node) -> None:
    write_etcd(node, """echo $$ >bench/etcd; echo '{"level":"fatal","msg":"no space left on device"}'; exit 1""")
    is_running = "[[ ! -s bench/etcd ]] || kill -0 $(<bench/etcd) 2>/dev/null"
    write_member(node, await_data=f"while {is_running}; do /bin/sleep 0.01; done")
    ended = boot(node)
    assert ended.code == 1
    (said,) = [each for each in ended.said if "could not fetch" in each]
    assert "no space left on device" in said
    assert not node.has(DATA)


def test_first_boot_of_a_node_with_fetched_data_goes_on(node: Node) -> None:
    """It has no vote yet."""
    node.write(DATA, "fetched before\n")
    node.write(JOINED)
    node.write("bench/check", "learner")
    ended = boot(node)
    assert ended.code == 0
    assert asked(ended) == ["check", "promote"]
    assert inits(ended, node) == [CERTIFICATES, skip(f"{NEVER},{FOUNDERS}")]
    assert node.read(DATA) == "fetched before\n"


# A node with data


def test_voter_boots_as_ever(joined: Node) -> None:
    joined.write("bench/check", "voter")
    ended = boot(joined)
    assert ended.code == 0
    assert asked(ended) == ["check", "promote"]
    assert f"etcd-member check --timeout 2s --id {ID} " in ended.calls_of("etcd-member")[0]
    assert inits(ended, joined) == [CERTIFICATES, skip(f"{NEVER},{ONCE}")]
    assert joined.read(DATA) == "of the previous boot\n"


@pytest.mark.parametrize("check", ["echo unknown", "exit 1"], ids=["nobody answers", "the question fails"])
def test_all_control_plane_nodes_start_with_their_data_at_once(joined: Node, check: str) -> None:
    write_member(joined, check=check)
    ended = boot(joined)
    assert ended.code == 0
    assert joined.read(DATA) == "of the previous boot\n"


def test_data_of_a_member_that_was_removed_is_set_aside(joined: Node) -> None:
    joined.write("bench/check", "removed")
    ended = boot(joined)
    assert ended.code == 0
    assert ended.said[:2] == [REJOINS.format(joined.root), FETCHES]
    assert asked(ended) == ["check", "join", "await-data", "promote"]
    assert list_data(joined) == ["member", "removed"]
    assert joined.read(DATA) == "fetched\n"
    # Its Node may be gone as well.
    assert inits(ended, joined)[-1] == skip(f"{NEVER},{FOUNDERS}")


def test_node_that_was_leaving_when_it_was_removed_does_not_return(joined: Node) -> None:
    """It was stopped before it could note that its kubelet has to stop for good."""
    joined.write("var/lib/vk8s/leaving")
    joined.write("bench/check", "removed")
    assert boot(joined).code == 1
    ended = boot(joined)
    assert ended.said == ["This node has been removed from its cluster: it starts no kubelet, and can be deleted."]
    assert joined.read(DATA) == "of the previous boot\n"


def test_node_that_is_leaving_boots_while_it_has_a_vote(joined: Node) -> None:
    joined.write("var/lib/vk8s/leaving")
    joined.write("bench/check", "voter")
    assert boot(joined).code == 0


def test_node_that_is_removed_while_it_boots_boots_again(joined: Node) -> None:
    write_member(joined, promote="exit 3")
    ended = boot(joined)
    assert ended.code == 3
    assert "systemctl --no-block restart vk8s-boot" in ended.calls
    assert not joined.has("run/vk8s/booted")
    assert joined.read(DATA) == "of the previous boot\n"


def test_boot_is_incomplete_until_the_node_has_a_vote(joined: Node) -> None:
    write_member(joined, promote="exit 1")
    ended = boot(joined)
    assert ended.code == 1
    assert not joined.has("run/vk8s/booted")


# The first of them


def test_node_that_was_alone_gets_its_name(node: Node) -> None:
    ended = boot(make_booted(node))
    assert ended.code == 0
    assert asked(ended) == ["check", "rename", "promote"]
    assert node.read(MEMBER) == f"{ID}\n"


def test_first_node_sets_up_the_cluster_as_ever(node: Node) -> None:
    node.write(DATA, "founded\n")
    node.write("run/vk8s/new")
    ended = boot(node)
    assert ended.code == 0
    assert inits(ended, node) == [CERTIFICATES, f"{skip(NEVER)} --skip-token-print"]
    assert asked(ended) == ["check", "rename", "promote"]
    assert "provisioner: vk8s.sktelecom.com/local-storage" in node.read("bench/applied")


def test_node_alone_asks_nobody(joined: Node) -> None:
    assert not asked(boot(joined.given(ETCD_SERVICE="")))
