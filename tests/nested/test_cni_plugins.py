"""A CNI plugin of somebody else, chained after ours as meshes do it: it runs for each pod, whatever the node loses."""

import json
from collections.abc import Iterator
from functools import partial

import pytest

from hooks.kubernetes.manifest import Manifest
from testbed.waiting import wait_for
from tests.nested.limits import RECOVERY_SECONDS
from tests.nested.virtual import VirtualCluster
from tests.nested.workload import build_web_pod

NODE, NAME, SECONDS = "local-worker", "vk8s-trace", 90
PROGRAM, LIST, TRACE = f"/opt/cni/bin/{NAME}", "/etc/cni/net.d/10-flannel.conflist", "/var/lib/vk8s/trace"
# Passes the result of the plugins before it on, which comes before the type, and notes the pod.
PLUGIN = f"""#!/bin/bash
case $CNI_COMMAND in
  VERSION) echo '{{"cniVersion": "1.0.0", "supportedVersions": ["0.4.0", "1.0.0"]}}' ;;
  ADD)
    configuration=$(cat)
    result=${{configuration#*'"prevResult":'}}
    echo "${{result%%,'"type":"{NAME}"'*}}"
    echo "$CNI_ARGS;" >>{TRACE} ;;
esac
"""


@pytest.fixture
def chained(running: VirtualCluster) -> Iterator[VirtualCluster]:
    """The virtual cluster with such a plugin on its worker."""
    running.wait_for_nodes()
    enter = partial(running.kubectl.run, "exec", "--stdin", NODE, "--", "bash", "-euc")
    enter(f"rm -f {TRACE}; cat >{PROGRAM}; chmod 755 {PROGRAM}", stdin=PLUGIN)
    found = read_list(running)
    enter(f"cat >{LIST}", stdin=json.dumps({**found, "plugins": [*found["plugins"], {"type": NAME}]}))
    yield running
    enter(f"rm -f {PROGRAM} {LIST} {TRACE}; systemctl restart flanneld")
    wait_for("our own list", partial(running.kubectl.succeeds, "exec", NODE, "--", "test", "-e", LIST), SECONDS)
    running.inside.run("delete", "pods", "--selector=traced", "--grace-period=0", "--force")


@pytest.mark.nightly("tests/unit/vk8s/bootstrap/test_cni.py")
def test_plugin_of_others_survives_flanneld_and_a_new_pod(chained: VirtualCluster) -> None:
    start_pod(chained, "chained")
    said = partial(chained.kubectl.run, "exec", NODE, "--", "grep", "network up", "/run/vk8s/flanneld.log")
    before = said()
    chained.kubectl.run("exec", NODE, "--", "systemctl", "restart", "flanneld")
    wait_for("flanneld", lambda: said() != before, SECONDS, chained.describe)
    assert [plugin["type"] for plugin in read_list(chained)["plugins"]] == ["ptp", "portmap", NAME]
    start_pod(chained, "after-flanneld")
    chained.replace_pod(NODE, RECOVERY_SECONDS)
    chained.wait_for_nodes()
    start_pod(chained, "after-a-new-pod")
    # One whose program is gone keeps no pod from starting.
    chained.kubectl.run("exec", NODE, "--", "rm", PROGRAM)
    chained.replace_pod(NODE, RECOVERY_SECONDS)
    chained.wait_for_nodes()
    start_pod(chained, "without-it", is_traced=False)
    assert f"CNI plugin {NAME} is left out of the CNI list" in chained.kubectl.run("logs", NODE)


def read_list(virtual: VirtualCluster) -> Manifest:
    """The CNI list of the worker."""
    found: Manifest = json.loads(virtual.kubectl.run("exec", NODE, "--", "cat", LIST))
    return found


def start_pod(virtual: VirtualCluster, name: str, *, is_traced: bool = True) -> None:
    """Starts a pod on the worker, whose sandbox is made through the plugin, or not."""
    inside = virtual.inside
    wait_for("the service account", lambda: inside.find("serviceaccount", "default"), SECONDS)
    pod = build_web_pod(name, NODE)
    inside.apply({**pod, "metadata": {**pod["metadata"], "labels": {"traced": name}}})
    inside.run("wait", "--for=condition=Ready", f"pod/{name}", f"--timeout={SECONDS}s")
    traced = virtual.kubectl.run("exec", NODE, "--", "cat", TRACE)
    assert (f"K8S_POD_NAME={name};" in traced) == is_traced
