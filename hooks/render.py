"""What would be created for a Vk8s, with no cluster: the hooks asked until they want nothing more."""

import yaml

from hooks.manifest import Manifest
from hooks.request import ManifestError, build_request, read_objects
from hooks.vk8s.context import Context
from hooks.vk8s.decide import decide_sync
from hooks.wire import HookRequest

# The PKI, what is made from it, the access keys, the pods: one round each, and some to spare.
MOST_ROUNDS = 10


def read_vk8s(text: str) -> list[Manifest]:
    """The Vk8s objects in a YAML text. ManifestError where there is none, or the text is no YAML."""
    found = [each for each in read_objects(text) if each["kind"] == "Vk8s"]
    if not found:
        raise ManifestError("There is no object of kind Vk8s in it.")
    return found


def render(vk8s: Manifest, context: Context) -> list[Manifest]:
    """Every child of `vk8s`, in an order in which they can be applied. ManifestError with all problems of the spec."""
    children: list[Manifest] = []
    for _ in range(MOST_ROUNDS):
        answer = decide_sync(HookRequest.model_validate(build_request([vk8s, *children])), context)
        accepted = next(entry for entry in answer.status["conditions"] if entry["type"] == "Accepted")
        if accepted["status"] != "True":
            raise ManifestError(accepted["message"])
        if len(answer.children) == len(children):
            return answer.children
        children = answer.children
    raise AssertionError("the hooks want more and more")


def write_yaml(children: list[Manifest]) -> str:
    """The objects as YAML documents, to be put behind others; files in them are blocks that can be read."""
    return yaml.dump_all(children, Dumper=_Dumper, explicit_start=True, sort_keys=False, width=120)


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as blocks."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 the same object twice is written twice
        """Never an alias: kubectl reads them, people don't."""
        return True


def _write_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _write_text)
