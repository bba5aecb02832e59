"""Certificates that live a minute and a half: they are renewed, and nobody restarts anything for that."""

import base64
import time
from datetime import UTC, datetime
from functools import partial

import pytest
import yaml
from cryptography import x509

from hooks.kubernetes.manifest import Manifest
from testbed.kubectl import KubectlError, has_condition
from testbed.waiting import wait_for
from tests.nested.conftest import StartHooks
from tests.nested.limits import RECOVERY_SECONDS
from tests.nested.virtual import VirtualCluster
from tests.nested.workload import build_web_pod

SECONDS = 180
VALIDITY = 90
SETTINGS = {
    "VK8S_SETTING_KUBECONFIG_DAYS": str(VALIDITY / 86400),
    "VK8S_SETTING_NODE_CERTIFICATE_DAYS": str(VALIDITY / 86400),
}


@pytest.fixture
def brief(lonely: VirtualCluster, start_hooks: StartHooks) -> VirtualCluster:
    """A virtual cluster of a control-plane node alone, with certificates of hooks with other settings; Running."""
    start_hooks(settings=SETTINGS)
    lonely.ensure_running()
    return lonely


IN_NODE, SUBNET_FILE = ("exec", "lonely-master", "--"), "/run/flannel/subnet.env"
LONG_AGO = datetime.fromtimestamp(0, UTC)


def read_server_end(virtual: VirtualCluster) -> datetime:
    """Until when the certificate is valid that the API server shows; long ago while it restarts."""
    command = "openssl s_client -connect 127.0.0.1:6443 </dev/null 2>/dev/null | openssl x509"
    try:
        text = virtual.kubectl.run("exec", f"{virtual.name}-master", "--", "bash", "-c", command)
    except KubectlError:
        return LONG_AGO
    return x509.load_pem_x509_certificate(text.encode()).not_valid_after_utc


def read_client_end(virtual: VirtualCluster) -> datetime:
    """Until when the certificate in the kubeconfig Secret is valid."""
    data = virtual.kubectl.get("secret", f"{virtual.name}-kubeconfig")["data"]["value"]
    user = yaml.safe_load(base64.b64decode(data))["users"][0]["user"]
    return x509.load_pem_x509_certificate(base64.b64decode(user["client-certificate-data"])).not_valid_after_utc


@pytest.mark.nightly("tests/unit/vk8s/bootstrap/test_certificates.py")
def test_certificates_are_renewed_and_the_node_stays_ready(brief: VirtualCluster) -> None:
    server, client = read_server_end(brief), read_client_end(brief)
    last = max(server, client)
    assert last.timestamp() - time.time() <= VALIDITY
    pod = brief.kubectl.get("pod", "lonely-master")
    wait_for("another certificate of the server", lambda: read_server_end(brief) > server, SECONDS, brief.describe)
    wait_for("another kubeconfig", lambda: read_client_end(brief) > client, SECONDS, brief.describe)
    # Longer than any certificate lives with which it has started, the kubelet's among them.
    wait_for("the end of the first ones", lambda: time.time() > last.timestamp() + 5, SECONDS)
    brief.inside.run("create", "configmap", "after-the-first-certificates")
    brief.wait_for_nodes()
    now = brief.kubectl.get("pod", "lonely-master")
    assert now["metadata"]["uid"] == pod["metadata"]["uid"]
    assert now["status"]["containerStatuses"][0]["restartCount"] == 0
    assert brief.kubectl.get("vk8s", "lonely")["status"]["phase"] == "Running"


@pytest.mark.nightly("tests/unit/vk8s/bootstrap/test_certificates.py")
def test_restarted_components_log_in_after_a_second_boot(brief: VirtualCluster) -> None:
    """Kubelet, flanneld and kubectl in the node, with what the files say that they read when they start."""
    brief.replace_pod("lonely-master", RECOVERY_SECONDS)
    pod = brief.kubectl.get("pod", "lonely-master")
    wait_for_end_of_certificates()
    brief.kubectl.run(*IN_NODE, "rm", SUBNET_FILE)
    brief.kubectl.run(*IN_NODE, "systemctl", "restart", "kubelet", "flanneld")
    check_node(brief, pod)
    assert "lonely-master" in brief.kubectl.run(*IN_NODE, "kubectl", "get", "nodes")


def wait_for_end_of_certificates() -> None:
    """Longer than any certificate lives that was made so far."""
    end = time.time() + VALIDITY + 5
    wait_for("the end of the certificates", lambda: time.time() > end, SECONDS)


def check_node(brief: VirtualCluster, pod: Manifest) -> None:
    """Waits until the network is up and a new pod runs; AssertionError where the node is not what it was."""
    has_network = partial(brief.kubectl.succeeds, *IN_NODE, "test", "-e", SUBNET_FILE)
    wait_for("the network", has_network, SECONDS, brief.describe)
    wait_for("a new pod", partial(runs_new_pod, brief), SECONDS, brief.describe)
    brief.wait_for_nodes()
    now = brief.kubectl.get("pod", "lonely-master")
    assert now["metadata"]["uid"] == pod["metadata"]["uid"]
    assert now["status"]["containerStatuses"][0]["restartCount"] == 0


def runs_new_pod(brief: VirtualCluster) -> bool:
    """By the kubeconfig of this moment; each API server is away for seconds whenever its certificates are renewed."""
    inside = brief.inside
    try:
        inside.apply(build_web_pod("after-them", "lonely-master"))
        return has_condition(inside.get("pod", "after-them"))
    except KubectlError:
        return False


# The first one, of kubeadm, in place of the one that the kubelet asked for at once and that lives for a year.
TURN_BACK = "cd /var/lib/kubelet/pki && ln -sf $(printf '%s\\n' kubelet-client-2* | head -1) kubelet-client-current.pem"


@pytest.mark.nightly("tests/unit/vk8s/bootstrap/test_certificates.py")
def test_kubelet_recovers_after_its_certificate_expired(brief: VirtualCluster) -> None:
    """As on a machine that was suspended: nobody but the node itself can let it in again."""
    pod = brief.kubectl.get("pod", "lonely-master")
    brief.kubectl.run(*IN_NODE, "pkill", "-STOP", "--exact", "kubelet")
    brief.kubectl.run(*IN_NODE, "bash", "-c", TURN_BACK)
    told = partial(brief.kubectl.run, "logs", "lonely-master")
    wait_for("the sentence", lambda: "The certificate of the kubelet has expired" in told(), SECONDS, brief.describe)
    check_node(brief, pod)
