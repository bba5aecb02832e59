"""Completion of names, by kubectl itself: for click's own shells, and for `kubectl vk8s` as kubectl asks for it."""

import sys
from typing import Any, Final

import click
from click.shell_completion import CompletionItem, ShellComplete, get_completion_class

from kubectl_vk8s.kubectl import Kubectl
from kubectl_vk8s.problems import ProblemError
from kubectl_vk8s.session import PASSED_ON

# cobra's directives: offer no file names; and what a file is completed with.
_NO_FILES, _FILES = ":4", ":0"
_SECONDS: Final = "2s"


def complete_names(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Virtual clusters of the namespace, each with its phase; none where the cluster does not answer at once."""
    try:
        found = _build_kubectl(ctx.params).get_all("vk8s")
    except (ProblemError, ValueError):
        return []
    return [
        CompletionItem(item["metadata"]["name"], help=(item.get("status") or {}).get("phase"))
        for item in found
        if item["metadata"]["name"].startswith(incomplete)
    ]


def complete_namespaces(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Namespaces of the host cluster."""
    try:
        found = _build_kubectl({**ctx.params, "namespace": None}).get_all("namespaces")
    except (ProblemError, ValueError):
        return []
    names = [item["metadata"]["name"] for item in found]
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def answer_kubectl(cli: click.Command, words: list[str]) -> int:
    """What `kubectl vk8s WORDS` can go on with, as kubectl reads it: a candidate a line, then a directive."""
    *before, incomplete = words or [""]
    items = ShellComplete(cli, {}, "kubectl vk8s", "_").get_completions(before, incomplete)
    plain = [item for item in items if item.type == "plain"]
    for item in plain:
        sys.stdout.write(f"{item.value}\t{item.help}\n" if item.help else f"{item.value}\n")
    sys.stdout.write(f"{_FILES if items and not plain else _NO_FILES}\n")
    return 0


def build_script(shell: str) -> str:
    """What a shell sources to complete `vk8s`; for kubectl, the program that completes `kubectl vk8s`."""
    if shell == "kubectl":
        return '#!/bin/sh\nexec kubectl-vk8s __complete "$@"\n'
    found = get_completion_class(shell)
    if found is None:
        raise ProblemError(f"There is no completion for {shell}.")
    return found(click.Command("vk8s"), {}, "vk8s", "_VK8S_COMPLETE").source()


def _build_kubectl(params: dict[str, Any]) -> Kubectl:
    given = [(name, params.get(name)) for name in (*PASSED_ON, "namespace") if name != "request_timeout"]
    flags = [f"--{name.rstrip('_').replace('_', '-')}={value}" for name, value in given if isinstance(value, str)]
    return Kubectl((*flags, f"--request-timeout={_SECONDS}"))
