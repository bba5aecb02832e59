"""A new object in the editor of the user, before it is created."""

import os
import tempfile

import click

from kubectl_vk8s.problems import ProblemError


def edit(text: str) -> str:
    """The text as the user has saved it. ProblemError where nothing was saved, or nothing is left."""
    edited = click.edit(text, editor=os.environ.get("KUBE_EDITOR") or None, extension=".yaml")
    if not (edited or "").strip():
        raise ProblemError("Nothing was saved in the editor, so nothing has been created.")
    return str(edited)


def keep(text: str) -> str:
    """Writes what was edited, and could not be created, to a file that stays; its name."""
    with tempfile.NamedTemporaryFile("w", prefix="kubectl-vk8s-", suffix=".yaml", delete=False) as file:
        file.write(text)
    return file.name
