"""Kubeflow by an edit of the spec: a Kubeflow in small, which has the original's difficulties and needs no registry."""

import base64
import json
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from hooks.kubernetes.manifest import Manifest
from testbed import controller
from testbed.host_cluster import HostCluster
from testbed.kubectl import Kubectl, has_condition
from testbed.layout import ROOT
from testbed.waiting import wait_for
from tests.figures import record
from tests.kubeflow import bundle
from tests.nested.failures import FAILURES, Failure
from tests.nested.kubeflow import (
    INSTALL_SECONDS,
    PORT,
    SECONDS,
    describe,
    has_been_installed,
    has_begun,
    install_again,
    is_complete,
    is_installed,
    prepare,
    read_condition,
    read_secret,
    wait_until_installed,
    with_port,
    with_version,
)
from tests.nested.virtual import VirtualCluster

VERSION, NEXT = "v1.11.0", "v1.11.1"
SETTINGS = {"VK8S_SETTING_KUBEFLOW_INSTALLER_IMAGE": "registry.example.com/vk8s/kubeflow-installer:{version}"}
# Which its manifests have, as the original's do.
DEFAULT_PASSWORD = "12341234"
DASHBOARD = "Kubeflow Central Dashboard"
NAMESPACES = ("auth", "istio-system", "kubeflow")
# Until a user sees why a step does not get on.
TELL_SECONDS = 30


