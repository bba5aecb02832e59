"""Which specs run: all of Conformance unless something else is asked for, and those marked Serial apart."""

import re
from collections.abc import Sequence
from dataclasses import replace

import pytest
import yaml

from testbed.layout import ROOT
from tests.conformance.__main__ import FIGURES, PARTS, choose, parse_arguments
from tests.conformance.specs import ALL, POLICIES, QUICK, STORAGE, Choice, plan_again, plan_parts, plan_quick


def list_filters(choice: Choice) -> list[str]:
    arguments = [part.build_arguments() for part in plan_parts(choice, 6, PARTS)]
    return [next(each for each in part if each.startswith("--label-filter=")) for part in arguments]


def test_conformance_runs_in_two_parts() -> None:
    assert list_filters(Choice()) == ["--label-filter=Conformance && !Serial", "--label-filter=Conformance && Serial"]


def test_focus_takes_the_place_of_conformance() -> None:
    choice = Choice(focus=("Netpol",), skip=("SCTP", "stress"))
    assert list_filters(choice) == ["--label-filter=!Serial", "--label-filter=Serial"]
    for part in plan_parts(choice, 6, PARTS):
        assert {"--focus=Netpol", "--skip=SCTP", "--skip=stress"} < set(part.build_arguments())


def test_specs_marked_serial_have_one_process() -> None:
    assert [part.processes for part in plan_parts(Choice(), 4, PARTS)] == [4, 1]


def test_only_the_part_that_is_asked_for_runs() -> None:
    assert [part.name for part in plan_parts(Choice(), 6, ["serial"])] == ["serial"]


@pytest.mark.parametrize("arguments", [["--focus=x"], ["--skip=x"], ["--policies", "--skip=x"]])
def test_run_with_an_expression_is_not_recorded(arguments: list[str]) -> None:
    assert not choose(parse_arguments(arguments)).name
    assert choose(parse_arguments(arguments[:-1])).name


def test_expressions_choose_among_the_specs_of_a_choice() -> None:
    left_out = choose(parse_arguments(["--storage", "--skip=subPath"]))
    assert left_out == replace(STORAGE, skip=(*STORAGE.skip, "subPath"), name="")
    focused = choose(parse_arguments(["--storage", "--focus=subPath"]))
    assert (focused.focus, focused.driver) == (("subPath",), STORAGE.driver)


def test_each_choice_is_recorded_as_something_else() -> None:
    choices = [choose(parse_arguments(each)) for each in ([], ["--policies"], ["--storage"])]
    assert choices == [ALL, POLICIES, STORAGE]
    assert {each.name for each in choices} == set(FIGURES)


def test_failed_specs_are_found_again_by_their_whole_names() -> None:
    name = "[sig-node] Pods should be (a|b) [Conformance]"
    part = plan_again([name], STORAGE)
    (expression,) = part.choice.focus
    # What ginkgo compares begins with the name of the suite.
    assert re.search(expression, f"Kubernetes e2e suite {name}")
    assert not re.search(expression, f"Kubernetes e2e suite {name} and more")
    assert part.processes == 1
    assert part.choice.driver == STORAGE.driver
    assert part.labels == ""


def test_quick_specs_are_of_every_area_and_none_is_alone() -> None:
    areas = {re.match(r"\[sig-([\w-]+)\]", name)[1] for name in QUICK}  # type: ignore[index]
    assert areas == {
        *("api-machinery", "apps", "auth", "cli", "instrumentation", "network", "node", "scheduling", "storage"),
    }
    assert all("[Serial]" not in name and name.endswith("[Conformance]") for name in QUICK)
    part = plan_quick()
    assert all(any(re.search(each, f"suite {name}") for each in part.choice.focus) for name in QUICK)
    assert len(part.choice.focus) == len(QUICK)


def test_command_line_takes_several_expressions() -> None:
    options = parse_arguments(["--focus=a", "--focus", "b", "--control-plane-nodes", "3", "--kubernetes=next"])
    assert (options.focus, options.control_plane_nodes, options.kubernetes) == (["a", "b"], 3, "next")
    assert parse_arguments([]).focus == []


@pytest.mark.parametrize("wrong", [["--control-plane-nodes=2"], ["--kubernetes=v1.36"], ["--part=all"]])
def test_impossible_choice_is_rejected_with_the_possible_ones(
    wrong: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        parse_arguments(wrong)
    assert "choose from" in capsys.readouterr().err


def is_chosen(name: str, choice: Choice) -> bool:
    def matches(expressions: Sequence[str]) -> bool:
        return any(re.search(each, f"Kubernetes e2e suite {name}") for each in expressions)

    return matches(choice.focus) and not matches(choice.skip)


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        (
            "[sig-network] Netpol NetworkPolicy between server and client should support a 'default-deny-all' policy",
            True,
        ),
        ("[sig-network] Netpol [LinuxOnly] NetworkPolicy between server and client using UDP should enforce", True),
        ("[sig-network] Netpol [Feature:SCTPConnectivity] [LinuxOnly] NetworkPolicy between server and client", False),
        ("[sig-network] Networking should provide Internet connection for containers", False),
    ],
)
def test_specs_of_policies_are_those_that_this_network_can_pass(name: str, *, is_one: bool) -> None:
    assert is_chosen(name, POLICIES) is is_one


@pytest.mark.parametrize(
    ("pattern", "name", "is_one"),
    [
        ("Dynamic PV (default fs)", "subPath should support existing directory", True),
        ("Dynamic PV (default fs)", "provisioning should provision storage with pvc data source", False),
        ("Dynamic PV (default fs)(allowExpansion)", "volume-expand should resize volume when PVC is edited", False),
        ("Dynamic PV (ext4)", "volumes should store data", False),
        ("Dynamic PV (immediate binding)", "topology should provision a volume", False),
        ("Dynamic PV (delayed binding)", "topology should provision a volume", True),
        ("Dynamic PV (filesystem volmode)", "volumeMode should not mount / map unused volumes in a pod", True),
        ("Generic Ephemeral-volume (default fs) (late-binding)", "ephemeral should create read/write volume", True),
        ("Generic Ephemeral-volume (default fs) (immediate-binding)", "ephemeral should create a volume", False),
        ("Inline-volume (default fs)", "volumes should store data", False),
    ],
)
def test_specs_of_storage_are_those_that_the_default_class_can_pass(pattern: str, name: str, *, is_one: bool) -> None:
    whole = f"External Storage [Driver: local-storage] [Testpattern: {pattern}] {name}"
    assert is_chosen(whole, STORAGE) is is_one
    assert not is_chosen(whole.replace("local-storage", "csi-hostpath"), STORAGE)


def test_driver_is_the_class_that_every_virtual_cluster_has() -> None:
    assert STORAGE.driver
    driver = yaml.safe_load(STORAGE.driver.read_text())
    template = next(yaml.safe_load_all((ROOT / "hooks" / "vk8s" / "bootstrap" / "storage.yaml").read_text()))
    assert driver["StorageClass"] == {"FromExistingClassName": template["metadata"]["name"]}
