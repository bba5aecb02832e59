"""What one page shows of a virtual cluster: on a terminal, and in HTML."""

from collections.abc import Iterator
from typing import Final

from kubectl_vk8s import Manifest
from kubectl_vk8s.names import FORCE_REMOVE_ANNOTATION
from kubectl_vk8s.objects import UNKNOWN, Objects, describe_size
from kubectl_vk8s.rows import describe_node
from kubectl_vk8s.screen import Cell, join_pairs
from kubectl_vk8s.verdict import choose_node_tone
from kubectl_vk8s.vk8s import VALID, Node, Vk8s

_MIB: Final = 1024 * 1024
HEADER: Final = ("NODE", "ROLE", "MEMBER", "STATE", "HOST", "ADDRESS", "CPU/MEM", "DETAIL")


def build_node_cells(node: Node, vk8s: Vk8s, objects: Objects) -> list[str | Cell]:
    """The line of a node."""
    spec: Manifest = next((each for each in vk8s.spec_nodes if each["name"] == node.name), {})
    pod = objects.pods.get(node.name)
    host = str(pod["spec"].get("nodeName", "")) if pod else "" if objects.is_known else UNKNOWN
    state = "Ready" if node.is_ready else node.reason
    detail = "" if node.is_ready else describe_node(node, objects.stories.get(node.name, ""))
    return [
        node.name, node.role, node.member, Cell(state, choose_node_tone(node)), host, node.address, describe_size(spec),
        detail,
    ]  # fmt: skip


def list_facts(vk8s: Vk8s, objects: Objects) -> Iterator[str]:
    """How it is reached, what is half done, and what could not be read."""
    endpoints = vk8s.status.get("endpoints") or {}
    ports = " ".join(f"{each['name']} {each['port']}→{each['nodePort']}" for each in endpoints.get("ports", []))
    api, ssh = str(endpoints.get("api", "")), endpoints.get("ssh")
    host = objects.host_address or "<a node of the host cluster>"
    yield from filter(None, [join_pairs([("API", api)])])
    if vk8s.control_plane:
        yield join_pairs([("VOTERS", vk8s.control_plane["voters"]), ("QUORUM", str(vk8s.control_plane["quorum"]))])
    yield from filter(None, [join_pairs([("SSH", f"ssh -p {ssh} root@{host}" if ssh else ""), ("PORTS", ports)])])
    yield from [describe_backup(vk8s)] if vk8s.spec.get("backup") else []
    yield from list_half_done(vk8s)
    expiry = (vk8s.status.get("certificatesExpire") or {}).get("ca", "")
    yield from [f"The CA expires on {expiry[:10]}."] if expiry else []
    yield from [f"{UNKNOWN}: {why}" for why in objects.unknown]


def describe_backup(vk8s: Vk8s) -> str:
    """The newest snapshot that is stored, where spec.backup asks for some."""
    backup: Manifest = vk8s.status.get("backup") or {}
    due = backup.get("next", "")
    if "snapshot" not in backup:
        return f"No snapshot has been stored so far.{f' The next one is due at {due}.' if due else ''}"
    size = f"{backup['size'] / _MIB:.1f} MiB"
    return join_pairs(
        [("SNAPSHOT", backup["snapshot"]), ("TAKEN", backup["lastSuccessTime"]), ("SIZE", size), ("NEXT", due)]
    )


def list_half_done(vk8s: Vk8s) -> Iterator[str]:
    """What somebody has begun, and may have forgotten."""
    if not vk8s.is_current and vk8s.status:
        yield "The spec has been edited, and the status is about the spec before."
    if vk8s.is_terminating:
        yield "It is being deleted."
    if vk8s.is_paused:
        yield "It is paused."
    forced = vk8s.annotations.get(FORCE_REMOVE_ANNOTATION)
    if forced:
        yield f"Annotation {FORCE_REMOVE_ANNOTATION}={forced} is set: workers are removed without a drain."
    accepted = vk8s.conditions.get("Accepted")
    if accepted and accepted.is_true and accepted.message != VALID:
        yield accepted.message.removeprefix(VALID).strip()
