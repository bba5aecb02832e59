"""What the operator's settings allow of a spec that is valid in itself: images, networks, the ip-manager.

A setting may be newer than a virtual cluster, and must not keep one that lives from healing. So what it refuses counts
until there is one, and is a warning from then on. Only an image that it does not have yet stays refused: which it has
is noted on the `pki` Secret, as its pods may be gone.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Final

from hooks.kubernetes.labels import PREFIX
from hooks.kubernetes.manifest import Manifest
from hooks.settings import Settings
from hooks.vk8s.observed.children import CLAIM, POD, SECRET, Observed, find_container
from hooks.vk8s.observed.fingerprint import HASH
from hooks.vk8s.plan.addresses import IP_MANAGER_ON
from hooks.vk8s.spec.cluster import VirtualCluster
from hooks.vk8s.spec.model import Spec
from hooks.vk8s.spec.naming import ACCESS_CONTAINER, NODE_CONTAINER, access_pod_name, pki_secret_name
from hooks.vk8s.spec.network_rules import parse_networks

# The images of the last spec that was accepted, as JSON: on the `pki` Secret, which lives as long as the cluster.
IMAGES: Final = f"{PREFIX}images"


def find_limit_problems(name: str, spec: Spec, observed: Observed, settings: Settings) -> list[str]:
    """What the Vk8s `name` can't have with these settings, one sentence each that says what to write instead."""
    lives = is_living(name, observed)
    used = _find_used_images(name, spec, observed) if lives else frozenset()
    refused = [field for field, image in _find_refused_images(spec, settings) if image not in used]
    allowed = f"write an image that is allowed here: {_describe_allowed(settings)}"
    return [
        *([f"{', '.join(refused)}: {allowed}."] if refused else []),
        *([] if lives else _find_new_problems(spec, settings)),
    ]


def find_limit_warnings(name: str, spec: Spec, observed: Observed, settings: Settings) -> list[str]:
    """What a living Vk8s has and a new one could not have with these settings, in sentences."""
    if not is_living(name, observed):
        return []
    refused = [field for field, _ in _find_refused_images(spec, settings)]
    stays = f"in use already, so it stays; a new one would have to be {_describe_allowed(settings)}"
    networks = [
        f"spec.kubernetes.{field}: overlaps {hosts} of the host cluster; from inside, nothing there can be reached."
        for field, hosts in _find_overlaps(spec, settings)
    ]
    return [*([f"{', '.join(refused)}: {stays}."] if refused else []), *networks]


def note_images(pki: Manifest, cluster: VirtualCluster, observed: Observed, settings: Settings) -> Manifest:
    """The `pki` Secret, with the images of the accepted spec noted on it: where they are limited, or have been.

    One that was noted stays so while a pod runs it: an edit may be taken back before it has reached all nodes.
    """
    annotations = pki["metadata"].get("annotations", {})
    if not settings.allowed_images and IMAGES not in annotations:
        return pki
    name, spec = cluster.name, cluster.spec
    running = _find_used_images(name, spec, observed).intersection(_find_running_images(name, spec, observed))
    noted = {**annotations, IMAGES: json.dumps(sorted({*_list_images(spec).values(), *running}))}
    return {**pki, "metadata": {**pki["metadata"], "annotations": noted}}


def is_living(name: str, observed: Observed) -> bool:
    """Whether something lives that a setting or a rule may be newer than: without its PKI, a Vk8s lives on."""
    is_made = observed.has(SECRET, pki_secret_name(name))
    return is_made or bool(observed.pods()) or bool(observed.children.get(CLAIM))


def _find_new_problems(spec: Spec, settings: Settings) -> Iterator[str]:
    hosts = ", ".join(map(str, settings.host_cidrs))
    for field, _ in _find_overlaps(spec, settings):
        yield f"spec.kubernetes.{field}: write a network that shares no address with the host cluster's ({hosts})."
    if spec.ip_pool is not None and not settings.ip_manager:
        yield f"spec.ipPool: leave it out, the ip-manager is off; for it, the hooks need {IP_MANAGER_ON}."


def _find_overlaps(spec: Spec, settings: Settings) -> Iterator[tuple[str, str]]:
    """Networks of the virtual cluster, by field, and those of the host cluster that they overlap."""
    for field, network in parse_networks(spec).items():
        hosts = [str(host) for host in settings.host_cidrs if network is not None and host.overlaps(network)]
        if hosts:
            yield field, ", ".join(hosts)


def _find_refused_images(spec: Spec, settings: Settings) -> Iterator[tuple[str, str]]:
    """Fields and their images that no pattern allows; `*` stands for any text, nothing else has a meaning."""
    patterns = [".*".join(map(re.escape, pattern.split("*"))) for pattern in settings.allowed_images]
    for field, image in _list_images(spec).items():
        if patterns and not any(re.fullmatch(pattern, image) for pattern in patterns):
            yield field, image


def _describe_allowed(settings: Settings) -> str:
    return f"one of {', '.join(settings.allowed_images)} (* stands for any text)"


def _find_used_images(name: str, spec: Spec, observed: Observed) -> frozenset[str]:
    """The images that the virtual cluster has, by the note alone: whoever may create pods may have any adopted.

    Where there is no note, the limit is newer than what the spec says now, and than what its pods run: that stays, and
    is noted.
    """
    noted = _read_note(observed.find(SECRET, pki_secret_name(name)))
    unnoted = [*_list_images(spec).values(), *_find_running_images(name, spec, observed)]
    return frozenset(unnoted if noted is None else noted)


def _find_running_images(name: str, spec: Spec, observed: Observed) -> Iterator[str]:
    """The images of the pods that are nodes of the spec, or its access pod, and that these hooks have made."""
    pods = [*((node.name, NODE_CONTAINER) for node in spec.nodes), (access_pod_name(name), ACCESS_CONTAINER)]
    for pod_name, container in pods:
        pod = observed.find(POD, pod_name)
        if pod is not None and HASH in (pod["metadata"].get("annotations") or {}):
            yield str(find_container(pod["spec"], container).get("image", ""))


def _read_note(pki: Manifest | None) -> list[str] | None:
    """The images on the note; None where there is none that can be read."""
    annotations = pki["metadata"].get("annotations") if pki else None
    try:
        noted = json.loads((annotations or {})[IMAGES])
    except (LookupError, ValueError):
        return None
    return [str(image) for image in noted] if isinstance(noted, list) else None


def _list_images(spec: Spec) -> Mapping[str, str]:
    """Every image that the spec asks for, by its field."""
    nodes = {f"spec.nodes[{index}].image": node.image for index, node in enumerate(spec.nodes)}
    return {**nodes, **({"spec.accessPodImage": spec.access_pod_image} if spec.access_pod_image else {})}
