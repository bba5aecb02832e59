"""Scenarios on disk: `request.yaml` in, `answer/` out, one file per child. `make golden` writes the answers anew.

Boot files are the same in most scenarios, and a digest in the name of their ConfigMap tells which they are: they are
in `boot_files/`, once, as nodes find them.
"""

from dataclasses import replace
from pathlib import Path
from shutil import rmtree

import yaml

from hooks.ippool import decide as ippool
from hooks.ippool.allocation import ALLOCATION
from hooks.ippool.pools import POOL
from hooks.ippool.request import PoolRequest
from hooks.kubernetes.manifest import Manifest
from hooks.settings import Settings
from hooks.vk8s import decide as vk8s
from hooks.vk8s.node_config.environment import ENVIRONMENT_FILE
from hooks.wire import HookRequest, SyncResponse
from tests.world import CONTEXT, IDENTITY, NOW

DIRECTORY = Path(__file__).parent
REQUEST, ANSWER = "request.yaml", "answer"
BOOT_FILES = DIRECTORY / "boot_files"
INSTALLER = "registry.example.com/vk8s/kubeflow-installer:{version}"


def scenarios() -> list[str]:
    """Names of all scenarios."""
    return sorted(path.parent.name for path in DIRECTORY.glob(f"*/{REQUEST}"))


def render_answer(scenario: str) -> dict[str, str]:
    """File name to YAML of everything in the answer to the scenario's request; nothing is blanked."""
    content: Manifest = _ask(scenario).model_dump(by_alias=True)
    children: list[Manifest] = content.pop("children")
    files = {f"{child['kind'].lower()}-{child['metadata']['name']}.yaml": child for child in children}
    if len(files) != len(children):
        raise AssertionError(f"{scenario}: a child is answered twice")
    documents = {
        "answer.yaml": content,
        **{name: _without_boot_files(child) if _has_boot_files(child) else child for name, child in files.items()},
    }
    return {name: yaml.safe_dump(value, sort_keys=False) for name, value in documents.items()}


def render_boot_files() -> dict[str, str]:
    """Path to text of all boot files that are in an answer."""
    children = [child for scenario in scenarios() for child in _ask(scenario).children if _has_boot_files(child)]
    return {_name_boot_file(child, name): text for child in children for name, text in child["data"].items()}


def read_boot_files() -> dict[str, str]:
    """The committed ones."""
    paths = [path for path in sorted(BOOT_FILES.rglob("*")) if path.is_file()]
    return {str(path.relative_to(BOOT_FILES)): path.read_text() for path in paths}


def _has_boot_files(child: Manifest) -> bool:
    return ENVIRONMENT_FILE in child.get("data", {})


def _name_boot_file(child: Manifest, name: str) -> str:
    return f"{child['metadata']['name']}/{name}"


def _without_boot_files(child: Manifest) -> Manifest:
    """The child with the paths of its boot files in place of their texts."""
    return {**child, "data": {name: _name_boot_file(child, name) for name in child["data"]}}


def _ask(scenario: str) -> SyncResponse:
    return _answer(yaml.safe_load((DIRECTORY / scenario / REQUEST).read_text()))


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
    rmtree(BOOT_FILES, ignore_errors=True)
    for name, text in render_boot_files().items():
        (BOOT_FILES / name).parent.mkdir(parents=True, exist_ok=True)
        (BOOT_FILES / name).write_text(text)


if __name__ == "__main__":
    write_answers()
