"""hooks/vk8s/bootstrap/host.sh: what a node finds on good hosts and on others, and what it says to do."""

from collections.abc import Mapping

import pytest

from tests.unit.vk8s.bootstrap.bench import Node

GROUPS = "sys/fs/cgroup/cgroup.controllers"
# Where the host's tree has the container; the limit of the pod is above it.
OWN_GROUP = "/kubepods/pod-a/node"
POD_PIDS = "sys/fs/cgroup/kubepods/pod-a/pids.max"
REPORT = """report() { printf '%s|%s|%s\\n' "$1" "$2" "${3:-}"; }"""
# In place of this machine's limit of open files.
ANY_FILES = "ulimit() { :; }"
ADDRESSES = "echo '2: eth0    inet 10.0.0.7/24 scope global eth0'"
# The mark of each sentence, and what to do.
Findings = dict[str, tuple[str, str]]


@pytest.fixture
def node(node: Node) -> Node:
    """A pod on a host that has everything."""
    files = {
        "proc/self/uid_map": "         0          0 4294967295\n",
        GROUPS: "cpuset cpu io memory hugetlb pids\n",
        "proc/self/cgroup": f"0::{OWN_GROUP}\n",
        f"sys/fs/cgroup{OWN_GROUP}/pids.max": "max\n",
        POD_PIDS: "max\n",
        "proc/sys/fs/inotify/max_user_instances": "8192\n",
        "proc/sys/fs/inotify/max_user_watches": "524288\n",
        "sys/class/net/eth0/mtu": "1500\n",
    }
    for path, text in files.items():
        node.write(path, text)
    node.program("uname", "echo 6.1.0-49-amd64")
    node.program("ip", f'[[ $* != "-o -4 addr show" ]] || {ADDRESSES}')
    node.program("findmnt", "echo ext4")
    return node


def list_findings(node: Node, files: str = ANY_FILES) -> Findings:
    """What the checks report. `files`: what stands in for the limit of open files."""
    ended = node.source("host.sh", f"{REPORT}\n{files}\ncheck_host {node.root}/var/lib/containerd\ncheck_vxlan")
    assert ended.code == 0
    rows = [line.split("|") for line in ended.output.splitlines()]
    return {sentence: (mark, advice) for mark, sentence, advice in rows}


def test_good_host_has_nothing_to_do(node: Node) -> None:
    found = list_findings(node)
    assert set(found.values()) == {("ok", "")}
    assert list(found)[:3] == ["Kernel 6.1.0-49-amd64", "Root is the host's root", "Cgroups of version 2"]
    assert len(found) == 13


@pytest.mark.parametrize(
    ("programs", "sentence", "advice"),
    [
        ({"uname": "echo 5.10.0-32-amd64"}, "The host's kernel is 5.10.0-32-amd64, and kube-proxy needs", "update"),
        (
            {"mount": "exit 32"},
            "The state volume can't hold containers: overlayfs can't be mounted on",
            "storage class",
        ),
        ({"ip": "[[ $* != *veth* ]]"}, "The host's kernel has no veth", "`modprobe veth`"),
        ({"ip": "[[ $* != *vxlan* ]]"}, "The host's kernel has no vxlan", "`modprobe vxlan`"),
        ({"nft": "exit 1"}, "The host's kernel has no nftables with nat, masquerade or fib", "nft_fib_ipv4`"),
    ],
    ids=["an old kernel", "no overlayfs", "no veth", "no vxlan", "no nftables"],
)
def test_gap_of_the_kernel_is_named(node: Node, programs: Mapping[str, str], sentence: str, advice: str) -> None:
    for name, script in programs.items():
        node.program(name, script)
    check_problem(node, sentence, advice)


@pytest.mark.parametrize(
    ("path", "text", "sentence", "advice"),
    [
        ("proc/self/uid_map", "0 165536 65536\n", "The pod has a user namespace of its own", "hostUsers: true"),
        (GROUPS, "cpu memory pids\n", "The pod's cgroup has no controller cpuset", "delegate"),
        (POD_PIDS, "256\n", "The pod may have 256 processes and threads, and", "podPidsLimit"),
        ("proc/sys/fs/inotify/max_user_instances", "32\n", "The host allows 32 inotify instances and 524288", "sysctl"),
        ("proc/sys/fs/inotify/max_user_watches", "99\n", "The host allows 8192 inotify instances and 99", "sysctl"),
    ],
    ids=["a user namespace", "a cgroup", "processes", "inotify instances", "inotify watches"],
)
def test_gap_of_the_host_is_named(node: Node, path: str, text: str, sentence: str, advice: str) -> None:
    node.write(path, text)
    check_problem(node, sentence, advice)


def check_problem(node: Node, sentence: str, advice: str) -> None:
    """Whether that alone is a problem."""
    problems = {words: todo for words, (mark, todo) in list_findings(node).items() if mark == "problem"}
    (found,) = problems
    assert found.startswith(sentence)
    assert advice in problems[found]


