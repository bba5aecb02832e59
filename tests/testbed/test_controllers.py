"""CompositeControllers from files: ours is accepted, and what the fake can't do is rejected with a message."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from testbed.metacontroller.composite import Webhook
from testbed.metacontroller.controllers import build_composite, read_composites
from testbed.metacontroller.errors import RefusedError
from testbed.metacontroller.objects import Manifest
from tests.shared_material import ROOT
from tests.testbed.bench import NOW

OURS = ROOT / "metacontroller" / "vk8s.yaml"
REFUSED_FIELD = "this field is not implemented"


def edited(path: str, value: Any) -> Manifest:
    """Our CompositeController with another value at one place; None takes the field away."""
    document: Manifest = yaml.safe_load(OURS.read_text())
    *parents, last = path.split(".")
    place: Any = document
    for part in parents:
        place = place[int(part)] if part.isdigit() else place[part]
    place.update({last: value}) if value is not None else place.pop(last)
    return document


def test_ours_is_accepted() -> None:
    (composite,) = read_composites(OURS, NOW)
    assert composite.finalizer == "metacontroller.io/compositecontroller-vk8s"
    assert composite.spec.hooks.sync.webhook.address == "https://vk8s-hooks.vk8s-system:443/vk8s/sync"
    others = [child.resource for child in composite.spec.child_resources if not child.is_updated_in_place]
    assert others == ["jobs"]


def test_hooks_see_what_the_crd_defaults() -> None:
    reference, key = {"name": "access", "namespace": "x"}, {"key": "token"}
    access = {"caBundle": {"secretRef": reference}, "authorization": {"secretRef": {**reference, **key}}}
    document = edited("spec.endpointConfigs", [{"host": "hooks.x", **access}])
    (shown,) = build_composite(document, NOW).document["spec"]["endpointConfigs"]
    assert shown == {
        "host": "hooks.x",
        "caBundle": {"secretRef": {**reference, "key": "ca.crt"}},
        "authorization": {"type": "Bearer", "secretRef": {**reference, **key}},
    }


def test_directory_is_read_whole_and_other_kinds_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("kind: ConfigMap\n---\n" + OURS.read_text())
    (tmp_path / "b.txt").write_text("{")
    assert [composite.name for composite in read_composites(tmp_path, NOW)] == ["vk8s"]


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ("spec.parentResource.labelSelector", {}, f"spec.parentResource.labelSelector: {REFUSED_FIELD}"),
        ("spec.parentResource.revisionHistory", {}, f"spec.parentResource.revisionHistory: {REFUSED_FIELD}"),
        (
            "spec.endpointConfigs",
            [{"host": "a", "clientTLS": {}}],
            f"spec.endpointConfigs.0.clientTLS: {REFUSED_FIELD}",
        ),
        (
            "spec.endpointConfigs",
            [{"host": "a", "basicAuth": {}}],
            f"spec.endpointConfigs.0.basicAuth: {REFUSED_FIELD}",
        ),
        ("spec.endpointConfigs", [{"caBundle": {}}], "spec.endpointConfigs.0.host: Field required"),
        ("spec.hooks.preUpdateChild", {}, f"spec.hooks.preUpdateChild: {REFUSED_FIELD}"),
        ("spec.hooks.sync.webhook.etag", {}, f"spec.hooks.sync.webhook.etag: {REFUSED_FIELD}"),
        ("spec.hooks.sync.webhook.clientTLS", {}, f"spec.hooks.sync.webhook.clientTLS: {REFUSED_FIELD}"),
        ("spec.hooks.sync.webhook.basicAuth", {}, f"spec.hooks.sync.webhook.basicAuth: {REFUSED_FIELD}"),
        (
            "spec.hooks.sync.webhook.authorization",
            {"secretRef": {"name": "a", "namespace": "b"}},
            "spec.hooks.sync.webhook.authorization.secretRef.key: Field required",
        ),
        ("spec.generateSelector", None, "spec.generateSelector: must be true"),
        ("spec.generateSelector", False, "spec.generateSelector: must be true"),
        ("spec.hooks.sync.version", None, "spec.hooks.sync.version: must be v2"),
        ("spec.hooks.sync.version", "v1", "spec.hooks.sync.version: must be v2"),
        ("spec.hooks.sync", None, "spec.hooks.sync: Field required"),
        ("spec.hooks.sync.webhook.path", None, "must have either url, or both service and path"),
        ("spec.hooks.sync.webhook.timeout", "10", "'10' is not a duration such as 10s or 1m30s"),
        (
            "spec.hooks.sync.webhook.responseUnMarshallMode",
            "loose",
            "responseUnMarshallMode: no other value is implemented than: 'strict'",
        ),
        (
            "spec.childResources.0.updateStrategy.method",
            "Recreate",
            "updateStrategy.method: no other value is implemented than: 'OnDelete' or 'InPlace'",
        ),
        (
            "spec.childResources.0.updateStrategy.method",
            "RollingInPlace",
            "updateStrategy.method: no other value is implemented than: 'OnDelete' or 'InPlace'",
        ),
        ("apiVersion", "v1", "expected metacontroller.k8s.io/v1alpha1"),
        ("metadata.name", None, "CompositeController without a name"),
    ],
    ids=lambda value: value if isinstance(value, str) and value.startswith("spec.") else None,
)
def test_invalid_controller_is_rejected(path: str, value: Any, sentence: str) -> None:
    with pytest.raises(RefusedError) as caught:
        build_composite(edited(path, value), NOW)
    assert sentence in str(caught.value)


def test_all_that_is_wrong_is_reported_at_once() -> None:
    document = edited("spec.generateSelector", None)
    with pytest.raises(RefusedError, match=r"preUpdate.*generateSelector|generateSelector.*preUpdate"):
        build_composite({**document, "spec": {**document["spec"], "preUpdate": []}}, NOW)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("kind: ConfigMap", "there is no CompositeController in it"),
        ("a: [", "expected"),
        ("kind: DecoratorController", "DecoratorControllers are not implemented"),
        (f"{OURS.read_text()}\n---\n{OURS.read_text()}", "CompositeController vk8s is there twice"),
    ],
    ids=["another kind", "no YAML", "a DecoratorController", "one twice"],
)
def test_invalid_file_is_rejected(tmp_path: Path, content: str, sentence: str) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(content)
    with pytest.raises(RefusedError, match=sentence):
        read_composites(file, NOW)


def test_file_that_is_not_there_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(RefusedError):
        read_composites(tmp_path / "nothing.yaml", NOW)


@pytest.mark.parametrize(
    ("timeout", "seconds"),
    [(None, 10), ("0s", 10), ("-3s", 10), ("1m30s", 90), ("250ms", 0.25)],
    ids=["unset is 10 s", "zero is 10 s", "negative is 10 s", "minutes and seconds", "milliseconds"],
)
def test_timeout_of_a_hook(timeout: str | None, seconds: float) -> None:
    assert Webhook.model_validate({"url": "http://x", "timeout": timeout}).timeout_seconds == seconds
