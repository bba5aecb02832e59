"""hooks/vk8s/bootstrap/entrypoint.sh, with neighbours that do nothing: how the first process of a node ends."""

import re
from dataclasses import replace

from hooks.vk8s.node_config.environment import VARIABLES
from tests.unit.vk8s.bootstrap.bench import BOOT, Node

SOURCED = re.findall(r'^\. "\$boot/(\S+)"$', (BOOT / "entrypoint.sh").read_text(), re.MULTILINE)


def test_node_that_is_stopped_before_it_is_up_has_not_ended_well(node: Node) -> None:
    """A pod whose container ends with 0 when its host stops it has Succeeded, and that is for good."""
    for name in SOURCED:
        if name != "sentences.sh":
            node.write(f"vk8s/boot/{name}")
    # The first function that it calls.
    node.write("vk8s/boot/cgroups.sh", "enter_own_cgroup_namespace() { kill -s RTMIN+3 $$; command sleep 1; exit 9; }")
    ended = node.run("entrypoint.sh")
    assert ended.code == 143
    assert ended.said == ["Asked to stop before the node was up; it stops."]


def test_stopped_first_process_of_a_pod_never_ends_well() -> None:
    traps = [line for path in BOOT.glob("*.sh") for line in path.read_text().splitlines() if "trap '" in line]
    assert [line for line in traps if "exit" in line]
    assert not [line for line in traps if re.search(r"\bexit( 0)?'", line)]


def test_scripts_can_be_read_before_variables_have_their_defaults(node: Node) -> None:
    """A pod has only those that are not as by default, and the others are set once the pod is checked."""
    few = {each.name: node.environment[each.name] for each in VARIABLES if each.default is None}
    ended = replace(node, environment=few).source(" ".join(SOURCED), "true")
    assert (ended.code, ended.output) == (0, "")


def test_no_two_scripts_of_the_watcher_use_a_variable_for_different_things() -> None:
    owners: dict[str, set[str]] = {}
    sourced = re.findall(r'^\. "\$boot/(\S+)"', (BOOT / "watcher.sh").read_text(), re.MULTILINE)
    for script in ["watcher.sh", *sourced]:
        for name in re.findall(r"^([a-z_]+)=", (BOOT / script).read_text(), re.MULTILINE):
            owners.setdefault(name, set()).add(script)
    assert {name: found for name, found in owners.items() if len(found) > 1} == {}
