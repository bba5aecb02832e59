"""hooks/vk8s/bootstrap/quorum.sh: how the control-plane nodes start over with the data of one, after most were lost."""

from pathlib import Path

import pytest

from tests.unit.vk8s.bootstrap.bench import Ended, Node, answer, refuse
from tests.unit.vk8s.bootstrap.master import DATA, boot, make_booted
from tests.unit.vk8s.bootstrap.member import ETCD, make_joined, make_member, write_etcd, write_member

STAMP = "var/lib/vk8s/members-of"
SERVES = answer("/readyz", "ok")
BEFORE, OTHERS = "of the previous boot\n", "fetched\n"


@pytest.fixture
def node(node: Node) -> Node:
    """One of several, with data of the quorum that was lost."""
    several = make_joined(make_booted(make_member(node)))
    write_etcd(several, SERVES)
    return several


def force(node: Node, named: str = "demo-master.1") -> Ended:
    """A boot in which nothing is ready before etcd has started."""
    starting = f"{refuse('/readyz')}; {answer('/livez/ping', 'ok')}"
    return boot(node.given(MEMBERS_OF=named), {0: starting})


def forces(ended: Ended) -> list[str]:
    return [call for call in ended.calls_of("etcd") if "--force-new-cluster" in call]


def list_aside(node: Node, kind: str) -> dict[str, str]:
    """What is kept, by its folder."""
    folders = sorted((node.root / "var/lib/etcd").glob(f"{kind}-*"))
    return {folder.name: (folder / "wal/0.wal").read_text() for folder in folders}


def test_named_node_goes_on_without_the_others(node: Node) -> None:
    ended = force(node)
    assert ended.code == 0
    (call,) = forces(ended)
    assert f"--data-dir {node.root}/var/lib/etcd --force-new-cluster " in call
    assert "--listen-peer-urls unix://peers --listen-client-urls unix://clients " in call
    assert node.read(DATA) == BEFORE
    assert list_aside(node, "before-force") == {"before-force-1": BEFORE}
    assert node.read(STAMP) == "demo-master.1\n"


def test_others_join_it_without_their_data(node: Node) -> None:
    ended = boot(node.given(MEMBERS_OF="m2.1"))
    assert ended.code == 0
    assert not forces(ended)
    assert ended.said[0].startswith("Control-plane node m2 went on without the others.")
    assert node.read(DATA) == OTHERS
    assert list(list_aside(node, "of-another-quorum").values()) == [BEFORE]
    assert node.read(STAMP) == "m2.1\n"


@pytest.mark.parametrize("role", ["voter", "learner", "removed"])
def test_named_node_joins_the_others_if_they_are_a_quorum(node: Node, role: str) -> None:
    """It has gone on before, and its volume was restored from an old copy since."""
    node.write("bench/check", f"{role}\n")
    ended = force(node)
    assert ended.code == 0
    assert not forces(ended)
    assert ended.said[0].startswith("The other control-plane nodes are a quorum, so this node joins them.")
    assert node.read(DATA) == OTHERS
    assert list(list_aside(node, "of-another-quorum").values()) == [BEFORE]
    assert node.read(STAMP) == "demo-master.1\n"


@pytest.mark.parametrize("named", ["demo-master.1", "m2.1"])
def test_that_happens_once(node: Node, named: str) -> None:
    boot(node.given(MEMBERS_OF=named))
    data = node.read(DATA)
    ended = boot(node.given(MEMBERS_OF=named))
    assert ended.code == 0
    assert not ended.calls_of("etcd")
    assert node.read(DATA) == data


@pytest.mark.parametrize("named", ["demo-master.1", "m2.1"])
def test_node_without_data_joins(node: Node, named: str) -> None:
    """Also that of the name: it has lost its data since."""
    (node.root / DATA).unlink()
    ended = boot(node.given(MEMBERS_OF=named))
    assert ended.code == 0
    assert not forces(ended)
    assert node.read(DATA) == OTHERS
    assert node.read(STAMP) == f"{named}\n"
    assert not boot(node.given(MEMBERS_OF=named)).calls_of("etcd")


def test_second_loss_is_another_case(node: Node) -> None:
    node.write(STAMP, "m2.1\n")
    node.write("var/lib/etcd/before-force-1/wal/0.wal", "long ago")
    assert forces(force(node, "demo-master.2"))
    assert list_aside(node, "before-force") == {"before-force-2": BEFORE}


def test_interrupted_attempt_keeps_the_first_copy(node: Node) -> None:
    """The data may be another by then."""
    write_etcd(node, f"""echo changed >{DATA}; echo '{{"level":"fatal","msg":"no space left on device"}}'; exit 1""")
    ended = force(node)
    assert ended.code == 1
    (said,) = [each for each in ended.said if "could not go on alone" in each]
    assert "no space left on device" in said
    assert not node.has(STAMP)
    write_etcd(node, SERVES)
    assert force(node).code == 0
    assert list_aside(node, "before-force") == {"before-force-1": BEFORE}
    assert node.read(STAMP) == "demo-master.1\n"


def test_interrupted_copy_is_repeated(node: Node) -> None:
    node.write("var/lib/etcd/copying/wal/0.wal", "incomplete")
    force(node)
    assert list_aside(node, "before-force") == {"before-force-1": BEFORE}
    assert not Path(node.root, "var/lib/etcd/copying").exists()


def test_node_that_was_interrupted_while_it_joined_goes_on(node: Node) -> None:
    write_member(node, join="exit 1")
    assert boot(node.given(MEMBERS_OF="m2.1")).code == 1
    write_member(node)
    assert boot(node.given(MEMBERS_OF="m2.1")).code == 0
    assert node.read(DATA) == OTHERS
    assert list(list_aside(node, "of-another-quorum").values()) == [BEFORE]


def test_without_a_loss_nothing_happens(node: Node) -> None:
    (node.root / ETCD).unlink()
    assert boot(node).code == 0
    assert not node.has(STAMP)
    assert node.read(DATA) == BEFORE
