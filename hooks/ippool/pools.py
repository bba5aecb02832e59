"""IPPools, and which of them serves a Vk8s."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from hooks.ippool.addresses import Addresses
from hooks.ippool.model import PoolSpec
from hooks.ippool.validate import parse_spec, read_addresses
from hooks.kubernetes.manifest import Manifest
from hooks.wire import ClusterMetadata

# The kind, as in requests.
POOL: Final = "IPPool.vk8s.sktelecom.com/v1alpha1"


@dataclass(frozen=True)
class Pool:
    """A pool. With `problems`, its `spec` is None and it has no addresses."""

    metadata: ClusterMetadata
    spec: PoolSpec | None
    problems: tuple[str, ...]

    @cached_property
    def addresses(self) -> Addresses:
        """All addresses in its spec. Computed only when needed: choosing a pool for a Vk8s does not need them."""
        return read_addresses(self.spec) if self.spec else Addresses()

    @property
    def is_default(self) -> bool:
        """Whether it serves every Vk8s that names no pool."""
        return self.spec is not None and self.spec.default

    @property
    def share(self) -> int | None:
        """The number of addresses that each namespace may have; None if that is not limited."""
        return self.spec.per_namespace if self.spec else None

    @property
    def name(self) -> str:
        """Name of the pool."""
        return self.metadata.name

    @property
    def seniority(self) -> tuple[str, str]:
        """Sorts pools: the older first."""
        return self.metadata.creation_timestamp, self.metadata.uid

    @property
    def is_open(self) -> bool:
        """Whether it allocates addresses: not while it is being deleted."""
        return self.metadata.deletion_timestamp is None


def build_pool(metadata: ClusterMetadata, raw: Any) -> Pool:  # noqa: ANN401 whatever the spec is, it must not stop a sync
    """The pool with `raw` as its spec."""
    spec, problems = parse_spec(raw)
    return Pool(metadata, spec, tuple(problems))


def parse_pools(manifests: Iterable[Manifest]) -> list[Pool]:
    """The pools in a group of related objects."""
    return [
        build_pool(ClusterMetadata.model_validate(manifest["metadata"]), manifest.get("spec")) for manifest in manifests
    ]


def find_pool(name: str | None, pools: Iterable[Pool]) -> Pool | None:
    """The pool that serves a Vk8s whose `spec.ipPool` is `name`: the pool of that name, or without a name the default.

    Of several defaults, the oldest that is not being deleted. A pool that is named may be one that is being deleted.
    """
    if name is not None:
        return next((pool for pool in pools if pool.name == name), None)
    return min(
        (pool for pool in pools if pool.is_default and pool.is_open), key=lambda pool: pool.seniority, default=None
    )
