"""Ports of the virtual cluster, from outside the host cluster."""

import json
import subprocess
import time
from functools import partial
from pathlib import Path

import pytest
import yaml

from testbed.layout import ROOT
from testbed.waiting import wait_for
from tests.nested.virtual import VirtualCluster
from tests.nested.workload import LARGE_PATH, NAME_PATH, WEB, build_node_port_service, with_web_server
from tests.nested.workload import PORT as WEB_PORT

SECONDS = 90
PORT = 30000
# One that no network has (RFC 5737).
ADDRESS = "192.0.2.80"


def fetch(virtual: VirtualCluster, port: int, path: str = NAME_PATH) -> str:
    """What a port of a node of the host cluster answers; empty where nothing does."""
    client = virtual.host.client
    return client.outside.run(
        "curl", "--silent", "--fail", "--max-time", "5", f"http://{client.address}:{port}{path}"
    ).stdout


@pytest.mark.nightly("tests/nested/test_conformance.py")
def test_node_port_service_inside_is_reached_at_the_same_number(web: VirtualCluster) -> None:
    for pod in ("on-worker", "on-master"):
        web.inside.apply(build_node_port_service(pod, PORT))
        wait_for(f"an answer of {pod}", lambda pod=pod: fetch(web, PORT) == pod, SECONDS)  # type: ignore[misc]
        web.inside.run("delete", "service", f"{pod}-node-port")


def test_port_below_30000_is_reached_at_the_number_that_status_shows(running: VirtualCluster) -> None:
    daemon_set = yaml.safe_load((ROOT / "examples" / "inside" / "port-below-30000.yaml").read_text())
    inside = running.inside
    inside.apply(with_web_server(daemon_set))
    ports = running.kubectl.get("vk8s", "local")["status"]["endpoints"]["ports"]
    number = next(port["nodePort"] for port in ports if port["name"] == "low")
    wait_for("an answer", lambda: fetch(running, number).startswith("low-"), SECONDS)
    inside.run("delete", "daemonset", "low")


@pytest.mark.usefixtures("machine")
def test_address_that_the_host_cluster_gives_leads_to_a_service_inside(web: VirtualCluster) -> None:
    """As the page on ports says. The testbed has no load balancer, so this test is one: it gives the address."""
    inside, host = web.inside, web.kubectl
    service = build_node_port_service("on-worker", PORT)
    ports = [{"port": 80, "targetPort": WEB_PORT, "nodePort": PORT}]
    inside.apply({**service, "spec": {**service["spec"], "type": "LoadBalancer", "ports": ports}})
    wait_for("an answer of its NodePort", lambda: fetch(web, PORT) == "on-worker", SECONDS)
    assert inside.get("service", "on-worker-node-port")["status"]["loadBalancer"] == {}

    selector = {"vk8s.sktelecom.com/vk8s": "local", "vk8s.sktelecom.com/role": "worker"}
    spec = {"type": "LoadBalancer", "selector": selector, "ports": [{"port": 80, "targetPort": PORT}]}
    host.apply({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "local-web"}, "spec": spec})
    status = json.dumps({"status": {"loadBalancer": {"ingress": [{"ip": ADDRESS}]}}})
    give = ("--subresource=status", "--type=merge", f"--patch={status}")
    host.run("patch", "service", "local-web", *give)
    inside.run("patch", "service", "on-worker-node-port", *give)
    curl = ("curl", "--silent", "--max-time", "3", f"http://{ADDRESS}{NAME_PATH}")
    network = web.host.client.network
    wait_for("an answer in the host cluster", lambda: network.run(*curl).stdout == "on-worker", SECONDS)
    for pod in WEB:
        asked = partial(inside.succeeds, "exec", pod, "--", "/usr/bin/curl", "--fail", *curl[1:])
        wait_for(f"an answer in {pod}", asked, SECONDS)
    inside.run("delete", "service", "on-worker-node-port")
    host.run("delete", "service", "local-web")


@pytest.mark.nightly("tests/unit/vk8s/plan/test_services.py")
def test_download_goes_on_while_the_control_plane_restarts(web: VirtualCluster, tmp_path: Path) -> None:
    web.inside.apply(build_node_port_service("on-worker", PORT))
    wait_for("an answer", lambda: fetch(web, PORT) == "on-worker", SECONDS)
    size = int(run_in_worker(web, "stat", "--format=%s", LARGE_PATH))
    client, target = web.host.client, str(tmp_path / "download")
    # Slow enough to outlast the restart.
    options = ["--silent", "--fail", "--limit-rate", str(size // 40), "--create-dirs", "--output", target]
    url = f"http://{client.address}:{PORT}{LARGE_PATH}"
    with subprocess.Popen(client.outside.command("curl", *options, url), stdin=subprocess.DEVNULL) as download:
        start = time.monotonic()
        wait_for("the first bytes", lambda: client.outside.run("test", "-s", target).returncode == 0, SECONDS)
        web.replace_pod("local-master", SECONDS)
        assert download.poll() is None, (
            f"the download ended after {time.monotonic() - start:.0f} s, before the restart did"
        )
        assert download.wait() == 0
    digest = client.outside.run("sha256sum", target).stdout.split()[0]
    assert digest == run_in_worker(web, "sha256sum", LARGE_PATH).split()[0]
    web.inside.run("delete", "service", "on-worker-node-port")


def run_in_worker(virtual: VirtualCluster, *command: str) -> str:
    return virtual.kubectl.run("exec", "local-worker", "--", *command)
