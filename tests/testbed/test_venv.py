"""What `make` does before it creates .venv: install the modules for that, which are not part of Debian's python3."""

import subprocess
from pathlib import Path

import pytest

from testbed.layout import ROOT
from tests.testbed.fake_programs import FakePrograms

PACKAGE = "install -y --no-install-recommends python3-venv"
# A Python that gets its modules from the package alone.
PYTHON = '#!/bin/bash\n[[ "$*" == *ensurepip* && -e {marker} ]]\n'
APT = '#!/bin/bash\necho "apt-get $*" >>{log}\n[[ "$*" != *install* ]] || touch {marker}\n'


@pytest.fixture
def programs(tmp_path: Path) -> FakePrograms:
    """A machine whose Python has no ensurepip, with nothing else but root and bash."""
    fake = FakePrograms(tmp_path)
    fake.link("bash", "env", "touch")
    fake.add("id", {"-u": "0"})
    write(tmp_path / "bin" / "python3", PYTHON, tmp_path)
    return fake


def write(program: Path, script: str, directory: Path) -> None:
    program.write_text(script.format(marker=directory / "marker", log=directory / "calls"))
    program.chmod(0o755)


def add_apt(programs: FakePrograms) -> None:
    write(programs.directory / "bin" / "apt-get", APT, programs.directory)


def run(programs: FakePrograms) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [ROOT / "testbed" / "venv.sh"], env=programs.environment, capture_output=True, text=True, check=False
    )


def test_root_on_debian_gets_the_package(programs: FakePrograms) -> None:
    add_apt(programs)
    result = run(programs)
    assert (result.returncode, result.stderr) == (0, "Debian packages: installing python3-venv\n")
    assert result.stdout == ""
    assert programs.calls() == ["id -u", "apt-get -qq update", f"apt-get -qq {PACKAGE}"]


def test_python_that_can_do_it_stays_as_it_is(programs: FakePrograms) -> None:
    add_apt(programs)
    (programs.directory / "marker").touch()
    result = run(programs)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert programs.calls() == []


def test_message_names_the_package_without_root(programs: FakePrograms) -> None:
    add_apt(programs)
    programs.add("id", {"-u": "1000"})
    result = run(programs)
    assert result.returncode == 1
    assert "install the package python3-venv" in result.stderr
    assert programs.calls() == ["id -u"]


def test_message_names_the_modules_without_apt(programs: FakePrograms) -> None:
    result = run(programs)
    assert result.returncode == 1
    assert "its modules venv and ensurepip" in result.stderr


def test_package_that_does_not_help_is_reported(programs: FakePrograms) -> None:
    """A Python of one's own has its modules from elsewhere."""
    programs.add("apt-get", {})
    result = run(programs)
    assert result.returncode == 1
    assert "a Python 3.11 or newer" in result.stderr


def test_make_asks_before_it_creates_the_environment() -> None:
    recipe = (ROOT / "Makefile").read_text().split("$(VENV)/installed: requirements.txt")[1]
    assert recipe.index("testbed/venv.sh") < recipe.index("python3 -m venv")
