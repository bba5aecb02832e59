"""The hooks as they are called: of several versions, through the models that the HTTP path parses bodies with."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from ipaddress import IPv4Network
from typing import Any, Final

from hooks.ippool import decide as ippool
from hooks.ippool.pools import POOL
from hooks.ippool.request import PoolCustomizeRequest, PoolRequest
from hooks.kubernetes.manifest import Manifest
from hooks.settings import Settings
from hooks.vk8s import decide as vk8s
from hooks.vk8s.scripts import Scripts, build_scripts
from hooks.vk8s.situation import Context
from hooks.wire import CustomizeRequest, FinalizeResponse, HookRequest, SyncResponse

# The bootstrap files of each version, by their digest.
SCRIPTS: Final = {
    scripts.digest: scripts
    for scripts in (build_scripts({"entrypoint.sh": f"#!/bin/bash\n# {version}\n"}) for version in range(3))
}
# Nothing boots from the bootstrap files of this one.
BROKEN: Final = "broken"
INSTALLER: Final = "registry.example.com/k:{version}"
ANSWERS: Final = "a hook always has an answer"
_DIGESTS: Final = sorted(SCRIPTS)
BROKEN_DIGEST: Final = _DIGESTS[0]


class ViolationError(AssertionError):
    """An invariant is broken. `invariant` names it; the message says by what."""

    def __init__(self, invariant: str, sentence: str) -> None:
        super().__init__(f"{invariant}: {sentence}")
        self.invariant = invariant


@dataclass(frozen=True)
class Version:
    """One version of the hooks with its settings."""

    name: str
    settings: Settings
    scripts: Scripts


def list_versions(*, ip_manager: bool) -> dict[str, Version]:
    """Every version that may answer. In the end, the first one does."""
    settings = Settings(kubeflow_installer_image=INSTALLER, ip_manager=ip_manager)
    changes: dict[str, tuple[int, dict[str, Any]]] = {
        "1": (1, {}),
        "2": (2, {}),
        BROKEN: (0, {}),
        "without policy and installer": (1, {"network_policy": False, "kubeflow_installer_image": None}),
        "with limits": (
            2,
            {"allowed_images": ("a*", "c"), "host_cidrs": (IPv4Network("198.18.0.0/15"),), "kubeconfig_days": 2},
        ),
        "with another installer": (1, {"kubeflow_installer_image": "registry.example.com/moved:{version}"}),
        "with address pools the other way": (1, {"ip_manager": not ip_manager}),
    }
    return {
        name: Version(name, settings.model_copy(update=update), SCRIPTS[_DIGESTS[scripts]])
        for name, (scripts, update) in changes.items()
    }


class Hooks:
    """What answers. A simulation of faulty hooks overrides `decide`; `calls` counts every question."""

    def __init__(self) -> None:
        self.calls = 0
        self._entropy = b"entropy"

    def build_context(self, version: Version, now: datetime) -> Context:
        """What a decision made now depends on, with entropy of its own."""
        self._entropy = sha256(self._entropy).digest()
        return Context(version.settings, version.scripts, now, self._entropy)

    def answer(self, kind: str, body: Manifest, context: Context) -> SyncResponse:
        """The answer to a sync or, where that is said, to a finalize call."""
        self.calls += 1
        try:
            return self._decide(kind, body, context)
        except Exception as error:
            raise ViolationError(ANSWERS, f"{kind} {body['parent']['metadata']['name']}: {error!r}") from error

    def _decide(self, kind: str, body: Manifest, context: Context) -> SyncResponse:
        if kind == POOL:
            question = PoolRequest.model_validate(body)
            decide = ippool.decide_finalize if body["finalizing"] else ippool.decide_sync
            return decide(question, context.now)
        request = HookRequest.model_validate(body)
        return self.finalize(request, context) if body["finalizing"] else self.sync(request, context)

    def customize(self, kind: str, parent: Manifest, context: Context) -> list[Manifest]:
        """Which objects the parent is to be shown."""
        self.calls += 1
        if kind == POOL:
            return ippool.decide_customize(PoolCustomizeRequest.model_validate({"parent": parent})).related_resources
        request = CustomizeRequest.model_validate({"parent": parent})
        return vk8s.decide_customize(request, context.settings).related_resources

    def sync(self, request: HookRequest, context: Context) -> SyncResponse:
        """What the Vk8s shall have."""
        return vk8s.decide_sync(request, context)

    def finalize(self, request: HookRequest, context: Context) -> FinalizeResponse:
        """What is left of a Vk8s."""
        return vk8s.decide_finalize(request, context)


@dataclass(frozen=True)
class Call:
    """A call and its answer. `children` and `related`: by kind, then by name."""

    kind: str
    parent: Manifest
    children: Mapping[str, Mapping[str, Manifest]]
    related: Mapping[str, Mapping[str, Manifest]]
    context: Context
    answer: SyncResponse

    @property
    def uid(self) -> str:
        """The uid of the parent."""
        return str(self.parent["metadata"]["uid"])

    @property
    def name(self) -> str:
        """The name of the parent."""
        return str(self.parent["metadata"]["name"])
