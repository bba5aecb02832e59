"""install.sh and make on a cluster whose node has the images: what works afterwards."""

import base64
import json
import subprocess

import pytest

from hooks import VERSION
from testbed.host_cluster import HostCluster
from testbed.waiting import wait_for
from tests.install.conftest import name_image, wait_for_an_answer
from tests.install.installer import METACONTROLLER_IMAGE, REGISTRY, SYSTEM, Installer
from tests.nested.virtual import VirtualCluster

HOOKS = "https://vk8s-hooks.vk8s-system"
# Two versions of the hooks, as far as a Deployment can tell.
IMAGE, OTHER_IMAGE = f"{REGISTRY}/vk8s/controller:{VERSION}", f"{REGISTRY}/vk8s/controller:other"
SECONDS = 60


def list_pods(installer: Installer) -> dict[str, str]:
    """Names and uids of the pods of the product, except for those that are terminating."""
    metadata = [pod["metadata"] for pod in installer.system.get("pods")["items"]]
    return {each["name"]: each["uid"] for each in metadata if "deletionTimestamp" not in each}


def list_rights(installer: Installer, account: str) -> str:
    """What a ServiceAccount may do in its namespace."""
    groups = [f"--as-group=system:{group}" for group in ("serviceaccounts", "authenticated")]
    return installer.system.run("auth", "can-i", "--list", f"--as=system:serviceaccount:{account}", *groups)


def list_refusals(installer: Installer) -> list[str]:
    """Calls that the hooks rejected, as Metacontroller reports them; not those before a pod was there.

    Nor that the API server still held the NodePorts of a Vk8s of the same name, which had just been deleted.
    """
    others = ("connection refused", "provided port is already allocated")
    events = installer.kubectl.get("events", "--all-namespaces")["items"]
    messages = [event["message"] for event in events if event["reason"] in {"SyncError", "CreateError"}]
    return [message for message in messages if not any(other in message.lower() for other in others)]


def call_hooks(host: HostCluster, ca: str, *arguments: str) -> str:
    """The status code of a call to the Service from a pod; 000 where nothing was answered.

    Waits while connections are refused: kube-proxy follows a rollout some moments later.
    """
    service = host.kubectl.within(SYSTEM).get("service", "vk8s-hooks")["spec"]["clusterIP"]
    command = [
        *("curl", "--silent", "--output", "/dev/null", "--write-out", "%{http_code}", "--max-time", "10"),
        *("--retry", "20", "--retry-connrefused", "--retry-delay", "1"),
        *("--resolve", f"vk8s-hooks.vk8s-system:443:{service}", "--cacert", ca, "--request", "POST", "--data", "{}"),
        *arguments,
    ]
    return subprocess.run(host.in_network(command), capture_output=True, text=True, check=False).stdout


@pytest.mark.nightly("tests/kind/test_hosts.py::test_status_and_api_show_all_nodes")
def test_everything_that_is_installed_works(installed: Installer, virtual: VirtualCluster) -> None:
    """And nothing had to be refused on the way."""
    assert list_refusals(installed) == []
    assert len(list_pods(installed)) == len(["hooks", "hooks", "metacontroller", "metacontroller"])
    virtual.wait_for_nodes()


@pytest.mark.nightly("tests/kind/test_hosts.py::test_status_and_api_show_all_nodes")
def test_installing_again_changes_nothing(installed: Installer) -> None:
    # Another test may have left another version.
    assert installed.install().returncode == 0
    before, keys = list_pods(installed), installed.read_keys()
    result = installed.install()
    assert result.returncode == 0, result.stderr
    assert list_pods(installed) == before
    assert installed.read_keys() == keys


@pytest.mark.nightly("tests/kind/test_hosts.py::test_status_and_api_show_all_nodes")
def test_networks_of_the_host_are_found(installed: Installer) -> None:
    settings = installed.system.get("configmap", "vk8s-hooks-host")["data"]
    found = settings["VK8S_SETTING_HOST_CIDRS"].split(",")
    assert {"10.200.0.0/16", "10.201.0.0/16"} - set(found) <= {"10.200.0.0/16"}
    assert any(cidr.startswith("172.31.") for cidr in found)
    assert settings["VK8S_SETTING_IP_MANAGER"] == "true"
    assert settings["VK8S_SETTING_KUBEFLOW_INSTALLER_IMAGE"] == f"{REGISTRY}/vk8s/kubeflow-installer:{{version}}"


@pytest.mark.nightly("tests/unit/setup/test_prepare.py")
def test_settings_of_the_operator_win_and_stay(installed: Installer, virtual: VirtualCluster) -> None:
    """Here: a range that a new virtual cluster may not have, and an existing one gets a warning for."""
    data = {"VK8S_SETTING_HOST_CIDRS": "198.18.0.0/15"}
    installed.system.apply(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "vk8s-hooks-settings"}, "data": data}
    )
    assert installed.install().returncode == 0
    pod = {"spec": {"nodes": [{"name": "second-master", "image": "x", "role": "master"}]}}
    virtual.kubectl.apply({**virtual.manifest, "metadata": {"name": "second"}, **pod})
    try:
        wait_for("a refusal", lambda: "198.18.0.0/15" in read_message(virtual, "second", "Accepted"), SECONDS)
        assert virtual.kubectl.get("vk8s", virtual.name)["status"]["phase"] == "Running"
    finally:
        virtual.kubectl.run("delete", "vk8s", "second", f"--timeout={SECONDS}s")
        installed.system.run("delete", "configmap", "vk8s-hooks-settings")


