"""A host with huge pages, which a kubelet would take off the memory that it offers."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from testbed.host_cluster import HostCluster
from tests.nested.test_truth import SECONDS, read_allocatable
from tests.nested.virtual import VirtualCluster

# Of two MiB each.
HUGE_PAGES = Path("/proc/sys/vm/nr_hugepages")


@pytest.fixture
def huge_pages(machine: HostCluster) -> Iterator[None]:  # noqa: ARG001 the host is this machine
    """A host with 128 MiB of huge pages."""
    before = HUGE_PAGES.read_text()
    HUGE_PAGES.write_text("64")
    yield
    HUGE_PAGES.write_text(before)


@pytest.mark.nightly("tests/unit/vk8s/bootstrap/test_settings.py")
@pytest.mark.usefixtures("huge_pages")
def test_huge_pages_of_the_host_take_no_memory_from_a_node(running: VirtualCluster) -> None:
    running.wait_for_nodes()
    before = read_allocatable(running, "local-worker")
    running.replace_pod("local-worker", SECONDS)
    running.wait_for_nodes()
    assert read_allocatable(running, "local-worker") == before
    assert "hugepages-2Mi" not in running.inside.get("node", "local-worker")["status"]["capacity"]
