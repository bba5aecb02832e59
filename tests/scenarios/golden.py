"""Scenarios on disk: `request.yaml` in, `answer/` out, one file per child. `make golden` writes the answers anew."""

from dataclasses import replace
from pathlib import Path

import yaml

from hooks.ippool import decide as ippool
from hooks.ippool.allocation import ALLOCATION
from hooks.ippool.pools import POOL
from hooks.ippool.request import PoolRequest
from hooks.kubernetes.manifest import Manifest
from hooks.settings import Settings
from hooks.vk8s import decide as vk8s
from hooks.wire import HookRequest, SyncResponse
from tests.world import CONTEXT, IDENTITY, NOW

DIRECTORY = Path(__file__).parent
REQUEST, ANSWER = "request.yaml", "answer"
INSTALLER = "registry.example.com/vk8s/kubeflow-installer:{version}"


def scenarios() -> list[str]:
    """Names of all scenarios."""
    return sorted(path.parent.name for path in DIRECTORY.glob(f"*/{REQUEST}"))


def render_answer(scenario: str) -> dict[str, str]:
    """File name to YAML of everything in the answer to the scenario's request; nothing is blanked."""
    content: Manifest = _answer(yaml.safe_load((DIRECTORY / scenario / REQUEST).read_text())).model_dump(by_alias=True)
    children: list[Manifest] = content.pop("children")
    files = {f"{child['kind'].lower()}-{child['metadata']['name']}.yaml": child for child in children}
    if len(files) != len(children):
        raise AssertionError(f"{scenario}: a child is answered twice")
    return {name: yaml.safe_dump(value, sort_keys=False) for name, value in {"answer.yaml": content, **files}.items()}


def _answer(body: Manifest) -> SyncResponse:
    if ALLOCATION in body["children"]:
        pool = PoolRequest.model_validate(body)
        return ippool.decide_finalize(pool, NOW) if body["finalizing"] else ippool.decide_sync(pool, NOW)
    # What is the same in each is not repeated in each.
    request = HookRequest.model_validate({**body, "parent": {**IDENTITY, **body["parent"]}})
    # Metacontroller sends pools along only where there is an ip-manager.
    settings = Settings(ip_manager=POOL in request.related, kubeflow_installer_image=INSTALLER)
    context = replace(CONTEXT, settings=settings)
    return vk8s.decide_finalize(request, context) if request.finalizing else vk8s.decide_sync(request, context)


def read_answer(scenario: str) -> dict[str, str]:
    """The committed answer."""
    return {path.name: path.read_text() for path in sorted((DIRECTORY / scenario / ANSWER).glob("*"))}


def read_children() -> list[Manifest]:
    """Every child that is committed in an answer; those that are the same in several answers once."""
    texts = {path.read_text() for path in DIRECTORY.glob(f"*/{ANSWER}/*-*.yaml")}
    return [yaml.load(text, yaml.CSafeLoader) for text in sorted(texts)]


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
