"""What would be created for a Vk8s, without a cluster: the hooks are called until no more children are added."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import yaml
from yaml.representer import SafeRepresenter

from hooks.kubernetes.manifest import Manifest
from hooks.kubernetes.schema import Resource
from hooks.kubernetes.yaml_text import TEXT, Dumper, write_text
from hooks.offline.advice import list_refusals, list_warnings
from hooks.offline.documents import ManifestError
from hooks.offline.request import DEFAULT_NAMESPACE, build_request
from hooks.settings import PREFIX
from hooks.vk8s.decide import decide_sync
from hooks.vk8s.situation import Context
from hooks.wire import HookRequest, SyncResponse

# One round each for the PKI, what is derived from it, the access keys and the pods, and some to spare.
MOST_ROUNDS = 10
_SETTINGS = f"The settings of the hooks are read from {PREFIX}* here: set them as in your cluster (docs/operations.md)."


@dataclass(frozen=True)
class Rendering:
    """The children of every Vk8s, in an order in which they can be applied, and warnings of what won't work."""

    children: list[Manifest]
    warnings: list[str]


def render_all(objects: Sequence[Manifest], resource: Resource, context: Context) -> Rendering:
    """What would be created for each Vk8s among `objects`. ManifestError with everything that would be rejected."""
    found = [each for each in objects if each["kind"] == resource.kind]
    if not found:
        raise ManifestError(f"There is no object of kind {resource.kind}{_describe_others(objects)}.")
    refusals = [f"{_label(each, found)}{sentence}" for each in found for sentence in list_refusals(each, resource)]
    refusals += [f"{name}: {count} of them; give each a name of its own." for name, count in _list_twins(found)]
    if refusals:
        raise ManifestError(*refusals)
    answers = [(each, render(each, context)) for each in found]
    warnings = [
        f"{_label(each, found)}{sentence}"
        for each, answer in answers
        for sentence in list_warnings(each, answer.status)
    ]
    return Rendering([child for _, answer in answers for child in answer.children], warnings)


def render(vk8s: Manifest, context: Context) -> SyncResponse:
    """The last answer about a valid Vk8s, with every child. ManifestError with what the settings don't allow."""
    children: list[Manifest] = []
    for _ in range(MOST_ROUNDS):
        answer = decide_sync(HookRequest.model_validate(build_request([vk8s, *children])), context)
        accepted = next(entry for entry in answer.status["conditions"] if entry["type"] == "Accepted")
        if accepted["status"] != "True":
            raise ManifestError(accepted["message"], _SETTINGS)
        if len(answer.children) == len(children):
            return answer
        children = answer.children
    raise AssertionError("the hooks want more and more")


def write_yaml(children: list[Manifest]) -> str:
    """The objects as YAML documents that can be appended to others; multi-line strings are readable blocks."""
    return yaml.dump_all(children, Dumper=_Dumper, explicit_start=True, sort_keys=False, width=120)


def _describe_others(objects: Sequence[Manifest]) -> str:
    kinds = sorted({each["kind"] for each in objects})
    return f", but {', '.join(kinds)}" if kinds else ""


def _label(vk8s: Manifest, found: Sequence[Manifest]) -> str:
    """A prefix that names the Vk8s, if there are several."""
    return f"{_describe(vk8s)}: " if len(found) > 1 else ""


def _describe(vk8s: Manifest) -> str:
    metadata = vk8s["metadata"]
    return f"Vk8s {metadata.get('namespace', DEFAULT_NAMESPACE)}/{metadata['name']}"


def _list_twins(found: Sequence[Manifest]) -> Iterator[tuple[str, int]]:
    """The names that several Vk8s have, and how many have it."""
    return ((name, count) for name, count in Counter(map(_describe, found)).items() if count > 1)


class _Dumper(Dumper):
    """Writes multi-line strings as blocks."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 the same object twice is written twice
        """Never writes an alias: kubectl understands them, people don't."""
        return True


def _write_text(dumper: SafeRepresenter, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar(TEXT, text, style="|") if "\n" in text else write_text(dumper, text)


_Dumper.add_representer(str, _write_text)
