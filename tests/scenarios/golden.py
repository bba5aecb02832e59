"""Scenarios on disk: `request.yaml` in, `answer/` out, one file per child. `make golden` writes the answers anew."""

from pathlib import Path

import yaml

from hooks.manifest import Manifest
from hooks.vk8s.decide import decide_finalize, decide_sync
from hooks.wire import HookRequest
from tests.world import CONTEXT

DIRECTORY = Path(__file__).parent
REQUEST, ANSWER = "request.yaml", "answer"


def scenarios() -> list[str]:
    """Names of all scenarios."""
    return sorted(path.parent.name for path in DIRECTORY.glob(f"*/{REQUEST}"))


def render_answer(scenario: str) -> dict[str, str]:
    """File name to YAML of everything in the answer to the scenario's request; nothing is blanked."""
    request = HookRequest.model_validate(yaml.safe_load((DIRECTORY / scenario / REQUEST).read_text()))
    answer = (decide_finalize if request.finalizing else decide_sync)(request, CONTEXT)
    content: Manifest = answer.model_dump(by_alias=True)
    children: list[Manifest] = content.pop("children")
    files = {f"{child['kind'].lower()}-{child['metadata']['name']}.yaml": child for child in children}
    if len(files) != len(children):
        raise AssertionError(f"{scenario}: a child is answered twice")
    return {name: yaml.safe_dump(value, sort_keys=False) for name, value in {"answer.yaml": content, **files}.items()}


def read_answer(scenario: str) -> dict[str, str]:
    """The committed answer."""
    return {path.name: path.read_text() for path in sorted((DIRECTORY / scenario / ANSWER).glob("*"))}


def write_answers() -> None:
    """Replaces every committed answer by what the hooks answer now."""
    for scenario in scenarios():
        directory = DIRECTORY / scenario / ANSWER
        directory.mkdir(exist_ok=True)
        for path in directory.iterdir():
            path.unlink()
        for name, text in render_answer(scenario).items():
            (directory / name).write_text(text)


if __name__ == "__main__":
    write_answers()
