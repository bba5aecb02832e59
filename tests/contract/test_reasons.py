"""Every reason that a status can show is explained where users look for it, and counted by the metrics."""

import ast
import re
from pathlib import Path

from hooks.server.reasons import REASONS
from hooks.vk8s.status.movement import OVER, PASSING, ROLLING_OUT, STALLING
from tests.shared_material import ROOT

GOOD = {
    "AllNodesReady",
    "AllObserved",
    "AllServed",
    "Allocated",
    "Installed",
    "LeftInstalled",
    "NoPool",
    "NoWorkers",
    "Ready",
    "Stored",
    "Valid",
}
# What does not make a condition false by itself.
NOTICES = {"Overlap", "OutsideRange", "AnotherDefault", "RollingOut"}
TROUBLESHOOTING = (ROOT / "docs" / "troubleshooting.md").read_text()


def list_words(path: Path) -> set[str]:
    """Every CamelCase word that is a text of its own in the code, where it stands for a reason."""
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    given = [keyword.value for call in calls for keyword in call.keywords if keyword.arg == "reason"]
    made = [call.args[0] for call in calls if call.args and getattr(call.func, "id", "") in ("Blocker", "Remark")]
    texts = [node for value in [*given, *made] for node in ast.walk(value) if isinstance(node, ast.Constant)]
    return {str(node.value) for node in texts if isinstance(node.value, str)}


def read_entries() -> dict[str, str]:
    """The entries of troubleshooting.md, by their headings."""
    _, *entries = re.split(r"^### ", TROUBLESHOOTING, flags=re.MULTILINE)
    return dict(entry.split("\n", 1) for entry in entries)


def test_metrics_know_every_reason_of_the_hooks() -> None:
    code = [path for part in ("vk8s", "ippool") for path in (ROOT / "hooks" / part).rglob("*.py")]
    given = set().union(*map(list_words, code))
    assert {"PKILost", "InvalidSpec", "Exhausted", "Booting"} <= given | REASONS
    assert given - GOOD - NOTICES - REASONS == set(), (
        "add them to hooks/server/reasons.py, or to GOOD here where nothing is wrong"
    )


def test_troubleshooting_has_an_entry_for_each_reason() -> None:
    assert {entry for entry in read_entries() if " " not in entry} == REASONS | NOTICES, (
        "write an entry in docs/troubleshooting.md for each reason of hooks/server/reasons.py, and no other"
    )


def test_every_entry_has_symptom_cause_and_fix() -> None:
    lacking = {
        heading: part
        for heading, entry in read_entries().items()
        for part in ("- **You see:** ", "- **Cause:** ", "- **Fix:** ")
        if entry.count(part) != 1
    }
    assert lacking == {}, "write each of these parts once in the entry of docs/troubleshooting.md"


def test_page_on_the_status_says_which_reasons_stall_and_when() -> None:
    text = (ROOT / "docs" / "status.md").read_text()
    at_once, late, never = (
        frozenset(re.findall(r"`(\w+)`", row))
        for row in re.findall(r"^\| (?:at once|after|never).*? \| (.*?) \|$", text, re.MULTILINE)
    )
    of_pools = {"Exhausted", "ShareExhausted"}
    assert (at_once, never) == (STALLING, PASSING), (
        "list in docs/status.md the reasons of hooks/vk8s/status/movement.py"
    )
    assert late == {*REASONS, ROLLING_OUT} - STALLING - PASSING - OVER - of_pools, (
        "a new reason: does it pass by itself?"
    )


def test_normal_reasons_are_on_the_page_on_the_status() -> None:
    text = (ROOT / "docs" / "status.md").read_text().partition("\n## For other tools\n")[0]
    rows = re.findall(r"^\| [\w, ]+ \| (.*?) \|", text, re.MULTILINE)
    assert {word for row in rows for word in re.findall(r"`(\w+)`", row)} == GOOD, (
        "list in the table of docs/status.md exactly the reasons of GOOD"
    )
