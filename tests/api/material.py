"""Certificates and mounted Secrets, as the hooks are given them."""

import shutil
import ssl
from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from pathlib import Path

from tests.authority import Authority, Pair

TOKEN, OTHER_TOKEN = "first-token-of-thirty-two-letters", "other-token-of-thirty-two-letters"
SERVER_NAME = "vk8s-hooks.vk8s-system.svc"


@cache
def _get_authority() -> Authority:
    return Authority("CA of the tests")


def make_pair(*, days: float = 2) -> Pair:
    """A new pair for the hooks, signed by the CA of this run."""
    return _get_authority().issue(SERVER_NAME, "127.0.0.1", subject="hooks", life=timedelta(days=days))


def client_context() -> ssl.SSLContext:
    """A context that trusts the CA of this run, and nobody else."""
    return ssl.create_default_context(cadata=_get_authority().pem.decode())


def publish(mount: Path, files: Mapping[str, bytes]) -> None:
    """Puts the files into `mount` as kubelet does it for a Secret: one swap of a symbolic link changes all of them."""
    mount.mkdir(exist_ok=True)
    data = mount / "..data"
    before = data.resolve() if data.exists() else None
    version = mount / f"..{len(list(mount.iterdir()))}-{'b' if before and before.name.endswith('a') else 'a'}"
    version.mkdir()
    for name, content in files.items():
        (version / name).write_bytes(content)
    swap = mount / "..data_tmp"
    swap.symlink_to(version.name)
    swap.rename(data)
    for name in files:
        if not (mount / name).is_symlink():
            (mount / name).symlink_to(Path("..data", name))
    if before:
        shutil.rmtree(before)
