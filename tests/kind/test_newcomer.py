"""docs/how-to/helm.md: from `helm install` to `kubectl get nodes` in a virtual cluster, as it stands there, timed."""

from tests.figures import record
from tests.kind.newcomer import CRDS_URL, Walk

# As few as a newcomer has the patience for.
COMMANDS = 8


def test_newcomer_is_in_a_virtual_cluster_after_eight_commands(walk: Walk) -> None:
    commands = list(walk.seconds)
    assert len(commands) <= COMMANDS
    assert CRDS_URL.search(commands[0])
    assert commands[1].startswith("helm install ")
    (creation,) = [command for command in commands if command.startswith("kubectl vk8s create ")]
    assert commands[-1].endswith(" -- kubectl get nodes")
    record("newcomer_helm_install_s", walk.seconds[commands[1]])
    record("newcomer_create_s", walk.seconds[creation])
    record("newcomer_s", sum(walk.seconds.values()))