def test_host_without_any_cgroups_is_named(node: Node) -> None:
    (node.root / GROUPS).unlink()
    check_problem(node, "The host has neither cgroup version 2 nor version 1", "on the host")
    for name in ("systemd", "memory"):
        (node.root / "sys" / "fs" / "cgroup" / name).mkdir()
    assert list_findings(node)["Cgroups of version 1"] == ("ok", "")


def test_address_of_another_family_is_named(node: Node) -> None:
    check_problem(
        node.given(POD_IP="fd00::7"), "The pod's address is fd00::7, and nodes need IPv4", "IPv4 address first"
    )


def test_clock_that_was_never_set_is_named(node: Node) -> None:
    """Bash's own clock can't be set: the year that it must have reached is moved instead."""
    script = node.root / "vk8s" / "boot" / "host.sh"
    script.write_text(script.read_text().replace("LEAST_YEAR=2026", "LEAST_YEAR=9999"))
    check_problem(node, "The host's clock says 20", "NTP")


@pytest.mark.parametrize(
    ("path", "text", "sentence"),
    [
        (POD_PIDS, "2048\n", "The pod may have only 2048 processes and threads"),
        ("proc/sys/fs/inotify/max_user_instances", "128\n", "The host allows only 128 inotify instances"),
        ("sys/class/net/eth0/mtu", "1280\n", "The pod's network has an MTU of 1280, which leaves pods inside 1230"),
    ],
    ids=["processes", "inotify", "MTU"],
)
def test_scarce_resource_is_reported(node: Node, path: str, text: str, sentence: str) -> None:
    node.write(path, text)
    noted = [words for words, (mark, _) in list_findings(node).items() if mark == "note"]
    assert len(noted) == 1
    assert noted[0].startswith(sentence)


def test_limit_of_open_files_that_cannot_be_raised_is_reported(node: Node) -> None:
    found = list_findings(node, "ulimit() { [[ $* = -Hn ]] && echo 4096; }")
    assert found["A process may open only 4096 files"][0] == "note"


def test_lowest_limit_of_processes_counts(node: Node) -> None:
    node.write("sys/fs/cgroup/kubepods/pids.max", "300\n")
    node.write(POD_PIDS, "9000\n")
    node.write(f"sys/fs/cgroup{OWN_GROUP}/pids.max", "8000\n")
    check_problem(node, "The pod may have 300 processes", "podPidsLimit")


def test_limit_is_found_in_a_cgroup_namespace_of_the_runtime(node: Node) -> None:
    """The root of the tree is the container's group then."""
    node.write("proc/self/cgroup", "0::/\n")
    node.write("sys/fs/cgroup/pids.max", "300\n")
    check_problem(node, "The pod may have 300 processes", "podPidsLimit")


def test_node_knows_its_group_in_a_cgroup_namespace_of_its_own(node: Node) -> None:
    """Inside, the kernel does not say it any more, and the host's tree is still mounted."""
    files = "sentences.sh host.sh cgroups.sh"
    ended = node.source(files, "enter_own_cgroup_namespace")
    assert ended.calls[-1].endswith(f"--in-own-cgroups {OWN_GROUP}")
    node.write("proc/self/cgroup", "0::/\n")
    node.write(POD_PIDS, "300\n")
    ended = node.source(files, f"{REPORT}\nenter_own_cgroup_namespace --in-own-cgroups {OWN_GROUP}\ncheck_pids")
    assert ended.output.startswith("problem|The pod may have 300 processes")


def test_limit_of_cgroup_version_1_counts(node: Node) -> None:
    (node.root / GROUPS).unlink()
    for name in ("systemd", "memory"):
        (node.root / "sys" / "fs" / "cgroup" / name).mkdir()
    node.write("sys/fs/cgroup/pids/pids.max", "300\n")
    check_problem(node, "The pod may have 300 processes", "podPidsLimit")


def test_first_problem_ends_the_boot_with_what_to_do(node: Node) -> None:
    node.write("dev/termination-log")
    node.program("nft", "exit 1")
    ended = node.source("sentences.sh host.sh preflight.sh cni-none.sh", f"{ANY_FILES}\ncheck_machine")
    sentence = (
        "The host's kernel has no nftables with nat, masquerade or fib: "
        "run `modprobe -a nf_tables nft_chain_nat nft_masq nft_fib_ipv4` on the host."
    )
    assert (ended.code, ended.said) == (1, [sentence])
    assert node.read("dev/termination-log") == sentence


def test_notes_are_said_and_the_boot_goes_on(node: Node) -> None:
    node.write("proc/sys/fs/inotify/max_user_instances", "128\n")
    ended = node.source("sentences.sh host.sh preflight.sh cni-none.sh", f"{ANY_FILES}\ncheck_machine")
    assert ended.code == 0
    assert [said for said in ended.said if "allows only 128 inotify instances" in said] == ended.said
