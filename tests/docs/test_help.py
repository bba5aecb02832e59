"""`make help`, for someone who has just cloned the project."""

import re
import subprocess

from tests.shared_material import ROOT

ENTRY = re.compile(r"^  (\S+) +(?=\S)")


def list_lines() -> list[str]:
    result = subprocess.run(["make", "--silent", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    return result.stdout.splitlines()


def test_all_descriptions_begin_in_the_same_column() -> None:
    entries = [found for found in map(ENTRY.match, list_lines()) if found]
    assert max(len(found[1]) for found in entries) > len("create-manifests")
    assert len({found.end() for found in entries}) == 1


def test_every_public_target_is_listed() -> None:
    described = re.findall(r"^([a-z0-9-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert sorted(found[1] for found in map(ENTRY.match, list_lines()) if found) == sorted(described)


def test_first_entry_says_what_it_takes() -> None:
    first = next(line for line in list_lines() if ENTRY.match(line))
    assert first.split()[0] == "up"
    for words in ("root", "Debian", "Go 1.25", "minutes", "GB"):
        assert words in first


def test_kind_cluster_comes_before_everything_for_developers() -> None:
    lines = list_lines()
    headings = [line for line in lines if line and not line.startswith(" ")]
    assert "kind" in headings[1]
    assert headings[-3:] == ["Tests and development", "Builds", "Help"]
