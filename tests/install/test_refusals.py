"""An installation that can't be done: the message says what is wrong and what to do, and nothing changes."""

from pathlib import Path

import pytest
import yaml

from tests.install.installer import METACONTROLLER_IMAGE, OWN_CRDS, REGISTRY, SYSTEM, Installer, Result

OTHER = "other-metacontroller"


def read_error(result: Result) -> str:
    """The sentence, of a command that has failed."""
    assert result.returncode == 1, result.stderr
    (line,) = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    return line


def build_other_metacontroller() -> dict[str, object]:
    """Somebody else's Metacontroller, as its own manifests make it; no pod of it is ever made."""
    labels = {"app.kubernetes.io/name": "metacontroller"}
    container = {"name": "metacontroller", "image": "registry.example.com/mirror/metacontroller:v4.17.2"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    spec = {"replicas": 0, "selector": {"matchLabels": labels}, "serviceName": "", "template": template}
    metadata = {"name": "metacontroller", "namespace": OTHER}
    return {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": metadata, "spec": spec}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "where is the image of the hooks?"),
        (("--image",), "--image needs a value"),
        (("--imgae", "x"), "there is no option --imgae"),
        (("http://registry.example.com",), '"http://registry.example.com" is no image registry'),
        ((REGISTRY, "second.example.com"), "second.example.com is too much"),
    ],
    ids=["nothing", "no value", "a typing error", "an address", "two registries"],
)
def test_wrong_arguments_are_rejected(installer: Installer, arguments: tuple[str, ...], sentence: str) -> None:
    assert sentence in read_error(installer.run("./install.sh", *arguments))


@pytest.mark.parametrize("arguments", [("--force",), ("--timeout", "soon")], ids=" ".join)
def test_wrong_arguments_of_uninstall_are_rejected(installer: Installer, arguments: tuple[str, ...]) -> None:
    assert arguments[0] in read_error(installer.uninstall(*arguments))


@pytest.mark.parametrize(
    "command", [["./install.sh", REGISTRY], ["./install.sh", "--crds"], ["./uninstall.sh"]], ids=" ".join
)
def test_missing_cluster_is_reported(installer: Installer, command: list[str]) -> None:
    result = installer.run(*command, environment={"KUBECONFIG": "/nonexistent"})
    assert "no cluster answers" in read_error(result)


def test_missing_kubectl_is_reported(installer: Installer) -> None:
    result = installer.run("./install.sh", REGISTRY, environment={"KUBECTL": "kubectl-that-is-not-here"})
    assert "kubectl is missing" in read_error(result)


@pytest.mark.parametrize("command", [["./install.sh", REGISTRY], ["./uninstall.sh", "--yes"]], ids=" ".join)
def test_missing_rights_are_reported(installer: Installer, command: list[str]) -> None:
    token = installer.kubectl.within("default").run("create", "token", "default").strip()
    result = installer.run(*command, environment={"KUBECONFIG": str(installer.write_kubeconfig(token))})
    assert "which takes a cluster-admin" in read_error(result)
    assert not installer.kubectl.succeeds("get", "namespace", SYSTEM)


def test_metacontroller_is_missing(installer: Installer) -> None:
    sentence = read_error(installer.install(REGISTRY, "--no-wait", crds="/nonexistent.yaml"))
    assert "Metacontroller is missing" in sentence
    assert "--metacontroller-crds FILE" in sentence
    assert not installer.kubectl.succeeds("get", "namespace", SYSTEM)


def test_crds_of_something_else(installer: Installer) -> None:
    sentence = read_error(installer.install(REGISTRY, "--no-wait", crds="crds/ippools.yaml"))
    assert "crds/ippools.yaml has no CRD compositecontrollers.metacontroller.k8s.io" in sentence


def test_metacontroller_that_is_too_old(installer: Installer) -> None:
    """Its CRD would drop CA and token without a word."""
    installer.kubectl.apply(*yaml.safe_load_all(OWN_CRDS.read_text().replace("endpointConfigs", "another")))
    sentence = read_error(installer.install(REGISTRY, "--no-wait"))
    assert "too old" in sentence
    assert "v4.17.2" in sentence


@pytest.mark.nightly("tests/unit/setup/test_prepare.py")
def test_metacontroller_that_is_there_already_is_used(installer: Installer) -> None:
    installer.kubectl.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": OTHER}})
    installer.kubectl.apply(build_other_metacontroller())
    try:
        result = installer.install(REGISTRY, "--no-wait")
        assert result.returncode == 0, result.stderr
        assert f"The Metacontroller of this cluster ({OTHER} statefulset/metacontroller) is used" in result.stderr
        deployments = installer.system.run("get", "deployments", "--output=name")
        assert deployments.split() == ["deployment.apps/vk8s-hooks"]
        assert not installer.kubectl.succeeds("get", "clusterrolebinding", "vk8s-metacontroller")
        (rule,) = installer.system.get("networkpolicy", "vk8s-hooks")["spec"]["ingress"]
        allowed = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": OTHER}}}
        assert rule["from"][0] == allowed
        assert installer.uninstall().returncode == 0
        assert installer.kubectl.within(OTHER).succeeds("get", "statefulset", "metacontroller")
    finally:
        installer.kubectl.run("delete", "namespace", OTHER)


@pytest.mark.nightly("tests/unit/setup/test_metacontroller.py")
def test_second_metacontroller_is_reported(installer: Installer) -> None:
    assert installer.install(REGISTRY, "--no-wait").returncode == 0
    installer.kubectl.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": OTHER}})
    installer.kubectl.apply(build_other_metacontroller())
    try:
        sentence = read_error(installer.install(REGISTRY, "--no-wait"))
        assert "there are two Metacontrollers" in sentence
        assert f"{OTHER} statefulset/metacontroller" in sentence
    finally:
        installer.kubectl.run("delete", "namespace", OTHER)


def test_new_keys_before_there_are_any(installer: Installer) -> None:
    assert "install first" in read_error(installer.run("./install.sh", "--new-keys"))


@pytest.mark.nightly("tests/unit/setup/test_guard.py")
def test_question_without_a_terminal_is_an_error(installer: Installer) -> None:
    """Who deletes virtual clusters has to say so."""
    assert installer.install(REGISTRY, "--no-wait").returncode == 0
    sample = Path(__file__).parents[2] / "examples" / "sample.yaml"
    installer.kubectl.apply(yaml.safe_load(sample.read_text()))
    result = installer.uninstall()
    assert "default/sample" in result.stderr
    assert "Nothing has been deleted" in read_error(result)
    assert installer.kubectl.succeeds("get", "vk8s", "sample")
    assert METACONTROLLER_IMAGE in installer.system.run("get", "deployments", "--output=wide")
