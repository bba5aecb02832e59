"""What the administrator's settings allow of a spec that is valid in itself: images, networks, the ip-manager.

A setting may be newer than a virtual cluster, and must not keep one that lives from healing. So what it refuses counts
until there is one, and is a warning from then on. Only an image that it does not have yet stays refused: which it has
is noted on the `pki` Secret, as its pods may be gone.
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
from hooks.vk8s.spec.naming import ACCESS_CONTAINER, NODE_CONTAINER, access_pod_name, pki_secret_name
from hooks.vk8s.spec.network_rules import parse_networks

# The images of the last spec that was accepted, as JSON: on the `pki` Secret, which lives as long as the cluster.
IMAGES: Final = f"{PREFIX}images"


@dataclass(frozen=True, kw_only=True)
class Limits(Findings):
    """What the settings refuse. `notes`: annotations for the `pki` Secret, where images are limited, or have been."""

    notes: Mapping[str, str] = field(default_factory=dict)


def check_limits(call: Call, spec: Spec, *, lives: bool) -> Limits:
    """What a new Vk8s can't have with these settings; of one that lives, what it has and a new one could not have."""
    settings = call.settings
    note = _write_note(call)
    noted = _read_note(note)
    wanted, running = _list_images(spec), set(_list_running_images(call, spec))
    # Whoever may create pods may have any adopted, so the note alone counts. Where there is none, the limit is newer
    # than what the spec says now, and than what its pods run: that stays.
    used = {*wanted.values(), *running} if noted is None else set(noted)
    refused = list(_list_refused_images(wanted, settings))
    is_limited = bool(settings.allowed_images) or note is not None
    return Limits(
        problems=[
            *_describe_refused([path for path, image in refused if not lives or image not in used], settings),
            *([] if lives else _list_new_problems(spec, settings)),
        ],
        warnings=list(_list_warnings(spec, [path for path, _ in refused], settings)) if lives else [],
        # One that was noted stays so while a pod runs it: an edit may be taken back before it has reached all nodes.
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
        hidden = "from inside, nothing there can be reached"
        yield f"spec.kubernetes.{path}: overlaps {hosts} of the host cluster; {hidden}."


def _list_new_problems(spec: Spec, settings: Settings) -> Iterator[str]:
    hosts = ", ".join(map(str, settings.host_cidrs))
    for path, _ in _list_overlaps(spec, settings):
        yield f"spec.kubernetes.{path}: write a network that shares no address with the host cluster's ({hosts})."
    if spec.ip_pool is not None and not settings.ip_manager:
        yield f"spec.ipPool: leave it out, the ip-manager is off; for it, the hooks need {IP_MANAGER_ON}."


def _list_overlaps(spec: Spec, settings: Settings) -> Iterator[tuple[str, str]]:
    """Networks of the virtual cluster, by field, and those of the host cluster that they overlap."""
    for path, network in parse_networks(spec).items():
        hosts = [str(host) for host in settings.host_cidrs if network is not None and host.overlaps(network)]
        if hosts:
            yield path, ", ".join(hosts)


def _list_refused_images(images: Mapping[str, str], settings: Settings) -> Iterator[tuple[str, str]]:
    """Fields and their images that no pattern allows; `*` stands for any text, nothing else has a meaning."""
    patterns = [".*".join(map(re.escape, pattern.split("*"))) for pattern in settings.allowed_images]
    for path, image in images.items():
        if patterns and not any(re.fullmatch(pattern, image) for pattern in patterns):
            yield path, image


def _describe_allowed(settings: Settings) -> str:
    return f"one of {', '.join(settings.allowed_images)} (* stands for any text)"


def _list_running_images(call: Call, spec: Spec) -> Iterator[str]:
    """The images of the pods that are nodes of the spec, or its access pod, and that these hooks have created."""
    access = (access_pod_name(call.identity.name), ACCESS_CONTAINER)
    for name, container in [*((node.name, NODE_CONTAINER) for node in spec.nodes), access]:
        pod = call.observed.find(POD, name)
        if pod is not None and HASH in (pod["metadata"].get("annotations") or {}):
            yield Pod(pod, container).image or ""


def _write_note(call: Call) -> str | None:
    pki = call.observed.find(SECRET, pki_secret_name(call.identity.name))
    note: str | None = (pki["metadata"].get("annotations") or {}).get(IMAGES) if pki else None
    return note


def _read_note(note: str | None) -> list[str] | None:
    """The images on the note; None where there is none that can be read."""
    try:
        noted = json.loads(note or "")
    except ValueError:
        return None
    return [str(image) for image in noted] if isinstance(noted, list) else None


def _list_images(spec: Spec) -> Mapping[str, str]:
    """Every image that the spec asks for, by its field."""
    nodes = {f"spec.nodes[{index}].image": node.image for index, node in enumerate(spec.nodes)}
    return {**nodes, **({"spec.accessPodImage": spec.access_pod_image} if spec.access_pod_image else {})}
