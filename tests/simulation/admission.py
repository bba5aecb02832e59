"""What an API server makes of a child that is created: defaults filled in, quantities in a form of its own."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from hooks.kubernetes.manifest import Manifest
from hooks.kubernetes.quantity import parse_quantity
from hooks.vk8s.observed.children import (
    CLAIM,
    CONFIG_MAP,
    CRON_JOB,
    DISRUPTION_BUDGET,
    JOB,
    NETWORK_POLICY,
    POD,
    SECRET,
    SERVICE,
    group_key,
)

POD_DEFAULTS: Manifest = {
    "dnsPolicy": "ClusterFirst",
    "preemptionPolicy": "PreemptLowerPriority",
    "schedulerName": "default-scheduler",
    "securityContext": {},
}
DEFAULT_TOLERATION: Manifest = {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute"}
CONTAINER_DEFAULTS: Manifest = {"imagePullPolicy": "IfNotPresent", "resources": {}, "terminationMessagePath": "/dev/x"}
CLAIM_DEFAULTS: Manifest = {"volumeMode": "Filesystem"}
JOB_DEFAULTS: Manifest = {"completionMode": "NonIndexed", "parallelism": 1, "suspend": False}
SERVICE_DEFAULTS: Manifest = {"clusterIP": "10.96.0.9", "ipFamilies": ["IPv4"], "sessionAffinity": "None"}
FIRST_FREE_NODE_PORT = 32100


def admit(child: Manifest) -> Manifest:
    """`child` as it is stored; once more, and nothing changes."""
    fill = SPECS.get(group_key(child))
    return {**child, "spec": fill(child)} if fill else child


def _with_pod_defaults(spec: Manifest) -> Manifest:
    containers = [{**CONTAINER_DEFAULTS, **container} for container in spec["containers"]]
    whole: Manifest = _with_own_quantities({**spec, "containers": containers})
    return {**POD_DEFAULTS, **whole}


def _with_default_toleration(spec: Manifest) -> Manifest:
    given = spec.get("tolerations", [])
    return {**spec, "tolerations": given if DEFAULT_TOLERATION in given else [*given, DEFAULT_TOLERATION]}


def _admit_job(job: Manifest) -> Manifest:
    """Its pods carry the uid of their Job, under a label of which Metacontroller has one of the same name."""
    spec, uid = job["spec"], job["metadata"]["uid"]
    template = spec["template"]
    labels = {
        **template.get("metadata", {}).get("labels", {}),
        "controller-uid": uid,
        "batch.kubernetes.io/controller-uid": uid,
    }
    selector = {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}
    metadata = {**template.get("metadata", {}), "labels": labels}
    pods = {**template, "metadata": metadata, "spec": _with_pod_defaults(template["spec"])}
    return {**JOB_DEFAULTS, **spec, "selector": selector, "template": pods}


def _admit_cron_job(spec: Manifest) -> Manifest:
    job = spec["jobTemplate"]["spec"]
    template = job["template"]
    pods = {**template, "spec": _with_pod_defaults(template["spec"])}
    whole = {**JOB_DEFAULTS, **job, "template": pods}
    return {"concurrencyPolicy": "Allow", **spec, "jobTemplate": {**spec["jobTemplate"], "spec": whole}}


def _admit_service(spec: Manifest) -> Manifest:
    if spec.get("type") != "NodePort":
        return {**SERVICE_DEFAULTS, **spec}
    ports = [{"nodePort": FIRST_FREE_NODE_PORT + index, **port} for index, port in enumerate(spec["ports"])]
    return {**SERVICE_DEFAULTS, **spec, "ports": ports}


def _admit_policy(spec: Manifest) -> Manifest:
    ports = [[{"protocol": "TCP", **port} for port in rule.get("ports", [])] for rule in spec["ingress"]]
    rules = [{**rule, **({"ports": own} if own else {})} for rule, own in zip(spec["ingress"], ports, strict=True)]
    return {"policyTypes": ["Ingress"], **spec, "ingress": rules}


def _with_own_quantities(value: Any) -> Any:
    """Limits and sizes in thousandths: not the form that a real API server has, but as little the user's."""
    if isinstance(value, dict):
        return {
            key: {name: _rewrite(form) for name, form in inner.items()}
            if key in ("limits", "requests")
            else _rewrite(inner)
            if key == "sizeLimit"
            else _with_own_quantities(inner)
            for key, inner in value.items()
        }
    return [_with_own_quantities(item) for item in value] if isinstance(value, list) else value


def _rewrite(quantity: str) -> str:
    return f"{int(parse_quantity(quantity) * 1000)}m"


# What is filled into the spec of a kind.
SPECS: Final[Mapping[str, Callable[[Manifest], Manifest]]] = {
    DISRUPTION_BUDGET: lambda budget: dict(budget["spec"]),
    CLAIM: lambda claim: {**CLAIM_DEFAULTS, **_with_own_quantities(claim["spec"])},
    CRON_JOB: lambda cron_job: _admit_cron_job(cron_job["spec"]),
    JOB: _admit_job,
    NETWORK_POLICY: lambda policy: _admit_policy(policy["spec"]),
    POD: lambda pod: _with_default_toleration(_with_pod_defaults(pod["spec"])),
    SERVICE: lambda service: _admit_service(service["spec"]),
}
# Kinds without a spec.
PLAIN_KINDS: Final = frozenset([CONFIG_MAP, SECRET])
