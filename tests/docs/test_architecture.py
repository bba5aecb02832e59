"""docs/architecture.md names the layers that `lint-imports` enforces, in the same order."""

import re
import tomllib

from tests.shared_material import ROOT


def test_table_of_layers_is_what_lint_imports_enforces() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    enforced = next(each["layers"] for each in contracts if each["type"] == "layers")
    page = (ROOT / "docs" / "architecture.md").read_text()
    _, _, section = page.partition("## Layers of the hooks")
    rows = re.findall(r"^\| [^|]+ \| (`hooks[^|]+`) \|", section.partition("\n## ")[0], re.MULTILINE)
    assert [re.findall(r"`([^`]+)`", row) for row in rows] == [layer.split(" : ") for layer in enforced], (
        "bring the table of layers in docs/architecture.md up to date with pyproject.toml"
    )


def test_every_file_that_the_architecture_names_exists() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text()
    named = re.findall(r"`((?:hooks|crds|images|metacontroller|testbed|tests)/[^`*<]+)`", page)
    assert named
    assert [path for path in named if not (ROOT / path).exists()] == [], "correct these paths in docs/architecture.md"


def test_hooks_vk8s_has_at_most_six_modules_next_to_its_folders() -> None:
    assert len(list((ROOT / "hooks" / "vk8s").glob("*.py"))) <= 6, "move the module into a folder of hooks/vk8s"
