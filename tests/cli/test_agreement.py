"""The command knows nothing of the hooks: what it repeats of them, and of the pages, is the same."""

import tomllib

import pytest
import yaml

from docs.tools import command
from docs.tools.reasons import FILE, PAGE, build_text, list_entries
from hooks.kubernetes import labels
from hooks.vk8s.keys import kubeconfig, ssh
from hooks.vk8s.spec import cluster, naming
from hooks.vk8s.status import movement
from kubectl_vk8s import VERSION, names
from kubectl_vk8s.defaults import DEFAULT_VERSION
from kubectl_vk8s.vk8s import PASSING, VALID
from tests.shared_material import ROOT
from tests.world import World


@pytest.mark.parametrize("name", [name for name in vars(names) if name.endswith("_name")])
def test_names_of_objects_are_those_of_the_hooks(name: str) -> None:
    assert getattr(names, name)("demo") == getattr(naming, name)("demo")


def test_labels_annotations_and_keys_are_those_of_the_hooks() -> None:
    assert (names.VK8S_LABEL, names.NODE_LABEL) == (labels.VK8S, labels.NODE)
    assert names.RESTART_ANNOTATION == cluster.RESTART_ANNOTATION
    assert names.COLD_BACKUP_ANNOTATION == cluster.COLD_BACKUP_ANNOTATION
    assert names.SNAPSHOT_ANNOTATION == cluster.SNAPSHOT_ANNOTATION
    assert names.FORCE_REMOVE_ANNOTATION == cluster.FORCE_REMOVE_ANNOTATION
    assert names.STOPPED_ANNOTATION == cluster.STOPPED_ANNOTATION
    assert names.NODE_CONTAINER == naming.NODE_CONTAINER
    assert names.API_PORT == kubeconfig.API_PORT
    assert names.KUBECONFIG_KEY in kubeconfig.KUBECONFIG_KEYS
    assert (names.SSH_KEY, names.SSH_HOST_KEY) == (ssh.CLIENT_KEY, ssh.HOST_PUB)


def test_version_is_that_of_the_project() -> None:
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == VERSION


def test_default_version_is_that_of_the_example() -> None:
    example = yaml.safe_load((ROOT / "examples" / "local.yaml").read_text())
    assert example["spec"]["nodes"][0]["image"].endswith(f":{DEFAULT_VERSION}")


def test_sentence_of_a_valid_spec_is_that_of_the_hooks() -> None:
    conditions = World().steps(2).sync().status["conditions"]
    assert next(each["message"] for each in conditions if each["type"] == "Accepted") == VALID


def test_reasons_are_those_of_the_page() -> None:
    """`make generate` writes them."""
    assert FILE.read_text() == build_text()


def test_every_entry_of_the_page_has_cause_and_fix() -> None:
    entries = dict(list_entries(PAGE.read_text()))
    assert len(entries) > 50
    assert [reason for reason, parts in entries.items() if set(parts) != {"cause", "fix"}] == []
    assert [text for parts in entries.values() for text in parts.values() if "](" in text or "`" in text] == []


def test_reasons_that_pass_by_themselves_are_those_of_the_hooks() -> None:
    assert PASSING == movement.PASSING


def test_every_reason_that_passes_by_itself_has_an_entry() -> None:
    assert PASSING - dict(list_entries(PAGE.read_text())).keys() == set()


def test_reference_is_what_the_command_says_of_itself() -> None:
    """`make generate` writes it."""
    assert command.FILE.read_text() == command.build_page()