@pytest.mark.nightly("tests/cli/test_create.py")
def test_command_finds_images_where_the_hooks_are_from(installed: Installer) -> None:
    """Everyone may read where; what an administrator has written there stays."""
    defaults = ("configmap", "vk8s-defaults")
    assert installed.system.get(*defaults)["data"] == {"registry": REGISTRY}
    user = ("--as=jane", "--as-group=system:authenticated")
    assert installed.system.succeeds("auth", "can-i", "get", "/".join(defaults), *user)
    assert not installed.system.succeeds("auth", "can-i", "get", "configmap/vk8s-hooks-host", *user)
    written = {"version": "v1.33.1"}
    installed.system.run("patch", *defaults, "--type=merge", f"--patch={json.dumps({'data': written})}")
    assert installed.install().returncode == 0
    assert installed.system.get(*defaults)["data"] == {"registry": REGISTRY, **written}
    installed.system.run("delete", *defaults)


def read_message(virtual: VirtualCluster, name: str, kind: str) -> str:
    """The message of a condition, empty while there is none."""
    conditions = virtual.kubectl.get("vk8s", name).get("status", {}).get("conditions", [])
    return next((str(entry["message"]) for entry in conditions if entry["type"] == kind), "")


@pytest.mark.nightly("tests/api/test_process.py")
def test_nobody_else_calls_the_hooks(installed: Installer, host_with_node: HostCluster) -> None:
    ca = installed.directory / "ca.crt"
    keys = installed.read_keys()["vk8s-hooks-client"]
    ca.write_bytes(base64.b64decode(keys["ca.crt"]))
    token = base64.b64decode(keys["token"]).decode().strip()
    sync = f"{HOOKS}/vk8s/sync"
    assert call_hooks(host_with_node, str(ca), sync) == "401"
    assert call_hooks(host_with_node, str(ca), "--header", "Authorization: Bearer " + "x" * 64, sync) == "401"
    # With the token, it is the body that is refused.
    header = installed.directory / "header"
    header.write_text(f"Authorization: Bearer {token}")
    assert call_hooks(host_with_node, str(ca), "--header", f"@{header}", sync) == "400"
    # The certificate is by a CA of its own, that nobody else trusts.
    assert call_hooks(host_with_node, "/etc/ssl/certs/ca-certificates.crt", sync) == "000"


@pytest.mark.nightly("tests/contract/test_manifests.py")
def test_hooks_may_do_nothing_in_the_cluster(installed: Installer) -> None:
    """No more than any ServiceAccount that nobody has given anything."""
    mine, nobodys = (list_rights(installed, account) for account in ("vk8s-system:vk8s-hooks", "default:nobody"))
    assert mine == nobodys
    for pod in installed.system.get("pods", "--selector=app.kubernetes.io/name=vk8s-hooks")["items"]:
        mounts = pod["spec"]["containers"][0]["volumeMounts"]
        assert [mount["name"] for mount in mounts] == ["keys"]


@pytest.mark.nightly("tests/unit/setup/test_keys.py")
def test_new_keys_while_everything_runs(installed: Installer, virtual: VirtualCluster) -> None:
    """No call is rejected meanwhile, and afterwards none of the previous keys is accepted."""
    former = installed.read_keys()
    installed.system.run("annotate", "deployments", "--all", "vk8s.sktelecom.com/started-with=former")
    result = installed.run("./install.sh", "--new-keys")
    assert result.returncode == 0, result.stderr
    keys = installed.read_keys()
    deployments = installed.system.get("deployments")["items"]
    # Else the setup of the Helm chart would restart them once more.
    assert not any("vk8s.sktelecom.com/started-with" in each["metadata"]["annotations"] for each in deployments)
    for name in former:
        assert not set(former[name].values()) & set(keys[name].values())
    wait_for_an_answer(virtual, "with-new-keys")
    assert list_refusals(installed) == []


@pytest.mark.nightly("tests/unit/vk8s/plan/test_boot_files.py")
def test_upgrade_of_the_product_restarts_no_virtual_cluster(
    installed: Installer, virtual: VirtualCluster, host_with_node: HostCluster
) -> None:
    name_image(host_with_node, IMAGE, OTHER_IMAGE)
    before = virtual.kubectl.get("pod", *virtual.nodes)["metadata"]["uid"]
    settings = installed.system.get("configmap", "vk8s-hooks-host")["data"]
    result = installed.run(
        "make", "deploy", f"IMG={OTHER_IMAGE}", f"ARGS=--metacontroller-image {METACONTROLLER_IMAGE}"
    )
    assert result.returncode == 0, result.stderr
    images = installed.system.run("get", "pods", "--output=jsonpath={.items[*].spec.containers[*].image}").split()
    assert images.count(OTHER_IMAGE) == len(["hooks", "hooks"])
    # Where Kubeflow's installers are was said at the first installation, not here.
    assert installed.system.get("configmap", "vk8s-hooks-host")["data"] == settings
    wait_for_an_answer(virtual, "by-another-version")
    assert virtual.kubectl.get("pod", *virtual.nodes)["metadata"]["uid"] == before
    assert virtual.kubectl.get("vk8s", virtual.name)["status"]["phase"] == "Running"
