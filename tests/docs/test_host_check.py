"""examples/host-check.yaml and docs/hosts.md say what nodes really check (hooks/vk8s/bootstrap/host.sh)."""

import re

import yaml

from docs.tools.host_check import FILE, PAGE, SCRIPT, fill, list_reports, write

COMMAND = "run `python -m docs.tools.host_check`"


def test_example_and_page_are_up_to_date() -> None:
    assert FILE.read_text() == write(), COMMAND
    assert PAGE.read_text() == fill(PAGE.read_text()), COMMAND


def test_page_has_every_finding() -> None:
    calls = re.findall(r"\breport (?:problem|note) ", SCRIPT.read_text())
    reports = list(list_reports())
    # One of them is in the comment that describes such calls.
    assert len(reports) == len(calls)
    assert all(sentence and advice and "$" not in sentence + advice for _, sentence, advice in reports)


def test_pods_run_on_every_host_with_the_rights_of_nodes() -> None:
    spec = yaml.safe_load(FILE.read_text())["spec"]["template"]["spec"]
    assert spec["tolerations"] == [{"operator": "Exists"}]
    assert spec["containers"][0]["securityContext"] == {"privileged": True}
    assert "nodeName" not in spec
