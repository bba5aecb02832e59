"""The controller in a testbed: the hooks as a process, and Metacontroller, real or fake, which calls them."""

import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from testbed import hook_keys, permissions, programs
from testbed.host_cluster import HostCluster
from testbed.kubectl import Manifest
from testbed.layout import HOOKS_PORT, HOOKS_URL, ROOT
from testbed.programs import Program
from testbed.waiting import patient, wait_for

CONTROLLERS = ROOT / "metacontroller"
# As in a complete installation.
SETTINGS = {"VK8S_SETTING_IP_MANAGER": "true", "VK8S_SETTING_NAMESPACE_RULES": "true"}
START_SECONDS = 30
# Where the CustomResourceDefinitions of the real Metacontroller are, if that is to run.
CRDS_VARIABLE, BINARY_VARIABLE = "METACONTROLLER_CRDS", "METACONTROLLER"
METACONTROLLER_KINDS = ("compositecontrollers", "controllerrevisions", "decoratorcontrollers")
HOOKS, METACONTROLLER = "hooks", "metacontroller"


@dataclass(frozen=True)
class Options:
    """How Metacontroller runs, and the directory with its CompositeControllers.

    `cache_delay`: seconds by which its view is late, for the fake Metacontroller only.
    """

    qps: int = 100
    burst: int = 200
    workers: int = 5
    cache_delay: float = 0
    controllers: Path = CONTROLLERS


def start(host: HostCluster, options: Options | None = None) -> None:
    """Applies CRDs and role, and restarts the hooks and Metacontroller with the current code and manifests."""
    prepare(host)
    start_hooks(host)
    start_metacontroller(host, options)


def prepare(host: HostCluster) -> None:
    """Stops both, and applies what they need."""
    stop(host)
    apply_crds(host)
    permissions.grant(host)
    hook_keys.give_keys(host)


def start_metacontroller(host: HostCluster, options: Options | None = None) -> None:
    """Restarts Metacontroller, real or fake. `prepare` must have been called before; the hooks keep running."""
    kubeconfig, binary = permissions.get_kubeconfig(host.testbed), os.environ.get(BINARY_VARIABLE)
    chosen = options or Options()
    programs.stop(host.testbed, METACONTROLLER)
    if binary:
        _apply_controllers(host, chosen.controllers)
        command = _build_real(Path(binary), chosen)
    else:
        command = _build_stand_in(kubeconfig, chosen)
    # In the network, as it looks for the hooks by name.
    program = Program(METACONTROLLER, host.in_network(command), {"KUBECONFIG": str(kubeconfig)})
    programs.start(host.testbed, program)


def apply_crds(host: HostCluster) -> None:
    """Applies the CRDs, and returns when their resources are served."""
    files = sorted((ROOT / "crds").glob("*.yaml"))
    names = [yaml.safe_load(path.read_text())["metadata"]["name"] for path in files]
    host.kubectl.apply_files(ROOT / "crds")
    _wait_for_crds(host, names)
    # Established is said before discovery knows them.
    plurals = [name.partition(".")[0] for name in names]
    wait_for("the resources", lambda: all(host.kubectl.succeeds("explain", each) for each in plurals), START_SECONDS)


def _wait_for_crds(host: HostCluster, names: Iterable[str]) -> None:
    crds = (f"crd/{name}" for name in names)
    host.kubectl.run("wait", "--for=condition=Established", *crds, f"--timeout={patient(START_SECONDS)}s")


def stop(host: HostCluster) -> None:
    """Stops both; what the virtual clusters are made of stays."""
    programs.stop(host.testbed, METACONTROLLER)
    programs.stop(host.testbed, HOOKS)


def start_hooks(host: HostCluster, source: Path = ROOT, settings: Mapping[str, str] | None = None) -> None:
    """Restarts the hooks, and returns when they answer. `source`: the directory of the version to run."""
    programs.stop(host.testbed, HOOKS)
    hook_keys.make_keys(host.testbed)
    command = [sys.executable, "-m", "hooks", "serve", f"--port={HOOKS_PORT}"]
    environment = {**SETTINGS, **hook_keys.build_settings(host.testbed), **(settings or {})}
    programs.start(host.testbed, Program(HOOKS, command, environment, directory=source))
    call = ["curl", "--silent", "--fail", "--output", "/dev/null", "--cacert", f"{host.testbed.keys}/ca.crt"]
    ready = host.in_network([*call, f"{HOOKS_URL}/readyz"])
    wait_for(
        "the hooks",
        lambda: subprocess.run(ready, check=False, capture_output=True).returncode == 0,
        START_SECONDS,
        lambda: programs.read_log(host.testbed, HOOKS),
    )


def _build_stand_in(kubeconfig: Path, options: Options) -> list[str]:
    return [
        *(sys.executable, "-m", "testbed.metacontroller"),
        f"--kubeconfig={kubeconfig}",
        f"--controllers={options.controllers}",
        f"--client-go-qps={options.qps}",
        f"--client-go-burst={options.burst}",
        f"--workers={options.workers}",
        f"--cache-delay={options.cache_delay}",
    ]


def _build_real(binary: Path, options: Options) -> list[str]:
    if options.cache_delay:
        raise RuntimeError(f"{BINARY_VARIABLE} has no cache delay")
    return [
        str(binary),
        f"--client-go-qps={options.qps}",
        f"--client-go-burst={options.burst}",
        f"--workers={options.workers}",
        "--discovery-interval=5s",
        "--metrics-address=127.0.0.1:9999",
        "--health-probe-bind-address=127.0.0.1:8081",
    ]


def _apply_controllers(host: HostCluster, controllers: Path) -> None:
    """For Metacontroller itself, which finds its controllers in the API server, and there where the hooks are."""
    crds = os.environ.get(CRDS_VARIABLE)
    if not crds:
        raise RuntimeError(f"{BINARY_VARIABLE} needs {CRDS_VARIABLE}, a directory with its CRDs")
    host.kubectl.run("apply", "--server-side", f"--filename={crds}")
    # It watches all three kinds, and ends after two minutes where one is missing.
    _wait_for_crds(host, [f"{kind}.metacontroller.k8s.io" for kind in METACONTROLLER_KINDS])
    host.kubectl.apply(*read_controllers(controllers))


def read_controllers(directory: Path) -> list[Manifest]:
    """The CompositeControllers in the files of a directory."""
    documents = [each for path in sorted(directory.glob("*.yaml")) for each in yaml.safe_load_all(path.read_text())]
    return [each for each in documents if each["kind"] == "CompositeController"]
