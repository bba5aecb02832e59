"""The manifests of metacontroller/: valid, complete, and as closed as SECURITY.md says."""

from collections.abc import Iterator
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from hooks.kubernetes.manifest import Manifest

DIRECTORY = Path(__file__).parents[2] / "metacontroller"
# The oldest host cluster that is supported.
KUBERNETES = "1.31"
OWN_KINDS = {"CompositeController"}
# What makes somebody root on the hosts.
WRITES = {"create", "update", "patch", "delete", "deletecollection", "*"}


def read_all() -> Iterator[Manifest]:
    """Every object that `kubectl kustomize` would print."""
    listed = yaml.safe_load((DIRECTORY / "kustomization.yaml").read_text())["resources"]
    for name in listed:
        yield from yaml.safe_load_all((DIRECTORY / name).read_text())


def get_manifest(kind: str, name: str) -> Manifest:
    """The one object of that kind and name."""
    (found,) = [each for each in read_all() if (each["kind"], each["metadata"]["name"]) == (kind, name)]
    return found


MANIFESTS = {f"{each['kind']} {each['metadata']['name']}": each for each in read_all()}
WORKLOADS = [get_manifest("Deployment", name) for name in ("vk8s-hooks", "metacontroller")]


@pytest.mark.parametrize("manifest", MANIFESTS.values(), ids=MANIFESTS)
def test_kubernetes_knows_every_field(manifest: Manifest) -> None:
    if manifest["kind"] not in OWN_KINDS:
        kubernetes_validate.validate(manifest, KUBERNETES, strict=True)


@pytest.mark.parametrize("manifest", MANIFESTS.values(), ids=MANIFESTS)
def test_uninstall_finds_everything(manifest: Manifest) -> None:
    """What has no namespace by a label, the rest by the namespace."""
    labels = manifest["metadata"].get("labels", {})
    assert manifest["metadata"].get("namespace") == "vk8s-system" or labels["app.kubernetes.io/part-of"] == "vk8s"


def test_no_manifest_is_forgotten() -> None:
    listed = yaml.safe_load((DIRECTORY / "kustomization.yaml").read_text())["resources"]
    assert sorted([*listed, "kustomization.yaml"]) == sorted(path.name for path in DIRECTORY.glob("*.yaml"))


@pytest.mark.parametrize("workload", WORKLOADS, ids=lambda each: str(each["metadata"]["name"]))
def test_pods_are_closed(workload: Manifest) -> None:
    pod = workload["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    (container,) = pod["containers"]
    closed = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
    assert container["securityContext"] == closed
    assert {"requests", "limits"} == set(container["resources"])
    assert {"readinessProbe", "startupProbe", "livenessProbe"} <= set(container)


def test_hooks_have_no_permission_and_no_token() -> None:
    pod = get_manifest("Deployment", "vk8s-hooks")["spec"]["template"]["spec"]
    assert pod["serviceAccountName"] == "vk8s-hooks"
    assert pod["automountServiceAccountToken"] is False
    assert get_manifest("ServiceAccount", "vk8s-hooks")["automountServiceAccountToken"] is False
    bound = {s["name"]: each for each in read_all() if "Binding" in each["kind"] for s in each["subjects"]}
    # What everyone has, they have as well, but no token to use it with.
    assert bound.keys() == {"metacontroller", "system:authenticated"}
    everybody = bound["system:authenticated"]
    assert everybody["kind"] == "RoleBinding"
    assert get_manifest("Role", everybody["roleRef"]["name"])["rules"] == [
        {"apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["vk8s-defaults"], "verbs": ["get"]}
    ]


def test_hooks_stop_later_than_their_calls() -> None:
    """The time in which they are taken out of the Service, and that for running calls, are within the grace period."""
    pod = get_manifest("Deployment", "vk8s-hooks")["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    calls = 10
    assert container["lifecycle"]["preStop"]["sleep"]["seconds"] + calls < pod["terminationGracePeriodSeconds"]


@pytest.mark.parametrize("name", ["vk8s", "ippool"])
def test_every_call_passes_the_middleware(name: str) -> None:
    """The host of each hook's address has CA and token, from the Secret that install.sh makes."""
    spec = get_manifest("CompositeController", name)["spec"]
    (door,) = spec["endpointConfigs"]
    for hook in spec["hooks"].values():
        service = hook["webhook"]["service"]
        assert service["protocol"] == "https"
        assert door["host"] == f"{service['name']}.{service['namespace']}:{service['port']}"
    assert door["caBundle"]["secretRef"]["name"] == door["authorization"]["secretRef"]["name"] == "vk8s-hooks-client"


@pytest.mark.parametrize("name", ["vk8s", "ippool"])
def test_our_metacontroller_serves_our_controllers_alone(name: str) -> None:
    (container,) = get_manifest("Deployment", "metacontroller")["spec"]["template"]["spec"]["containers"]
    label, _, value = "app.kubernetes.io/part-of=vk8s".partition("=")
    assert f"--target-label-selector={label}={value}" in container["args"]
    assert get_manifest("CompositeController", name)["metadata"]["labels"][label] == value


def test_only_who_is_given_it_on_purpose_makes_virtual_clusters() -> None:
    """The built-in roles admin and edit are for people who must not be root on the hosts."""
    for role in list_roles():
        built_in = [label for label in role["metadata"]["labels"] if label.startswith("rbac.authorization.k8s.io/")]
        verbs = {verb for rule in role.get("rules", []) for verb in rule["verbs"]}
        assert not built_in or not verbs & WRITES


def test_kubeconfig_is_read_by_metacontroller_alone() -> None:
    """Of the roles for people, vk8s-admin alone."""
    readers = [name for name, rules in read_roles().items() if any("secrets" in rule["resources"] for rule in rules)]
    assert sorted(readers) == ["vk8s-admin", "vk8s-metacontroller"]


def test_each_role_for_people_has_the_rules_of_the_one_before() -> None:
    view, edit, admin = (read_roles()[name] for name in ("vk8s-view", "vk8s-edit", "vk8s-admin"))
    assert view == edit[: len(view)]
    assert edit == admin[: len(edit)]
    assert len(view) < len(edit) < len(admin)


def test_no_role_is_aggregated_from_others() -> None:
    """The host cluster would recreate it if it is deleted together with its parts: an uninstallation does so."""
    assert [role["metadata"]["name"] for role in list_roles() if "aggregationRule" in role] == []


def test_role_that_others_were_aggregated_from_is_applied_last() -> None:
    """Else the host cluster aggregates once more while an earlier version is replaced."""
    roles = yaml.safe_load_all((DIRECTORY / "roles.yaml").read_text())
    assert [role["metadata"]["name"] for role in roles][-1] == "vk8s-view"


def read_roles() -> dict[str, list[Manifest]]:
    """The rules of each ClusterRole."""
    return {role["metadata"]["name"]: role["rules"] for role in list_roles()}


def list_roles() -> list[Manifest]:
    return [each for each in read_all() if each["kind"] == "ClusterRole"]
