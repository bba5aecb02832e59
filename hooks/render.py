"""What would be created for a Vk8s, with no cluster: the hooks asked until they want nothing more."""

from typing import Any

import yaml

from hooks.manifest import Manifest
from hooks.vk8s.context import Context
from hooks.vk8s.decide import decide_sync
from hooks.vk8s.observed import CHILD_KINDS, group_key
from hooks.wire import HookRequest

# The API server gives each object one; until then nobody can know it.
UNKNOWN_UID = "00000000-0000-0000-0000-000000000000"
# The PKI, what is made from it, the access keys, the pods: one round each, and some to spare.
MOST_ROUNDS = 10


class RenderError(ValueError):
    """There is nothing that can be rendered; the message says why, in sentences."""


def read_vk8s(text: str) -> list[Manifest]:
    """The Vk8s objects in a YAML text. RenderError where there is none, or the text is no YAML."""
    try:
        documents = list(yaml.safe_load_all(text))
    except yaml.YAMLError as error:
        raise RenderError(f"This is no YAML: {error}.") from error
    found = [document for document in documents if isinstance(document, dict) and document.get("kind") == "Vk8s"]
    if not found:
        raise RenderError("There is no object of kind Vk8s in it.")
    return found


def render(vk8s: Manifest, context: Context) -> list[Manifest]:
    """Every child of `vk8s`, in an order in which they can be applied. RenderError with all problems of the spec."""
    metadata: Any = vk8s.get("metadata")
    if not isinstance(metadata, dict) or not isinstance(metadata.get("name"), str):
        raise RenderError("metadata.name: write the name of the Vk8s.")
    known = {
        "name": metadata["name"],
        "namespace": metadata.get("namespace") or "default",
        "uid": UNKNOWN_UID,
        "generation": 1,
        "labels": metadata.get("labels") or {},
    }
    children: list[Manifest] = []
    for _ in range(MOST_ROUNDS):
        request = {"parent": {"metadata": known, "spec": vk8s.get("spec")}, "children": _group(children)}
        answer = decide_sync(HookRequest.model_validate(request), context)
        accepted = next(entry for entry in answer.status["conditions"] if entry["type"] == "Accepted")
        if accepted["status"] != "True":
            raise RenderError(accepted["message"])
        if len(answer.children) == len(children):
            return answer.children
        children = answer.children
    raise AssertionError("the hooks want more and more")


def write_yaml(children: list[Manifest]) -> str:
    """The objects as YAML documents, files in them as blocks that can be read."""
    return yaml.dump_all(children, Dumper=_Dumper, sort_keys=False, width=120)


def _group(children: list[Manifest]) -> dict[str, dict[str, Manifest]]:
    groups: dict[str, dict[str, Manifest]] = {kind: {} for kind in CHILD_KINDS}
    for child in children:
        metadata = {**child["metadata"], "uid": UNKNOWN_UID}
        groups[group_key(child)][f"{metadata['namespace']}/{metadata['name']}"] = {**child, "metadata": metadata}
    return groups


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as blocks."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 the same object twice is written twice
        """Never an alias: kubectl reads them, people don't."""
        return True


def _write_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _write_text)
