"""docs/status.md shows the status that the hooks give examples/local.yaml."""

import re
from dataclasses import replace
from typing import Any

import yaml

from hooks.ippool.allocation import ALLOCATION
from hooks.ippool.pools import POOL
from hooks.kubernetes.manifest import Manifest
from hooks.settings import Settings
from tests.shared_material import ROOT
from tests.walkthrough.pages import normalise
from tests.world import CONTEXT, World

PAGE = (ROOT / "docs" / "status.md").read_text()
# A number that the host cluster chooses.
CHOSEN = 31889


def run_example() -> World:
    """The example in an installation without pools, Running."""
    context = replace(CONTEXT, settings=Settings(ip_manager=True))
    example = yaml.safe_load((ROOT / "examples" / "local.yaml").read_text())
    related: dict[str, dict[str, Manifest]] = {POOL: {}, ALLOCATION: {}}
    world = World(name="local", spec=example["spec"], generation=1, context=context, related=related).steps(4)
    world = world.with_ready_pods().step()
    service = world.children["Service.v1"]["local"]
    ports = [{**port, "nodePort": port.get("nodePort", CHOSEN)} for port in service["spec"]["ports"]]
    return world.with_child("Service.v1", "local", {**service, "spec": {**service["spec"], "ports": ports}})


def list_lines(status: Any) -> list[str]:
    """The status as kubectl writes it, with words for what differs each time."""
    text = yaml.safe_dump({"status": status}, width=1000).replace(".team-a.", ".default.")
    return [normalise(line.replace("'", '"')) for line in text.splitlines()]


def test_page_shows_the_status_of_the_example() -> None:
    (block,) = re.findall(r"^```yaml\n(status:\n.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert [normalise(line) for line in block.splitlines()] == list_lines(run_example().sync().status)
