"""Every value of the chart: it has an effect, and what is not a value is an error."""

import json
from collections.abc import Iterable
from typing import Any

import kubernetes_validate
import pytest

from docs.tools.chart import list_values, read_schema
from hooks import VERSION
from hooks.kubernetes.manifest import Manifest
from tests.charts.helm import Helm, combine, get_object, list_containers, name, select_kind
from tests.contract.test_manifests import KUBERNETES

DIGEST = f"sha256:{64 * '0'}"
SECRETS = {"tls": {"source": "existingSecret", "existingSecret": "mine", "clientSecret": "theirs"}}
OTHER = {"metacontroller": {"install": False, "existing": {"namespace": "other"}}}
COMPONENT: Manifest = {
    "replicaCount": 3,
    "resources": {"limits": {"memory": "2Gi"}},
    "podAnnotations": {"a": "b"},
    "podLabels": {"a": "b"},
    "nodeSelector": {"a": "b"},
    "tolerations": [{"operator": "Exists"}],
    "affinity": {"podAntiAffinity": {}},
    "topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway"}],
    "priorityClassName": "system-cluster-critical",
    "podDisruptionBudget.enabled": False,
}
IMAGE = {"repository": "mine", "tag": "1", "digest": DIGEST, "pullPolicy": "Always", "registry": "other.example.com"}
# Another value than the default for each, by its path.
SAMPLES: dict[str, Any] = {
    "global.imageRegistry": "other.example.com",
    "global.imagePullSecrets": [{"name": "mine"}],
    **{f"image.{key}": value for key, value in IMAGE.items()},
    "nodeImages.registry": "other.example.com",
    "nodeImages.version": "v1.33.1",
    "backup.image": "other.example.com/backup:1",
    "kubeflow.installerImage": "other.example.com/installer:{version}",
    "settings": {"ca_days": 0.5, "allowed_images": ["a/*", "b"], "network_policy": False, "cluster_domain": "a.b"},
    "hostCidrs": ["10.0.0.0/8", "192.168.0.0/16"],
    "tls.source": "certManager",
    "tls.existingSecret": "another",
    "tls.clientSecret": "another",
    "tls.certManager.issuerRef": {"kind": "ClusterIssuer", "name": "ours"},
    **{f"hooks.{key}": value for key, value in COMPONENT.items()},
    "metacontroller.install": False,
    "metacontroller.existing.namespace": "another",
    "metacontroller.existing.serviceAccount": "mine",
    **{f"metacontroller.image.{key}": value for key, value in IMAGE.items()},
    "metacontroller.args": ["--zap-log-level=5"],
    **{f"metacontroller.{key}": value for key, value in COMPONENT.items()},
    "crds.enabled": False,
    "crds.keep": False,
    "rbac.create": False,
    "rbac.aggregate": False,
    "networkPolicy.enabled": False,
    "networkPolicy.scrapeFrom": [{"podSelector": {}}],
    "monitoring.serviceMonitor.enabled": True,
    "monitoring.serviceMonitor.labels": {"release": "mine"},
    "monitoring.rules.enabled": True,
    "monitoring.rules.labels": {"release": "mine"},
    "monitoring.dashboard.enabled": True,
    "monitoring.dashboard.labels": {"release": "mine"},
    "uninstall.deleteVirtualClusters": True,
    "uninstall.timeoutSeconds": 600,
    "extraObjects": [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "mine"}},
        'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: "{{ .Release.Name }}"}',
    ],
}
# Values without which another one has no effect.
NEEDED: dict[str, Manifest] = {
    "nodeImages.version": {"nodeImages": {"registry": "other.example.com"}},
    "tls.existingSecret": SECRETS,
    "tls.clientSecret": SECRETS,
    "tls.certManager.issuerRef": {"tls": {"source": "certManager"}},
    "metacontroller.install": {"metacontroller": {"existing": {"namespace": "other"}}},
    "metacontroller.existing.namespace": OTHER,
    "metacontroller.existing.serviceAccount": OTHER,
    **{
        f"monitoring.{each}.labels": {"monitoring": {each: {"enabled": True}}}
        for each in ("serviceMonitor", "rules", "dashboard")
    },
    "uninstall.timeoutSeconds": {"uninstall": {"deleteVirtualClusters": True}},
}
CUSTOM_KINDS = {"Certificate", "CompositeController", "Issuer", "PodMonitor", "PrometheusRule", "ServiceMonitor"}


def nest(path: str, value: object) -> Manifest:
    """Values with one at a path."""
    first, _, rest = path.partition(".")
    return {first: nest(rest, value) if rest else value}


def test_each_value_has_a_sample() -> None:
    assert {path for path, _, _ in list_values(read_schema())} == SAMPLES.keys(), "add to SAMPLES what is missing there"


@pytest.fixture(scope="module")
def befores(newest: Helm) -> dict[str, list[Manifest]]:
    """What is rendered without the value, by its path."""
    return {"": newest.render(), **{path: newest.render(needed) for path, needed in NEEDED.items()}}


@pytest.mark.parametrize(("path", "sample"), SAMPLES.items(), ids=SAMPLES)
def test_each_value_has_an_effect_that_kubernetes_accepts(
    newest: Helm, befores: dict[str, list[Manifest]], path: str, sample: object
) -> None:
    before = befores.get(path, befores[""])
    after = newest.render(combine(NEEDED.get(path, {}), nest(path, sample)))
    assert before != after
    assert len({name(each) for each in after}) == len(after)
    check_strictly(each for each in after if each not in before)


