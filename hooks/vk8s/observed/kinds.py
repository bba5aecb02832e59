"""The table of all kinds of children. Whatever depends on the kind alone is read from it, or tested against it.

A new kind is a line here, a builder and a planner. The contract tests name the lines of YAML that are still missing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

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
    Child,
)
from hooks.vk8s.spec import naming


class Data(Enum):
    """What objects of the kind contain, and so when a sync omits them."""

    SPEC = "what spec and settings say: when no planner returns it"
    DERIVED = "what is built from observed objects, which may be missing for now: when a planner says so"
    KEYS = "keys: never"
    USER = "the user's data: with a worker whose removal is complete"


@dataclass(frozen=True)
class ChildKind:
    """One kind of child.

    `key`: its name in requests; `plural`: its name in URLs; `names`: functions from the name of a Vk8s to those of
    children that it has one of; `update_strategy`: that of the CompositeController; `since`: the release in which the
    CompositeController began to list it, None if it always has: then a request without it is rejected, as all objects
    of that kind would seem to be gone.
    """

    key: str
    plural: str
    data: Data
    names: tuple[Callable[[str], str], ...] = ()
    update_strategy: str = "InPlace"
    since: str | None = None

    @property
    def kind(self) -> str:
        """`Job`."""
        return self.key.partition(".")[0]

    @property
    def api_version(self) -> str:
        """`batch/v1`."""
        return self.key.partition(".")[2]

    @property
    def resource(self) -> str:
        """Its name for quotas and kubectl: `jobs.batch`, `pods`."""
        return ".".join([self.plural, *self.api_version.split("/")[:-1]])


_TABLE: Final = (
    ChildKind(
        SECRET,
        "secrets",
        Data.KEYS,
        (
            naming.pki_secret_name,
            naming.join_secret_name,
            naming.kubeconfig_secret_name,
            naming.ssh_secret_name,
            naming.kubeflow_secret_name,
            naming.backup_secret_name,
        ),
    ),
    ChildKind(CONFIG_MAP, "configmaps", Data.DERIVED, (naming.access_config_map_name,)),
    ChildKind(
        SERVICE,
        "services",
        Data.SPEC,
        (
            naming.api_service_name,
            naming.etcd_service_name,
            naming.ports_service_name,
            naming.access_service_name,
        ),
    ),
    ChildKind(CLAIM, "persistentvolumeclaims", Data.USER),
    ChildKind(POD, "pods", Data.DERIVED, (naming.access_pod_name, naming.spare_access_pod_name)),
    # Never updated, but replaced.
    ChildKind(
        JOB, "jobs", Data.DERIVED, (naming.kubeflow_job_name, naming.backup_job_name), update_strategy="OnDelete"
    ),
    ChildKind(CRON_JOB, "cronjobs", Data.DERIVED, (naming.backup_cron_job_name,), since="0.2.0"),
    ChildKind(NETWORK_POLICY, "networkpolicies", Data.SPEC, (naming.network_policy_name,), since="0.1.0"),
    ChildKind(
        DISRUPTION_BUDGET,
        "poddisruptionbudgets",
        Data.SPEC,
        (naming.disruption_budget_name, naming.etcd_budget_name),
        since="0.1.0",
    ),
)
CHILD_KINDS: Final[Mapping[str, ChildKind]] = {kind.key: kind for kind in _TABLE}
REQUIRED_KINDS: Final = tuple(key for key, kind in CHILD_KINDS.items() if kind.since is None)


def list_named(vk8s: str, *data: Data) -> frozenset[Child]:
    """The children of which the Vk8s of that name has one each, of the kinds with such data."""
    kinds = [kind for kind in CHILD_KINDS.values() if kind.data in data]
    return frozenset((kind.key, name(vk8s)) for kind in kinds for name in kind.names)
