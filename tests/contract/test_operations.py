"""docs/operations.md says what the code does, and one version is written everywhere."""

import re
import tomllib

from bench.clusters import build_call
from hooks import VERSION
from hooks.server.main import create_app, load_scripts
from hooks.server.metrics import HOOKS
from hooks.settings import PREFIX, Settings
from tests.shared_material import ROOT

OPERATIONS = (ROOT / "docs" / "operations.md").read_text()


def test_table_has_every_setting_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `([a-z_]+)` \| (.*?) \|", OPERATIONS, re.MULTILINE))
    defaults = {name: show(field.default) for name, field in Settings.model_fields.items()}
    assert rows == defaults, "bring the table of settings in docs/operations.md up to date with hooks/settings.py"
    assert PREFIX in OPERATIONS


def test_table_says_what_an_installation_sets() -> None:
    cells = re.findall(r"^\| `([a-z_]+)` \| .*? \| (.*?)\|", OPERATIONS, re.MULTILINE)
    fixed = set(re.findall(rf"name: {PREFIX}([A-Z_]+), value", (ROOT / "metacontroller" / "hooks.yaml").read_text()))
    script = (ROOT / "metacontroller" / "install" / "networks.sh").read_text().partition("\nprint_host_settings() {")[2]
    found = set(re.findall(r"\b([A-Z_]{6,})=", script))
    assert {name.upper() for name, cell in cells if cell.strip()} == fixed | found, (
        "bring the column of what install.sh sets up to date with metacontroller/hooks.yaml and install/networks.sh"
    )
    assert {name.upper() for name, cell in cells if cell.startswith("fixed")} == fixed


def show(default: object) -> str:
    """A default as the table writes it."""
    if default in (None, ()):
        return "none"
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def test_largest_vk8s_fits_ten_times_into_a_body() -> None:
    body, _ = build_call(100)
    assert 10 * len(body) < Settings().max_body_bytes, "raise the default of max_body_mib in hooks/settings.py"


def test_every_metric_of_our_own_is_explained() -> None:
    code = (ROOT / "hooks" / "server" / "metrics.py").read_text()
    explained = set(re.findall(r"`(vk8s_hook_[a-z_]+?)(?:_total)?`", OPERATIONS))
    missing = set(re.findall(r'"(vk8s_hook_[a-z_]+)"', code)) - explained
    assert missing == set(), "add them to the table of metrics in docs/operations.md"


def test_version_is_the_project_s() -> None:
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == VERSION, (
        "write the same version in pyproject.toml and hooks/__init__.py"
    )


def test_every_hook_is_counted() -> None:
    paths = create_app(Settings(), load_scripts()).openapi()["paths"]
    assert {path.removeprefix("/") for path, methods in paths.items() if "post" in methods} == set(HOOKS), (
        "list each hook in HOOKS of hooks/server/metrics.py"
    )