def check_strictly(objects: Iterable[Manifest]) -> None:
    """Whether Kubernetes accepts each of them, without a field that it does not know."""
    for each in objects:
        if each["kind"] not in CUSTOM_KINDS:
            kubernetes_validate.validate(each, KUBERNETES, strict=True)


def test_kubernetes_accepts_what_values_are_compared_with(befores: dict[str, list[Manifest]]) -> None:
    for before in befores.values():
        check_strictly(before)


def test_both_versions_of_helm_render_the_same(helm: Helm, newest: Helm) -> None:
    """Of values that have every part of the chart."""
    rest = {path: sample for path, sample in SAMPLES.items() if path not in ("crds.enabled", "rbac.create")}
    every: Manifest = {}
    for path, sample in rest.items():
        every = combine(every, nest(path, sample))
    assert helm.render(every) == newest.render(every)
    assert helm.render() == newest.render()


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"imgae": {}}, "imgae"),
        ({"hooks": {"replicas": 2}}, "replicas"),
        ({"hooks": {"replicaCount": "2"}}, "replicaCount"),
        ({"settings": {"ca_day": 1}}, "ca_day"),
        ({"settings": {"ca_days": "many"}}, "ca_days"),
        ({"settings": {"log_format": "text"}}, "log_format"),
        ({"image": {"registry": "https://registry.example.com"}}, "registry"),
        ({"tls": {"source": "genCA"}}, "source"),
        ({"hostCidrs": ["10.0.0.0"]}, "hostCidrs"),
        ({"image": {"registry": ""}}, "--set image.registry=registry.example.com"),
        ({"tls": {"source": "existingSecret"}}, "tls.existingSecret"),
        ({"tls": {"source": "existingSecret", "existingSecret": "mine"}}, "tls.clientSecret"),
        ({"metacontroller": {"install": False}}, "metacontroller.existing.namespace"),
    ],
    ids=lambda each: json.dumps(each) if isinstance(each, dict) else "",
)
def test_wrong_value_is_an_error_that_names_it(helm: Helm, values: Manifest, complaint: str) -> None:
    result = helm.template(values)
    assert result.returncode != 0
    assert complaint in result.stderr


def test_node_images_are_what_the_command_reads(helm: Helm) -> None:
    objects = helm.render({"nodeImages": {"registry": "other.example.com", "version": "v1.33.1"}}, namespace="other")
    written = get_object(objects, "ConfigMap", "vk8s-defaults")
    assert written["data"] == {"registry": "other.example.com", "version": "v1.33.1"}
    role = get_object(objects, "Role", "vk8s-read-defaults")
    assert [(rule["resourceNames"], rule["verbs"]) for rule in role["rules"]] == [(["vk8s-defaults"], ["get"])]
    assert {each["metadata"]["namespace"] for each in (written, role)} == {"other"}


def test_settings_are_what_the_hooks_read(helm: Helm) -> None:
    objects = helm.render({"settings": SAMPLES["settings"]})
    assert get_object(objects, "ConfigMap", "vk8s-hooks-settings")["data"] == {
        "VK8S_SETTING_CA_DAYS": "0.5",
        "VK8S_SETTING_ALLOWED_IMAGES": "a/*,b",
        "VK8S_SETTING_NETWORK_POLICY": "false",
        "VK8S_SETTING_CLUSTER_DOMAIN": "a.b",
    }


def test_other_settings_recreate_the_pods_of_the_hooks(helm: Helm) -> None:
    renders = [helm.render({"settings": {"ca_days": days}}) for days in (1, 2)]
    first, second = (get_object(each, "Deployment", "vk8s-hooks")["spec"]["template"]["metadata"] for each in renders)
    assert first["annotations"] != second["annotations"]


def test_all_images_come_from_one_registry_if_asked(helm: Helm) -> None:
    objects = helm.render({"global": {"imageRegistry": "other.example.com/team"}})
    images = {container["image"] for _, container in list_containers(objects)}
    expected = {f"vk8s/controller:{VERSION}", "metacontrollerio/metacontroller:v4.17.2"}
    assert images == {f"other.example.com/team/{image}" for image in expected}


def test_nothing_of_rights_is_left_without_rbac(helm: Helm) -> None:
    objects = helm.render({"rbac": {"create": False}, "nodeImages": {"registry": "other.example.com"}})
    assert not select_kind(objects, "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding")


def test_cert_manager_issues_for_the_names_that_are_called(helm: Helm) -> None:
    objects = helm.render({"tls": {"source": "certManager"}}, namespace="other")
    certificate = get_object(objects, "Certificate", "vk8s-hooks")["spec"]
    assert certificate["dnsNames"] == ["vk8s-hooks.other", "vk8s-hooks.other.svc", "vk8s-hooks"]
    door = get_object(objects, "CompositeController", "vk8s")["spec"]["endpointConfigs"][0]
    authority = {"name": certificate["secretName"], "namespace": "other", "key": "ca.crt"}
    assert door["caBundle"]["secretRef"] == authority
    assert door["authorization"]["secretRef"]["name"] == "vk8s-hooks-client"
