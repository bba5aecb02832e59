"""Answers on disk: a folder per story, and in it a folder per step with what differs from the step before.

`answer.yaml` has the status, the resync, the related resources and the names of children that are gone; each child that
is new or changed has a file of its own. A changed child is a `.diff` to the step before, and a new one to that of the
same name at the end of story `first-boot`, if there is one. `make golden` rewrites all of it.

Most stories have the bootstrap files of `first-boot`. They are in `boot_files/` once, under the name of their
ConfigMap, a digest; of any other ConfigMap, what differs from them.
"""

import json
import math
from itertools import pairwise
from pathlib import Path
from shutil import rmtree
from typing import Any

import yaml

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.node_config.environment import ENVIRONMENT_FILE
from tests.scenarios.comparison import compare_texts
from tests.scenarios.play import Moment, play_story, play_until
from tests.scenarios.story import DIRECTORY, STORY, list_stories

ANSWER = "answer.yaml"
# What the children of other stories are compared with.
REFERENCE = "first-boot"
BOOT_FILES = DIRECTORY / "boot_files"


def render_answers(story: str) -> dict[str, str]:
    """Path to text of everything that differs from step to step in the answers of the story. Nothing is blanked."""
    start, moments = play_story(story)
    contents = [_describe(start) if start else {}, *map(_describe, moments)]
    reference = {} if story == REFERENCE else _describe(play_until(REFERENCE, None))
    names = [f"{number}-{moment.step.replace(' ', '-')}" for number, moment in enumerate(moments, 1)]
    return {
        f"{name}/{file}": text
        for name, (before, content) in zip(names, pairwise(contents), strict=True)
        for file, text in _write_differences(before, content, reference).items()
    }


class _Dumper(yaml.SafeDumper):
    """Writes an item of a list that is a flat map on one line: a condition, an environment variable, a port."""

    def ignore_aliases(self, _data: object) -> bool:
        """Nothing is abbreviated."""
        return True


def _represent_list(dumper: yaml.SafeDumper, items: list[Any]) -> yaml.SequenceNode:
    node = dumper.represent_sequence("tag:yaml.org,2002:seq", items)
    for item in node.value:
        if isinstance(item, yaml.MappingNode):
            item.flow_style = all(isinstance(value, yaml.ScalarNode) for _, value in item.value)
    return node


_Dumper.add_representer(list, _represent_list)


def _describe(moment: Moment) -> Manifest:
    """File name to content of a whole answer."""
    answer: Manifest = {**moment.rules.model_dump(by_alias=True), **moment.answer.model_dump(by_alias=True)}
    children: list[Manifest] = answer.pop("children")
    files = {_name_file(child): _without_boot_files(child) for child in children}
    if len(files) != len(children):
        raise AssertionError(f"{moment.step}: a child is answered twice")
    return {ANSWER: answer, **files}


def _write_differences(before: Manifest, content: Manifest, reference: Manifest) -> dict[str, str]:
    """Children that are new or changed; fields of the answer that are, with the names of children that are gone."""
    answer = _pick_changed(before.get(ANSWER, {}), content[ANSWER])
    gone = [name.removesuffix(".yaml") for name in before if name not in content]
    texts = {ANSWER: _dump({**({"gone": gone} if gone else {}), **answer})}
    for file, child in _pick_changed(before, content).items():
        if file != ANSWER:
            texts |= _write_child(file, child, before, reference)
    return texts


def _write_child(file: str, child: Manifest, before: Manifest, reference: Manifest) -> dict[str, str]:
    for earlier, origin in ((before, "the step before"), (reference, f"the end of {REFERENCE}")):
        if file in earlier:
            return {f"{file.removesuffix('.yaml')}.diff": compare_texts(_dump(earlier[file]), _dump(child), origin)}
    return {file: _dump(child)}


def _dump(value: Manifest) -> str:
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, width=math.inf)


def _pick_changed(before: Manifest, after: Manifest) -> Manifest:
    return {key: value for key, value in after.items() if key not in before or _differs(before[key], value)}


def _differs(one: object, other: object) -> bool:
    """Compared as JSON, because True == 1 in Python."""
    return json.dumps(one, sort_keys=True) != json.dumps(other, sort_keys=True)


def _name_file(child: Manifest) -> str:
    return f"{child['kind'].lower()}-{child['metadata']['name']}.yaml"


def render_boot_files() -> dict[str, str]:
    """Path to text of all bootstrap files in the answers."""
    (reference,) = filter(_has_boot_files, play_until(REFERENCE, None).answer.children)
    texts = {_name_boot_file(reference, name): text for name, text in reference["data"].items()}
    for child in filter(_has_boot_files, list_children()):
        for name, text in child["data"].items():
            if text != reference["data"].get(name):
                before = reference["data"].get(name, "")
                difference = compare_texts(before, text, _name_boot_file(reference, name))
                texts[f"{_name_boot_file(child, name)}.diff"] = difference
    return texts


def _has_boot_files(child: Manifest) -> bool:
    return ENVIRONMENT_FILE in child.get("data", {})


def _name_boot_file(child: Manifest, name: str) -> str:
    return f"{child['metadata']['name']}/{name}"


def _without_boot_files(child: Manifest) -> Manifest:
    """The child, whose bootstrap files, if it has any, are replaced by their paths."""
    if not _has_boot_files(child):
        return child
    return {**child, "data": {name: _name_boot_file(child, name) for name in child["data"]}}


def read_answers(story: str) -> dict[str, str]:
    """Path to text of the committed answers of the story."""
    return {path: text for path, text in read_texts(DIRECTORY / story).items() if path != STORY}


def read_texts(directory: Path) -> dict[str, str]:
    """Relative path to text of every file below the directory."""
    paths = [path for path in sorted(directory.rglob("*")) if path.is_file()]
    return {str(path.relative_to(directory)): path.read_text() for path in paths}


def list_children() -> list[Manifest]:
    """Every distinct child in the answers."""
    moments = [moment for story in list_stories() for moment in play_story(story)[1]]
    texts = {json.dumps(child, sort_keys=True) for moment in moments for child in moment.answer.children}
    return [json.loads(text) for text in sorted(texts)]


def write_answers() -> None:
    """Replaces all committed answers with those that the hooks give now."""
    for story in list_stories():
        for folder in (DIRECTORY / story).iterdir():
            if folder.is_dir():
                rmtree(folder)
        _write(DIRECTORY / story, render_answers(story))
    rmtree(BOOT_FILES, ignore_errors=True)
    _write(BOOT_FILES, render_boot_files())


def _write(directory: Path, texts: dict[str, str]) -> None:
    for name, text in texts.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text)


if __name__ == "__main__":
    write_answers()
