"""A host cluster without a node, for one measurement: pods are made, and nobody runs them."""

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml
from prometheus_client.parser import text_string_to_metric_families

from bench.api_server import ApiServer
from bench.processes import read_memory
from testbed import builds, cgroups, controller, host_cluster, programs
from testbed.controller import CONTROLLERS, HOOKS, Options
from testbed.host_cluster import HostCluster
from testbed.layout import BENCH, HOOKS_URL
from testbed.programs import Program
from testbed.waiting import wait_for

# As metacontroller/metacontroller.yaml has it.
WORKERS: Final = 10
_COLLECTOR_SECONDS: Final = 120
_SYNC: Final = "vk8s/sync"
_LINE: Final = f'"hook": "{_SYNC}"'.encode()


@dataclass(frozen=True)
class Host:
    """The host cluster, and what is measured of the programs in it."""

    cluster: HostCluster
    api: ApiServer

    def start_controller(self, qps: int) -> None:
        """Hooks that log each call in JSON, and Metacontroller, as in an installation."""
        controller.prepare(self.cluster)
        controller.start_hooks(self.cluster, settings={"VK8S_SETTING_LOG_FORMAT": "json"})
        controller.start_metacontroller(self.cluster, Options(qps, 2 * qps, WORKERS))

    def restart_metacontroller(self, qps: int, resync_seconds: int) -> None:
        """Restarts Metacontroller with this resync period; the hooks keep running."""
        options = Options(qps, 2 * qps, WORKERS, controllers=self._write_controllers(resync_seconds))
        controller.start_metacontroller(self.cluster, options)

    def _write_controllers(self, resync_seconds: int) -> Path:
        directory = self.cluster.testbed.state / "controllers"
        directory.mkdir(exist_ok=True)
        found = controller.read_controllers(CONTROLLERS)
        changed = [{**each, "spec": {**each["spec"], "resyncPeriodSeconds": resync_seconds}} for each in found]
        (directory / "controllers.yaml").write_text(yaml.safe_dump_all(changed))
        return directory

    def start_program(self, name: str, command: list[str], environment: Mapping[str, str]) -> None:
        """Another controller instead of ours."""
        programs.start(self.cluster.testbed, Program(name, self.cluster.in_network(command), environment))

    def read_log(self, name: str) -> str:
        """The last lines of a program's log."""
        return programs.read_log(self.cluster.testbed, name)

    def read_memory(self, program: str = HOOKS) -> float:
        """Resident memory of a program, in MB."""
        return read_memory(cgroups.list_processes(self.cluster.testbed.network, program))

    def read_calls(self) -> list[float]:
        """Milliseconds of all calls of the sync hook so far, by the log of the hooks."""
        lines = [line for line in self._read_hook_log().splitlines() if _LINE in line]
        return [json.loads(line)["milliseconds"] for line in lines]

    def count_calls(self) -> int:
        """How many these are."""
        return self._read_hook_log().count(_LINE)

    def _read_hook_log(self) -> bytes:
        return (self.cluster.testbed.logs / f"{HOOKS}.log").read_bytes()

    def read_buckets(self) -> dict[float, float]:
        """The histogram of the sync hook, as Prometheus has it: how many calls took so many seconds at most."""
        call = ["curl", "--silent", "--fail", "--cacert", f"{self.cluster.testbed.keys}/ca.crt", f"{HOOKS_URL}/metrics"]
        text = subprocess.run(self.cluster.in_network(call), capture_output=True, text=True, check=True).stdout
        return {
            float(sample.labels["le"]): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name == "vk8s_hook_duration_seconds_bucket" and sample.labels["hook"] == _SYNC
        }


@contextmanager
def start_host() -> Iterator[Host]:
    """A new one, with the CRDs; nothing is left of it afterwards."""
    host_cluster.remove(BENCH)
    try:
        cluster = HostCluster(BENCH, builds.build_binaries())
        cluster.start_control_plane()
        controller.apply_crds(cluster)
        with ApiServer(BENCH) as api:
            # It finds new kinds every half a minute, and until then asks for each owner that it does not know.
            wait_for("the garbage collector", api.is_watched, _COLLECTOR_SECONDS)
            yield Host(cluster, api)
    finally:
        host_cluster.remove(BENCH)
