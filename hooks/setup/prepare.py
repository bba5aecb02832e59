"""What has to exist before the hooks and Metacontroller start: their keys, and what is known of the host cluster.

May be repeated: keys that are there stay, and settings are written again only if they differ.
"""

import json
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final, Literal

from hooks.settings import PREFIX
from hooks.setup.api import Api
from hooks.setup.keys import CA, CERTIFICATE, KEY, TOKEN, TOKENS, build_keys, build_tokens
from hooks.setup.metacontroller import check_crds, find_other
from hooks.setup.networks import find_cluster_domain, has_kube_ovn, list_host_cidrs
from hooks.setup.objects import Namespace, SetupProblem

# `make`: all keys. `token`: cert-manager makes the certificates. `given`: both Secrets are somebody else's business.
KeySource = Literal["make", "token", "given"]
HOOKS, METACONTROLLER = "vk8s-hooks", "metacontroller"
HOST_CONFIG_MAP: Final = "vk8s-hooks-host"
INSTALLER: Final = f"{PREFIX}KUBEFLOW_INSTALLER_IMAGE"
_HASH_LENGTH: Final = 12
Say = Callable[[str], None]


@dataclass(frozen=True)
class Wish:
    """What is to be prepared.

    `host_cidrs`: those to write, instead of looking for them. `uses_other`: whether Metacontroller is one that does not
    belong to this installation.
    """

    namespace: str
    keys: KeySource = "make"
    hooks_secret: str = HOOKS
    client_secret: str = "vk8s-hooks-client"  # noqa: S105 the name of a Secret
    host_cidrs: str = ""
    kubeflow_installer: str = ""
    uses_other: bool = False


def prepare(api: Api, wish: Wish, now: datetime, say: Say) -> None:
    """Makes what is missing, then restarts what would not notice. SetupProblem if something has to be done first."""
    problems = [*check_crds(api), *_check_other(api, wish)]
    if problems:
        raise SetupProblem("\n".join(problems))
    place = Namespace(api, wish.namespace)
    has_new_keys = _ensure_keys(place, wish, now, say)
    settings = _list_settings(place, wish)
    say(f"Networks of this cluster that no virtual cluster may overlap: {settings.get(f'{PREFIX}HOST_CIDRS', 'none')}")
    has_new_settings = place.write_data("ConfigMap", HOST_CONFIG_MAP, settings)
    inputs = _hash([now.isoformat(), settings])
    if (has_new_keys or has_new_settings) and place.restart(HOOKS, inputs):
        say("Restarting the hooks, which read settings only when they start.")
    if has_new_keys and not wish.uses_other and place.restart(METACONTROLLER, inputs):
        say("Restarting Metacontroller, which reads keys only when it starts.")


def _check_other(api: Api, wish: Wish) -> Iterator[str]:
    other = find_other(api, wish.namespace)
    if other and not wish.uses_other:
        namespace = other.partition(" ")[0]
        yield (
            f"There is a Metacontroller in this cluster already ({other}), and two would fight over the same objects. "
            f"Use that one, with metacontroller.install=false and metacontroller.existing.namespace={namespace}, or "
            "delete it."
        )


def _ensure_keys(place: Namespace, wish: Wish, now: datetime, say: Say) -> bool:
    """Whether keys were made. Half of them would be of no use: both sides get new ones."""
    missing = list(_list_missing(place, wish))
    if wish.keys == "given":
        for sentence in missing:
            say(f"{sentence} The pods that need it wait for it.")
        return False
    if not missing:
        return False
    say("Creating the keys for the calls between Metacontroller and the hooks.")
    keys = build_keys(now, wish.namespace) if wish.keys == "make" else build_tokens()
    for name, files in ((wish.hooks_secret, keys.hooks), (wish.client_secret, keys.client)):
        data = {file: b64encode(content).decode() for file, content in files.items()}
        place.write_data("Secret", name, data)
    return True


def _list_missing(place: Namespace, wish: Wish) -> Iterator[str]:
    """What is missing of the two Secrets, a sentence for each."""
    wanted: dict[str, tuple[str, ...]]
    wanted = {wish.hooks_secret: (CERTIFICATE, KEY, TOKENS), wish.client_secret: (CA, TOKEN)}
    if wish.keys == "token":
        wanted = {wish.hooks_secret: (TOKENS,), wish.client_secret: (TOKEN,)}
    for name, files in wanted.items():
        data = place.find_data("Secret", name)
        if data is None:
            yield f"There is no Secret {name} in namespace {place.name}."
        elif not set(files) <= data.keys():
            yield f"Secret {name} in namespace {place.name} needs the keys {', '.join(files)}."


def _list_settings(place: Namespace, wish: Wish) -> dict[str, str]:
    """What install.sh writes, too. The installer of an earlier installation stays where none is named."""
    before = place.find_data("ConfigMap", HOST_CONFIG_MAP) or {}
    settings: Mapping[str, str | None] = {
        f"{PREFIX}IP_MANAGER": "true",
        f"{PREFIX}NAMESPACE_RULES": "true",
        f"{PREFIX}HOST_CIDRS": wish.host_cidrs or ",".join(list_host_cidrs(place.api, place.name)),
        f"{PREFIX}HOST_CNI": "kube-ovn" if has_kube_ovn(place.api) else "calico",
        f"{PREFIX}CLUSTER_DOMAIN": find_cluster_domain(place.api),
        INSTALLER: wish.kubeflow_installer or before.get(INSTALLER),
    }
    return {name: value for name, value in settings.items() if value}


def _hash(content: object) -> str:
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:_HASH_LENGTH]
