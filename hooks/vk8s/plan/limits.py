"""What the administrator's settings allow in a valid spec: images, networks, address pools.

A setting may be newer than a virtual cluster, and must not stop an existing one from healing. So what it rejects is a
problem for a new one, and a warning for an existing one. Only an image that the virtual cluster does not have yet is
still rejected: those that it has are recorded on the `pki` Secret, as its pods may be gone.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from hooks.kubernetes.labels import PREFIX
from hooks.settings import Settings
from hooks.vk8s.observed.children import POD, SECRET
from hooks.vk8s.observed.fingerprint import HASH
from hooks.vk8s.observed.pod import Pod
from hooks.vk8s.plan.addresses import IP_MANAGER_ON
from hooks.vk8s.plan.findings import Findings
from hooks.vk8s.situation import Call
from hooks.vk8s.spec.model import Spec
from hooks.vk8s.spec.naming import ACCESS_CONTAINER, NODE_CONTAINER, access_pod_names, pki_secret_name
from hooks.vk8s.spec.network_rules import parse_networks

# Annotation of the `pki` Secret, which lives as long as the cluster: the images of the last accepted spec, as JSON.
IMAGES: Final = f"{PREFIX}images"


@dataclass(frozen=True, kw_only=True)
class Limits(Findings):
    """What the settings reject. `notes`: annotations for the `pki` Secret, if images are limited or have been."""

    notes: Mapping[str, str] = field(default_factory=dict)


def check_limits(call: Call, spec: Spec, *, lives: bool) -> Limits:
    """The problems of a Vk8s with these settings. If it `lives`, most are warnings."""
    settings = call.settings
    note = _write_note(call)
    noted = _read_note(note)
    wanted, running = _list_images(spec), set(_list_running_images(call, spec))
    # Anyone who may create pods can have any pod adopted, so only recorded images count as used. If none are recorded,
    # the limit is newer than the spec and its pods, whose images stay allowed.
    used = {*wanted.values(), *running} if noted is None else set(noted)
    refused = list(_list_refused_images(wanted, settings))
    is_limited = bool(settings.allowed_images) or note is not None
    return Limits(
        problems=[
            *_describe_refused([path for path, image in refused if not lives or image not in used], settings),
            *([] if lives else _list_new_problems(spec, settings)),
        ],
        warnings=list(_list_warnings(spec, [path for path, _ in refused], settings)) if lives else [],
        # A recorded image stays recorded while a pod runs it: an edit may be reverted before it has reached all nodes.
        notes={IMAGES: json.dumps(sorted({*wanted.values(), *(used & running)}))} if is_limited else {},
    )


def _describe_refused(fields: Sequence[str], settings: Settings) -> list[str]:
    allowed = f"write an image that is allowed here: {_describe_allowed(settings)}"
    return [f"{', '.join(fields)}: {allowed}."] if fields else []


def _list_warnings(spec: Spec, refused: Sequence[str], settings: Settings) -> Iterator[str]:
    if refused:
        stays = f"in use already, so it stays; a new one would have to be {_describe_allowed(settings)}"
        yield f"{', '.join(refused)}: {stays}."
    for path, hosts in _list_overlaps(spec, settings):
        hidden = "pods inside can't reach anything there"
        yield f"spec.kubernetes.{path}: overlaps {hosts} of the host cluster; {hidden}."


def _list_new_problems(spec: Spec, settings: Settings) -> Iterator[str]:
    hosts = ", ".join(map(str, settings.host_cidrs))
    for path, _ in _list_overlaps(spec, settings):
        yield f"spec.kubernetes.{path}: write a network that shares no address with the host cluster's ({hosts})."
    if spec.ip_pool is not None and not settings.ip_manager:
        off = "address pools are turned off; to turn them on, the hooks need"
        yield f"spec.ipPool: leave it out, {off} {IP_MANAGER_ON}."


def _list_overlaps(spec: Spec, settings: Settings) -> Iterator[tuple[str, str]]:
    """Fields of the virtual cluster's networks that overlap networks of the host cluster, and the latter."""
    for path, network in parse_networks(spec).items():
        hosts = [str(host) for host in settings.host_cidrs if network is not None and host.overlaps(network)]
        if hosts:
            yield path, ", ".join(hosts)


def _list_refused_images(images: Mapping[str, str], settings: Settings) -> Iterator[tuple[str, str]]:
    """Fields with images that no pattern allows. `*` stands for any text; no other character is special."""
    patterns = [".*".join(map(re.escape, pattern.split("*"))) for pattern in settings.allowed_images]
    for path, image in images.items():
        if patterns and not any(re.fullmatch(pattern, image) for pattern in patterns):
            yield path, image


def _describe_allowed(settings: Settings) -> str:
    return f"one of {', '.join(settings.allowed_images)} (* stands for any text)"


def _list_running_images(call: Call, spec: Spec) -> Iterator[str]:
    """The images of the node pods and the access pod, if these hooks created them."""
    access = ((name, ACCESS_CONTAINER) for name in access_pod_names(call.identity.name))
    for name, container in [*((node.name, NODE_CONTAINER) for node in spec.nodes), *access]:
        pod = call.observed.find(POD, name)
        if pod is not None and HASH in (pod["metadata"].get("annotations") or {}):
            yield Pod(pod, container).image or ""


def _write_note(call: Call) -> str | None:
    pki = call.observed.find(SECRET, pki_secret_name(call.identity.name))
    note: str | None = (pki["metadata"].get("annotations") or {}).get(IMAGES) if pki else None
    return note


def _read_note(note: str | None) -> list[str] | None:
    """The recorded images; None if there is no readable note."""
    try:
        noted = json.loads(note or "")
    except ValueError:
        return None
    return [str(image) for image in noted] if isinstance(noted, list) else None


def _list_images(spec: Spec) -> Mapping[str, str]:
    """Every image in the spec, by field."""
    nodes = {f"spec.nodes[{index}].image": node.image for index, node in enumerate(spec.nodes)}
    return {**nodes, **({"spec.accessPodImage": spec.access_pod_image} if spec.access_pod_image else {})}