@pytest.fixture(scope="module")
def installers(machine: HostCluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Hooks that install Kubeflow, and a host that has the images for it."""
    directory = tmp_path_factory.mktemp("checkouts")
    for version in (VERSION, NEXT):
        machine.import_image(bundle.build_installer(version, directory / version))
    controller.start_hooks(machine, settings=SETTINGS)
    yield
    controller.start_hooks(machine)


@pytest.fixture(scope="module")
def kubeflow(local: VirtualCluster, installers: None) -> Iterator[VirtualCluster]:  # noqa: ARG001 they install it
    """The virtual cluster with Kubeflow in its file, in any state; new for these tests, and gone after them.

    What other tests have killed in it is no matter of Kubeflow's.
    """
    local.ensure_absent()
    yield with_version(with_port(local), VERSION)
    local.ensure_absent()


@pytest.fixture
def installed(kubeflow: VirtualCluster) -> VirtualCluster:
    """The same, with Kubeflow in it."""
    if not is_installed(kubeflow):
        install(kubeflow)
    return kubeflow


@pytest.fixture
def installed_once(kubeflow: VirtualCluster) -> VirtualCluster:
    """The same, for tests that break it: what was broken before is fixed, and need not be ready yet."""
    if not has_been_installed(kubeflow):
        install(kubeflow)
    return kubeflow


def install(kubeflow: VirtualCluster) -> float:
    """Edits the spec, and returns the seconds until status says that Kubeflow is ready."""
    prepare(kubeflow)
    start = time.monotonic()
    kubeflow.kubectl.apply(kubeflow.manifest)
    wait_until_installed(kubeflow)
    return time.monotonic() - start


@pytest.mark.nightly("tests/unit/vk8s/kubeflow/test_plan.py")
@pytest.mark.exclusive
def test_edit_of_the_spec_installs_kubeflow(kubeflow: VirtualCluster) -> None:
    kubeflow.ensure_absent()
    record("kubeflow_bundle_s", install(kubeflow))
    assert_installed(kubeflow.inside, VERSION)
    assert has_condition(kubeflow.kubectl.get("vk8s", "local"))


def assert_installed(inside: Kubectl, version: str) -> None:
    """All that the manifests have is there, and runs; what has to differ from them does."""
    workloads = inside.get("deployments,statefulsets", "--all-namespaces")["items"]
    installed = [each for each in workloads if each["metadata"]["namespace"] in NAMESPACES]
    assert len(installed) == 6
    assert [each["metadata"]["name"] for each in installed if not each["status"].get("readyReplicas")] == []
    assert inside.get("profile", "kubeflow-user-example-com")["spec"]["owner"]["name"] == "user@example.com"
    assert inside.get("clustertrainingruntime", "torch-distributed")["spec"] == {"framework": "torch"}
    told = inside.get("configmap", "kubeflow-version", "--namespace=kubeflow")["data"]
    assert told == {"version": version}
    ports = inside.get("service", "istio-ingressgateway", "--namespace=istio-system")["spec"]["ports"]
    assert [port["nodePort"] for port in ports if port["name"] == "http2"] == [PORT]


@pytest.mark.nightly("tests/images/test_kubeflow_render.py")
def test_cookies_reach_a_page_without_tls(installed: VirtualCluster) -> None:
    inside = installed.inside.within("kubeflow")
    assert inside.get("configmap", "jupyter-web-app-parameters")["data"]["JWA_APP_SECURE_COOKIES"] == "false"
    pod = inside.get("deployment", "jupyter-web-app-deployment")["spec"]["template"]["spec"]
    assert {"name": "APP_SECURE_COOKIES", "value": "false"} in pod["containers"][0]["env"]


@pytest.mark.nightly("tests/unit/vk8s/kubeflow/test_status.py")
def test_url_in_the_status_points_to_the_login(installed: VirtualCluster) -> None:
    client, url = installed.host.client, read_url(installed)
    assert url == f"http://{client.address}:{PORT}"
    page = client.outside.run("curl", "--silent", "--fail", "--location", "--max-time", "10", url)
    assert "Log in to Your Account" in page.stdout, page


@pytest.mark.nightly("tests/images/test_kubeflow_login.py")
def test_browser_logs_in_with_the_secrets_password_alone(
    installed: VirtualCluster,
) -> None:
    user = read_secret(installed)
    assert user["username"] == "user@example.com"
    pages = browse(installed, user)
    assert "Log in to Your Account" in pages["before"]["text"]
    assert pages["after"]["title"] == DASHBOARD
    assert user["username"] in pages["after"]["text"]
    refused = browse(installed, {**user, "password": DEFAULT_PASSWORD})["after"]
    assert refused["title"] != DASHBOARD
    assert "Invalid Email Address and password" in refused["text"]


def read_url(virtual: VirtualCluster) -> str:
    return str(virtual.kubectl.get("vk8s", virtual.name)["status"]["endpoints"]["kubeflow"])


def browse(virtual: VirtualCluster, user: dict[str, str]) -> dict[str, dict[str, str]]:
    """What a browser in the host cluster's network sees before and after a login."""
    program = ("env", f"--chdir={ROOT}", sys.executable, "-m", "tests.nested.browser", read_url(virtual))
    ended = virtual.host.client.network.run(*program, stdin=json.dumps(user))
    assert ended.returncode == 0, ended.stderr
    pages: dict[str, dict[str, str]] = json.loads(ended.stdout)
    return pages


@pytest.mark.nightly("tests/unit/vk8s/kubeflow/test_secret.py")
def test_password_is_nowhere_but_in_its_secret(installed: VirtualCluster, machine: HostCluster) -> None:
    uid = install_again(installed)
    commands: set[str] = set()

    def is_done() -> bool:
        commands.update(read_command_lines())
        return is_complete(installed, uid)

    wait_for("the Job", is_done, INSTALL_SECONDS, lambda: describe(installed))
    wait_until_installed(installed)
    password = read_secret(installed)["password"]
    inside = installed.inside
    stored = inside.get("secret", "dex-passwords", "--namespace=auth")["data"]["DEX_USER_PASSWORD"]
    texts = {password, encode(password), stored, base64.b64decode(stored).decode()}
    assert_absent(texts, "command lines", "\n".join(commands))
    for path in list_logs(machine):
        assert_absent(texts, path.name, path.read_text(errors="replace"))
    for thing in [*list_all(installed.kubectl), *list_all(inside)]:
        own = (thing["kind"], thing["metadata"]["name"]) == ("Secret", "local-kubeflow")
        # That of Dex has the hash, and only as what it is.
        shown = {key: value for key, value in thing.items() if (thing["kind"], key) != ("Secret", "data")}
        assert_absent(texts, f"{thing['kind']} {thing['metadata']['name']}", "" if own else json.dumps(shown))


def list_logs(machine: HostCluster) -> list[Path]:
    """Logs of the hooks and of Metacontroller, and of all containers of the host, those that have ended included."""
    pods = list((machine.testbed.state / "pod-logs").rglob("*.log"))
    assert [path for path in pods if "local-kubeflow" in str(path)]
    return [*machine.testbed.logs.glob("*.log"), *pods]


def read_command_lines() -> Iterator[str]:
    """Command lines of all that runs on this machine, pods in nodes included."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            yield path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue  # ended meanwhile


def encode(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def assert_absent(texts: set[str], where: str, content: str) -> None:
    assert not [text for text in texts if text in content], where


def list_all(kubectl: Kubectl) -> list[Manifest]:
    """Each object of a cluster, Events included."""
    kinds = kubectl.run("api-resources", "--verbs=list", "--output=name").split()
    # Events are served twice; what only measures may not be served yet.
    wanted = [kind for kind in kinds if not kind.startswith(("events.events.", "nodes.metrics.", "pods.metrics."))]
    items: list[Manifest] = kubectl.get(",".join(wanted), "--all-namespaces")["items"]
    assert len({thing["kind"] for thing in items}) > 10
    return items


@pytest.mark.nightly("tests/images/test_kubeflow_sentences.py")
@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES.keys())
def test_stuck_step_is_reported_with_its_reason(installed_once: VirtualCluster, failure: Failure) -> None:
    virtual = installed_once
    with failure.happening(virtual.inside):
        uid = install_again(virtual)
        begun = partial(has_begun, virtual, uid, failure.step)
        wait_for(f"step {failure.step}", begun, INSTALL_SECONDS, lambda: describe(virtual))
        wait_for(failure.words, lambda: is_told(virtual, failure), TELL_SECONDS, lambda: describe(virtual))
        assert read_condition(virtual)["status"] == "False"


def is_told(virtual: VirtualCluster, failure: Failure) -> bool:
    shown = virtual.kubectl.run("describe", "vk8s", virtual.name).splitlines()
    return any(f"({failure.step})" in line and failure.words in line for line in shown)


@pytest.mark.nightly("tests/unit/vk8s/kubeflow/test_plan.py")
def test_edit_of_the_version_installs_the_other_one(installed: VirtualCluster) -> None:
    other = with_version(installed, NEXT)
    other.kubectl.apply(other.manifest)
    wait_until_installed(other)
    assert_installed(other.inside, NEXT)
    assert NEXT in read_condition(other)["message"]


@pytest.mark.nightly("tests/unit/vk8s/kubeflow/test_plan.py")
def test_installed_kubeflow_stays_when_the_field_is_removed(installed: VirtualCluster) -> None:
    job = installed.kubectl.get("job", "local-kubeflow")
    installed.kubectl.run("patch", "vk8s", "local", "--type=merge", '--patch={"spec": {"kubeflow": null}}')
    wait_for("the condition", lambda: read_condition(installed).get("reason") == "LeftInstalled", SECONDS)
    assert_installed(installed.inside, VERSION)
    again = installed.kubectl.get("job", "local-kubeflow")
    assert (again["metadata"]["uid"], has_condition(again, "Complete")) == (job["metadata"]["uid"], True)
