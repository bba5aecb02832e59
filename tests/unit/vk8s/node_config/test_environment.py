"""The variables of a node: one table, which the pod, the check at its boot and the units of systemd follow."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.node_config.environment import VARIABLES, Variable, build_environment, write_environment_script
from tests.shared_material import ROOT
from tests.world import World, node, spec

BOOT = ROOT / "hooks" / "vk8s" / "bootstrap"
TAINT = '[{"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}]'
# As a developer who adds one would write it.
SCRATCH = Variable("FEATURE_GATES", lambda cluster, _: cluster.restart or "", default="")


def values(world: World, name: str, variables: Sequence[Variable] = VARIABLES) -> dict[str, str]:
    """What the host cluster would give to the node, with the limits of a machine."""
    cluster = world.cluster
    found = next(each for each in cluster.nodes if each.name == name)
    entries: list[Manifest] = build_environment(cluster, found, variables)
    return {entry["name"]: entry.get("value", "1073741824") for entry in entries}


class TestThePod:
    def test_has_every_variable_that_is_required(self) -> None:
        for name in ("m", "w"):
            given = values(World(), name)
            assert {each.name for each in VARIABLES if each.default is None} <= given.keys()
            assert all(given.values())

    def test_has_an_optional_one_only_where_it_differs_from_its_default(self) -> None:
        optional = {each.name for each in VARIABLES if each.default is not None}
        assert not optional & values(World(), "w").keys()

    @pytest.mark.parametrize(
        ("world", "name", "taints"),
        [
            pytest.param(World(), "m", TAINT, id="a control plane with workers takes no pods"),
            pytest.param(World(), "w", None, id="a worker has no taint"),
            pytest.param(
                World(spec=spec(nodes=[node("m", "master")])),
                "m",
                None,
                id="a node alone has none either",
            ),
        ],
    )
    def test_has_the_taints_of_its_node(self, world: World, name: str, taints: str | None) -> None:
        assert values(world, name).get("TAINTS") == taints

    def test_has_the_name_of_the_others_if_it_is_one_of_several(self) -> None:
        masters = [node(name, "master") for name in ("m", "n", "o")]
        several = World(spec=spec(nodes=[*masters, node("w", "worker")]))
        assert {values(several, name)["ETCD_SERVICE"] for name in "mno"} == {"demo-etcd.team-a.svc.cluster.local"}
        assert "ETCD_SERVICE" not in values(several, "w")
        assert values(several, "w")["API_SERVERS"] == "demo-etcd.team-a.svc.cluster.local"
        assert "API_SERVERS" not in values(several, "m")
        assert "API_SERVERS" not in values(World(), "w")
        assert "ETCD_SERVICE" not in values(World(), "m")

    def test_says_whether_its_storage_is_ephemeral(self) -> None:
        assert values(World(spec=spec(storage={"ephemeral": True})), "w")["EPHEMERAL"] == "true"

    def test_has_the_number_of_its_gpus(self) -> None:
        limits = {"nvidia.com/gpu": 2, "nvidia.com/mig-1g.5gb": "1", "cpu": 4}
        gpus = World(spec=spec(nodes=[node("m", "master"), node("w", "worker", resources={"limits": limits})]))
        assert values(gpus, "w")["GPUS"] == "3"


def boot(root: Path, given: Mapping[str, str], variables: Sequence[Variable] = VARIABLES) -> tuple[int, str]:
    """Status and output of what entrypoint.sh does with the environment, up to /run/vk8s/env, which it prints."""
    for name, text in {
        "environment.sh": write_environment_script(variables),
        "versions": "KUBERNETES_VERSION=v1.34.4\n",
        "preflight.sh": (BOOT / "preflight.sh").read_text(),
    }.items():
        (root / name).write_text(text)
    # The functions of the entrypoint, which would go on to become systemd.
    functions, _, _ = (BOOT / "entrypoint.sh").read_text().partition('\nmain "$@"')
    _, _, functions = functions.partition("\nmain() {")
    script = f"""set -euo pipefail
boot={root} RUN={root}
. "$boot/preflight.sh"
main() {{{functions.replace("/etc/vk8s/versions", f"{root}/versions")}
give_up() {{ echo "$*"; exit 1; }}
list_credentials() {{ :; }}
check_pod
write_environment
. "$RUN/env" # between double quotes, a shell reads it as systemd does
for name in "${{REQUIRED[@]}}" "${{OPTIONAL[@]%%=*}}"; do echo "$name=${{!name}}"; done
"""
    command = ["bash", "-c", script]
    environment = {"PATH": os.environ["PATH"], **given}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ended.stderr == ""
    return ended.returncode, ended.stdout


class TestANode:
    def test_hands_everything_to_its_units(self, tmp_path: Path) -> None:
        given = values(World(), "m")
        status, output = boot(tmp_path, given)
        defaults = {each.name: each.default for each in VARIABLES if each.default is not None}
        assert status == 0
        assert dict(line.split("=", 1) for line in output.splitlines()) == {**defaults, **given}
        assert (tmp_path / "env").read_text().endswith("\nKUBERNETES_VERSION=v1.34.4\n")

    @pytest.mark.parametrize("name", [each.name for each in VARIABLES if each.default is None])
    @pytest.mark.parametrize("how", ["missing", "empty"])
    def test_does_not_boot_without_a_variable_that_is_required(self, tmp_path: Path, name: str, how: str) -> None:
        given = {**values(World(), "m"), name: ""}
        if how == "missing":
            del given[name]
        status, output = boot(tmp_path, given)
        assert (status, output) == (
            1,
            f"The pod has no environment variable {name}: it was not created by this controller.\n",
        )

    @pytest.mark.parametrize("value", ['["a", "b"]', "$HOME `id` \\n", "it's"])
    def test_hands_a_value_on_as_it_is(self, tmp_path: Path, value: str) -> None:
        _, output = boot(tmp_path, {**values(World(), "m"), "TAINTS": value})
        assert f"TAINTS={value}\n" in output


class TestAVariableThatIsAdded:
    """One entry in the table, and nothing else: that is the promise."""

    variables = (*VARIABLES, SCRATCH)

    @pytest.mark.parametrize(
        ("world", "value"),
        [
            pytest.param(World(), "", id="which most virtual clusters do not have"),
            pytest.param(
                World(annotations={"vk8s.sktelecom.com/restart": "Some=true"}), "Some=true", id="which this one has"
            ),
        ],
    )
    def test_reaches_the_units_of_a_node(self, tmp_path: Path, world: World, value: str) -> None:
        given = values(world, "m", self.variables)
        assert given.get("FEATURE_GATES", "") == value
        assert ("FEATURE_GATES" in given) == bool(value)
        status, output = boot(tmp_path, given, self.variables)
        assert status == 0
        assert f"\nFEATURE_GATES={value}\n" in output
        assert f'\nFEATURE_GATES="{value}"\n' in (tmp_path / "env").read_text()

    def test_may_be_missing_in_an_older_pod(self, tmp_path: Path) -> None:
        status, output = boot(tmp_path, values(World(), "m"), self.variables)
        assert status == 0
        assert "\nFEATURE_GATES=\n" in output
