"""ssh from outside the host cluster, with a real client."""

import base64
import json
import subprocess
from pathlib import Path

import pytest

from testbed.waiting import wait_for
from tests.nested.place import Place
from tests.nested.virtual import VirtualCluster

POD = "local-access-pod"
SECONDS = 60
REFUSED = 255


@pytest.fixture
def ssh(running: VirtualCluster, tmp_path: Path) -> "Ssh":
    """A client with the key that was made for the owner, which knows the host by the key in the Secret."""
    return build_ssh(running, tmp_path)


def build_ssh(virtual: VirtualCluster, tmp_path: Path) -> "Ssh":
    """The same, for any virtual cluster with an access pod."""
    wait_for_access(virtual)
    secret = virtual.kubectl.get("secret", "local-ssh")["data"]
    client, port = virtual.host.client, virtual.manifest["spec"]["accessPodPort"]
    key, known_hosts = tmp_path / "key", tmp_path / "known_hosts"
    client.ssh.write(key, base64.b64decode(secret["id_ecdsa"]).decode())
    public = base64.b64decode(secret["ssh_host_ecdsa_key.pub"]).decode()
    client.ssh.write(known_hosts, f"[{client.address}]:{port} {public}")
    options = ["-o", f"UserKnownHostsFile={known_hosts}", "-o", "StrictHostKeyChecking=yes", "-o", "ConnectTimeout=5"]
    return Ssh(client.ssh, [*("ssh", "-F", "none", "-p", str(port)), *options], f"root@{client.address}", key)


class Ssh:
    """An ssh client for one host, which runs at a place."""

    def __init__(self, place: Place, command: list[str], target: str, key: Path) -> None:
        self.place, self.command, self.target, self.key = place, command, target, key

    def run(self, *remote: str, key: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Runs a command at the other end, with the owner's key or another."""
        options = ["-i", str(key or self.key), "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes"]
        return self.place.run("timeout", str(SECONDS), *self.command, *options, self.target, *remote)

    def make_key(self, path: Path) -> str:
        """Makes another key; the public one."""
        made = self.place.run(
            "bash", "-euc", 'mkdir -p "${1%/*}"; ssh-keygen -qt ed25519 -N "" -f "$1"', "-", str(path)
        )
        assert made.returncode == 0, made.stderr
        return self.place.run("cat", f"{path}.pub").stdout.strip()


def wait_for_access(virtual: VirtualCluster) -> None:
    virtual.kubectl.run("wait", "vk8s/local", "--for=condition=AccessReady", f"--timeout={SECONDS}s")


def test_kubectl_is_ready_to_use(ssh: Ssh, running: VirtualCluster) -> None:
    result = ssh.run("kubectl", "get", "nodes", "--no-headers")
    assert result.returncode == 0, result.stderr
    assert [line.split()[:2] for line in result.stdout.splitlines()] == [[node, "Ready"] for node in running.nodes]


def test_shell_names_its_cluster_and_completes_kubectl(ssh: Ssh) -> None:
    # As bash does when somebody presses Tab after `kubectl`.
    result = ssh.run("bash", "-ic", "'echo $VK8S_NAME; _completion_loader kubectl; complete -p kubectl'")
    name, completion = result.stdout.splitlines()
    assert name == "local"
    assert "-F __start_kubectl kubectl" in completion


def test_another_key_is_rejected(ssh: Ssh, tmp_path: Path) -> None:
    other = tmp_path / "other"
    ssh.make_key(other)
    result = ssh.run("true", key=other)
    assert result.returncode == REFUSED
    assert "Permission denied (publickey)" in result.stderr


@pytest.mark.nightly("tests/unit/vk8s/children/test_access_config_map.py")
def test_keys_in_the_spec_replace_the_generated_one_in_the_pod(
    ssh: Ssh, running: VirtualCluster, tmp_path: Path
) -> None:
    mine = tmp_path / "mine"
    before = running.kubectl.get("pod", POD)["metadata"]["uid"]
    keys = {"spec": {"access": {"authorizedKeys": [ssh.make_key(mine)]}}}
    running.kubectl.run("patch", "vk8s", running.name, "--type=merge", f"--patch={json.dumps(keys)}")
    wait_for("the new key", lambda: ssh.run("true", key=mine).returncode == 0, SECONDS)
    assert ssh.run("true").returncode == REFUSED
    running.kubectl.run("patch", "vk8s", running.name, "--type=merge", '--patch={"spec": {"access": null}}')
    wait_for("the generated key", lambda: ssh.run("true").returncode == 0, SECONDS)
    assert running.kubectl.get("pod", POD)["metadata"]["uid"] == before


def test_no_password_is_ever_asked_for(ssh: Ssh) -> None:
    options = ["-v", "-o", "PubkeyAuthentication=no", "-o", "NumberOfPasswordPrompts=1"]
    result = ssh.place.run("timeout", str(SECONDS), *ssh.command, *options, ssh.target, "true")
    assert result.returncode == REFUSED
    assert "Authentications that can continue: publickey\n" in result.stderr.replace("\r", "")


def test_new_access_pod_has_the_same_host_key(ssh: Ssh, running: VirtualCluster) -> None:
    before = running.kubectl.get("pod", POD)["metadata"]["uid"]
    running.replace_pod(POD, SECONDS)
    assert running.kubectl.get("pod", POD)["metadata"]["uid"] != before
    # The client refuses a host with another key.
    wait_for("ssh", lambda: ssh.run("hostname").stdout.strip() == POD, SECONDS)


def test_private_key_of_the_owner_is_not_in_the_pod(ssh: Ssh) -> None:
    assert ssh.run("ls", "/vk8s/ssh").stdout.split() == ["ssh_host_ecdsa_key"]
