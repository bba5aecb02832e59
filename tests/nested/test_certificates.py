"""Certificates that live a minute and a half: they are renewed, and nobody restarts anything for that."""

import base64
import time
from datetime import UTC, datetime

import pytest
import yaml
from cryptography import x509

from testbed.kubectl import KubectlError
from testbed.waiting import wait_for
from tests.nested.conftest import StartHooks
from tests.nested.virtual import VirtualCluster

SECONDS = 180
VALIDITY = 90
SETTINGS = {
    "VK8S_SETTING_KUBECONFIG_DAYS": str(VALIDITY / 86400),
    "VK8S_SETTING_NODE_CERTIFICATE_DAYS": str(VALIDITY / 86400),
}


@pytest.fixture
def brief(lonely: VirtualCluster, start_hooks: StartHooks) -> VirtualCluster:
    """A virtual cluster of a master alone, whose certificates are made by hooks with other settings; Running."""
    start_hooks(settings=SETTINGS)
    lonely.ensure_running()
    return lonely


LONG_AGO = datetime.fromtimestamp(0, UTC)


def find_server_end(virtual: VirtualCluster) -> datetime:
    """Until when the certificate is valid that the API server shows; long ago while it restarts."""
    command = "openssl s_client -connect 127.0.0.1:6443 </dev/null 2>/dev/null | openssl x509"
    try:
        text = virtual.kubectl.run("exec", f"{virtual.name}-master", "--", "bash", "-c", command)
    except KubectlError:
        return LONG_AGO
    return x509.load_pem_x509_certificate(text.encode()).not_valid_after_utc


def find_client_end(virtual: VirtualCluster) -> datetime:
    """Until when the certificate in the kubeconfig Secret is valid."""
    data = virtual.kubectl.get("secret", f"{virtual.name}-kubeconfig")["data"]["value"]
    user = yaml.safe_load(base64.b64decode(data))["users"][0]["user"]
    return x509.load_pem_x509_certificate(base64.b64decode(user["client-certificate-data"])).not_valid_after_utc


def test_they_are_renewed_and_the_node_stays_ready(brief: VirtualCluster) -> None:
    server, client = find_server_end(brief), find_client_end(brief)
    last = max(server, client)
    assert last.timestamp() - time.time() <= VALIDITY
    pod = brief.kubectl.get("pod", "lonely-master")
    wait_for("another certificate of the server", lambda: find_server_end(brief) > server, SECONDS, brief.describe)
    wait_for("another kubeconfig", lambda: find_client_end(brief) > client, SECONDS, brief.describe)
    # Longer than any certificate lives with which it has started, the kubelet's among them.
    wait_for("the end of the first ones", lambda: time.time() > last.timestamp() + 5, SECONDS)
    brief.inside.run("create", "configmap", "after-the-first-certificates")
    brief.wait_for_nodes()
    now = brief.kubectl.get("pod", "lonely-master")
    assert now["metadata"]["uid"] == pod["metadata"]["uid"]
    assert now["status"]["containerStatuses"][0]["restartCount"] == 0
    assert brief.kubectl.get("vk8s", "lonely")["status"]["phase"] == "Running"
