"""Which Kubernetes versions each Kubeflow is made for. No other place has this.

Source of each line: the release's README.md, workflows and notes in https://github.com/kubeflow/community-distribution,
which was kubeflow/manifests. Up to v1.8 they name the newest version; from v1.9 on they name the oldest, and no newer
one is known to fail. v1.3 and v1.4 name the versions that they were tested on; their limit is Kubernetes 1.22, which
removed APIs that they use.
"""

from typing import Final

from hooks.vk8s.spec.image_versions import parse_version
from hooks.vk8s.spec.model import Spec

# By release of Kubeflow: the oldest and the newest minor version of Kubernetes 1; None if none is named.
MADE_FOR: Final[dict[str, tuple[int | None, int | None]]] = {
    "v1.3": (17, 21),
    "v1.4": (19, 21),
    "v1.5": (None, 21),
    "v1.6": (None, 22),
    "v1.7": (None, 25),
    "v1.8": (None, 26),
    "v1.9": (29, None),
    "v1.10": (32, None),
    "v1.11": (34, None),
    "26.03": (34, None),
}


def explain_mismatch(spec: Spec) -> str | None:
    """Why the Kubeflow of a spec is not compatible with its Kubernetes version, as a sentence; None if it may be."""
    kubernetes = parse_version(spec.control_plane[0].image)
    if spec.kubeflow is None or kubernetes is None:
        return None
    version, minor = spec.kubeflow.version, kubernetes.minor
    made_for = MADE_FOR.get(_parse_release(version), (None, None))
    if _is_within(minor, made_for):
        return None
    # A Kubeflow without a named oldest version may require a newer one.
    others = [each for each, other in MADE_FOR.items() if other[0] is not None and _is_within(minor, other)]
    advice = f"write a version of {' or '.join(others)}" if others else "write another version of one of the two"
    return f"kubeflow.version: {version} is made for {_describe(*made_for)}, not for 1.{minor}; {advice}."


def _parse_release(version: str) -> str:
    """`v1.9` of `v1.9.1`, `26.03` of `26.03.1` and of `26.03`."""
    return ".".join(version.split(".")[:2])


def _is_within(minor: int, made_for: tuple[int | None, int | None]) -> bool:
    oldest, newest = made_for
    return (oldest is None or oldest <= minor) and (newest is None or minor <= newest)


def _describe(oldest: int | None, newest: int | None) -> str:
    if oldest is None:
        return f"Kubernetes 1.{newest} or older"
    return f"Kubernetes 1.{oldest} to 1.{newest}" if newest else f"Kubernetes 1.{oldest} or newer"
