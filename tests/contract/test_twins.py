"""Tests are found where they are looked for: each module of the hooks has a file of tests, at the same place."""

import ast
from pathlib import Path

from testbed.layout import ROOT

HOOKS, UNIT = ROOT / "hooks", ROOT / "tests" / "unit"
SCRIPTS = Path("vk8s/bootstrap")
# Files of tests without a module of that name, and why.
ALONE = {
    "test_command_line.py": "hooks/__main__.py, by the name that its users have for it",
    "test_setup_commands.py": "the same, of `setup` and `guard`",
    "vk8s/status/test_lasting_faults.py": "hooks/vk8s/status/movement.py, as time passes",
    "vk8s/bootstrap/test_bench.py": "tests the directory in which the tests next to it run the scripts",
}


def test_each_module_with_a_function_has_a_file_of_tests() -> None:
    missing = [str(twin) for module in list_modules() if not (twin := build_twin(module)).exists()]
    assert missing == [], "create these files, and state in them what the module guarantees"


def test_each_file_of_tests_has_a_module() -> None:
    modules = {build_twin(module) for module in HOOKS.rglob("*.py")}
    others = {UNIT / name for name in ALONE}
    assert others <= set(UNIT.rglob("test_*.py")), "remove from ALONE what is gone"
    stray = [str(path) for path in UNIT.rglob("test_*.py") if path not in modules | others and not is_of_script(path)]
    assert stray == [], "move these tests to the file of the module that they test, or list the file in ALONE"


def list_modules() -> list[Path]:
    """The modules of the hooks that do something: one with constants and fields alone promises nothing by itself."""
    modules = (path for path in sorted(HOOKS.rglob("*.py")) if not path.name.startswith("__"))
    return [path for path in modules if any(isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) for node in
            ast.walk(ast.parse(path.read_text())))]  # fmt: skip


def build_twin(module: Path) -> Path:
    """Where the tests of a module are."""
    return UNIT / module.relative_to(HOOKS).with_name(f"test_{module.name}")


def is_of_script(path: Path) -> bool:
    """Whether the tests are of a script that nodes boot from: `test_worker.py` and `test_worker_again.py` of worker.sh.

    `test_cni.py` is of `cni-flannel.sh` and `cni-none.sh`.
    """
    words = path.stem.removeprefix("test_").replace("_", "-")
    scripts = [script.stem for script in (HOOKS / SCRIPTS).glob("*.sh")]
    is_named = any(words.startswith(script) or script.startswith(f"{words}-") for script in scripts)
    return path.parent == UNIT / SCRIPTS and is_named
