"""The version skew of workers: a kubelet may not be newer than its API server, nor much older.

Source: https://kubernetes.io/releases/version-skew-policy/#kubelet.
"""

from collections.abc import Sequence
from typing import Final

from hooks.vk8s.spec.image_versions import Version, parse_version
from hooks.vk8s.spec.model import Spec

_OLDEST: Final = 3
_UNSUPPORTED: Final = "which Kubernetes does not support"


def list_skews(spec: Spec) -> list[str]:
    """A message for each version of workers that is too new or too old for the control plane. Unknown versions pass.

    The versions in the spec count, not those that run: during an upgrade, workers follow the control plane.
    """
    masters = [version for node in spec.control_plane if (version := parse_version(node.image))]
    workers = [parse_version(node.image) if node in spec.workers else None for node in spec.nodes]
    # A kubelet may talk to any API server, so the oldest one counts.
    master = min(masters, key=lambda version: version.minor, default=None)
    if master is None:
        return []
    return [
        f"{_name_fields(version, workers)}: {problem}."
        for version in dict.fromkeys(workers)
        if version is not None and (problem := _describe(version, master))
    ]


def _name_fields(version: Version, versions: Sequence[Version | None]) -> str:
    return ", ".join(f"spec.nodes[{index}].image" for index, other in enumerate(versions) if other == version)


def _describe(version: Version, master: Version) -> str:
    """What is wrong with workers of this version; empty if nothing is."""
    if version.minor > master.minor:
        advice = f"write v1.{master.minor} here, or upgrade the control-plane node first"
        return f"{version.text} is newer than the control-plane node's {master.text}, {_UNSUPPORTED}; {advice}"
    if version.minor < master.minor - _OLDEST:
        is_older = f"{version.text} is more than three minor versions older than the control-plane node's {master.text}"
        return f"{is_older}, {_UNSUPPORTED}; write v1.{master.minor - _OLDEST} to v1.{master.minor}"
    return ""
