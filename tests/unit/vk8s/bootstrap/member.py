"""A control-plane node that is one of several, with an etcd and an etcd-member that do what a test says."""

from tests.unit.vk8s.bootstrap.bench import Node
from tests.unit.vk8s.bootstrap.master import DATA, make_master

SERVICE = "demo-etcd.team-a.svc.cluster.local"
JOINED, MEMBER = "var/lib/vk8s/joined", "var/lib/vk8s/etcd-member"
ETCD = "opt/vk8s/store/io.containerd.snapshotter.v1.overlayfs/snapshots/7/fs/usr/local/bin/etcd"
JOINING = "var/lib/etcd/joining/member/wal/0.wal"
FETCHES = "This node has no data of etcd: it joins the other control-plane nodes, and fetches theirs."
FETCHED = "The data of etcd is complete."
REJOINS = (
    "The other control-plane nodes have removed this node's member of etcd. Its data is set aside, in {}/var/lib/etcd."
)
# Serves until it is ended, as etcd does once it has what the others had.
PROGRAM = """#!/bin/bash
cd {root}
printf '%s\\n' "etcd $*" >>bench/calls
{before}
[[ $* != *joining* ]] || {{ mkdir -p {folder} && echo fetched >{joining}; }}
exec /bin/sleep 60
"""
# Of the commands, `check` prints what a test has written, and `await-data` waits for the data.
COMMANDS = {
    "check": "cat bench/check 2>/dev/null || echo unknown",
    "join": "echo 'demo-master-2=https://b:2380,demo-master=https://a:2380'",
    "await-data": f"until [[ -s {JOINING} ]]; do /bin/sleep 0.01; done",
    "rename": "echo 8e9e05c52164694d",
    "promote": "echo 8e9e05c52164694d",
}


def make_member(node: Node) -> Node:
    """One of several control-plane nodes, on an empty volume, which may not initialize the cluster."""
    node = make_master(node)
    (node.root / "run/vk8s/new").unlink()
    write_etcd(node)
    write_member(node)
    return node.given(ETCD_SERVICE=SERVICE)


def make_joined(node: Node) -> Node:
    """The same, with data that it has fetched from the others, and a vote."""
    node.write(DATA, "of the previous boot\n")
    node.write(JOINED, "2026-11-28T00:00:00+00:00\n")
    node.write(MEMBER, "8e9e05c52164694d\n")
    return node


def write_etcd(node: Node, before: str = "") -> None:
    folder = JOINING.rpartition("/")[0]
    text = PROGRAM.format(root=node.root, before=before, folder=folder, joining=JOINING)
    node.write(ETCD, text).chmod(0o755)


def write_member(node: Node, **others: str) -> None:
    """An etcd-member whose commands do this."""
    commands = {**COMMANDS, **{name.replace("_", "-"): text for name, text in others.items()}}
    cases = "".join(f"  {name}) {text} ;;\n" for name, text in commands.items())
    node.program("etcd-member", f'case "$1" in\n{cases}esac')
