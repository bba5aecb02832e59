"""The runtime for a root without CAP_SYS_RESOURCE: as Docker calls it, with a runc that only writes down calls."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from testbed.kind import runc_lax
from tests.testbed.fake_programs import FakePrograms

PROCESS: dict[str, Any] = {
    "args": ["/kind/bin/boot.sh"],
    "capabilities": {"bounding": ["CAP_CHOWN", "CAP_SYS_RESOURCE"], "effective": ["CAP_SYS_RESOURCE"]},
    "oomScoreAdj": -999,
    "rlimits": [{"type": "RLIMIT_NOFILE", "hard": 1, "soft": 1}],
}
LESS = {
    "args": ["/kind/bin/boot.sh"],
    "capabilities": {"bounding": ["CAP_CHOWN"], "effective": []},
    "oomScoreAdj": 0,
}


@pytest.fixture
def programs(tmp_path: Path) -> FakePrograms:
    fake = FakePrograms(tmp_path)
    fake.link("env", "python3")
    fake.add("runc", {})
    return fake


def run(programs: FakePrograms, *arguments: str) -> None:
    subprocess.run([runc_lax.__file__, *arguments], env=programs.environment, cwd=programs.directory, check=True)


@pytest.mark.parametrize("options", [("--bundle", "{}"), ("--bundle={}",), ("-b", "{}"), ()], ids=str)
def test_container_is_created_without_what_root_may_not_give(programs: FakePrograms, options: tuple[str, ...]) -> None:
    config = programs.directory / "config.json"
    config.write_text(json.dumps({"process": PROCESS, "hostname": "node"}))
    arguments = ["--root", "/run/docker", "create", *(each.format(config.parent) for each in options), "id"]
    run(programs, *arguments)
    assert json.loads(config.read_text()) == {"process": LESS, "hostname": "node"}
    assert programs.calls() == [f"runc {' '.join(arguments)}"]


def test_process_of_an_exec_asks_for_less_too(programs: FakePrograms) -> None:
    process = programs.directory / "process.json"
    process.write_text(json.dumps(PROCESS))
    run(programs, "exec", "--process", str(process), "id")
    assert json.loads(process.read_text()) == LESS


def test_process_that_asks_for_none_of_that_is_unchanged() -> None:
    for process in ({"args": ["a"]}, {"capabilities": None, "oomScoreAdj": 100}, {"oomScoreAdj": None}):
        assert runc_lax.ask_for_less(process) == {
            **process,
            **({"capabilities": {}} if "capabilities" in process else {}),
        }


def test_other_commands_are_passed_on(programs: FakePrograms) -> None:
    run(programs, "delete", "--force", "id")
    assert programs.calls() == ["runc delete --force id"]
