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
from hooks.setup.pair import list_mismatches

# `make`: all keys. `token`: cert-manager makes the certificates. `given`: both Secrets are somebody else's business.
KeySource = Literal["make", "token", "given"]
HOOKS, METACONTROLLER = "vk8s-hooks", "metacontroller"
HOST_CONFIG_MAP: Final = "vk8s-hooks-host"
INSTALLER: Final = f"{PREFIX}KUBEFLOW_INSTALLER_IMAGE"
BACKUP_IMAGE: Final = f"{PREFIX}BACKUP_IMAGE"
_RESTARTS: Final = {
    HOOKS: "Restarting the hooks, which read settings only when they start.",
    METACONTROLLER: "Restarting Metacontroller, which reads keys only when it starts.",
}
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
    backup_image: str = ""
    uses_other: bool = False


def prepare(api: Api, wish: Wish, now: datetime, say: Say) -> None:
    """Makes what is missing, then restarts what would not notice. SetupProblem if something has to be done first.

    After a failure at any point, another try does the rest.
    """
    problems = [*check_crds(api), *_check_other(api, wish)]
    if problems:
        raise SetupProblem("\n".join(problems))
    place = Namespace(api, wish.namespace)
    settings = _list_settings(place, wish)
    # Before the first write: after a failure, the next try knows that the pods have started with something else.
    for deployment, inputs in _list_inputs(place, wish).items():
        place.note_inputs(deployment, inputs)
    _ensure_keys(place, wish, now, say)
    say(f"Networks of this cluster that no virtual cluster may overlap: {settings.get(f'{PREFIX}HOST_CIDRS', 'none')}")
    place.write_data("ConfigMap", HOST_CONFIG_MAP, settings)
    for deployment, inputs in _list_inputs(place, wish).items():
        if place.restart(deployment, inputs, now):
            say(_RESTARTS[deployment])


def _check_other(api: Api, wish: Wish) -> Iterator[str]:
    other = find_other(api, wish.namespace)
    if other and not wish.uses_other:
        namespace = other.partition(" ")[0]
        yield (
            f"There is a Metacontroller in this cluster already ({other}), and two would fight over the same objects. "
            f"Use that one, with metacontroller.install=false and metacontroller.existing.namespace={namespace}, or "
            "delete it."
        )


def _ensure_keys(place: Namespace, wish: Wish, now: datetime, say: Say) -> None:
    """Half of the keys would be of no use: both sides get new ones. SetupProblem if those that exist don't match."""
    missing = _list_missing(place, wish)
    if wish.keys == "given":
        for sentence in missing.values():
            say(f"{sentence} The pods that need it wait for it.")
        return
    if missing:
        say("Creating the keys for the calls between Metacontroller and the hooks.")
        keys = build_keys(now, wish.namespace) if wish.keys == "make" else build_tokens()
        pair = ((wish.hooks_secret, keys.hooks), (wish.client_secret, keys.client))
        # What is missing comes last: if the first write is the only one, it still is, and the next try makes new keys.
        for name, files in sorted(pair, key=lambda each: each[0] in missing):
            data = {file: b64encode(content).decode() for file, content in files.items()}
            place.write_data("Secret", name, data)
    # Also those that were just written: another Job may have written between the two.
    _check_pair(place, wish)


def _check_pair(place: Namespace, wish: Wish) -> None:
    """SetupProblem if no call could succeed with these keys."""
    hooks, client = _read_secrets(place, wish)
    names = (wish.hooks_secret, wish.client_secret)
    if problems := list(list_mismatches(hooks, client, names)):
        raise SetupProblem(
            f"The keys in namespace {place.name} can't be used. {' '.join(problems)} Restore both Secrets from "
            "the same backup. Or delete both, then install or upgrade again, which creates new keys and restarts what "
            f"uses them: kubectl delete secret --namespace={place.name} {' '.join(names)}"
        )


def _list_missing(place: Namespace, wish: Wish) -> dict[str, str]:
    """What is missing of each of the two Secrets, as a sentence by its name."""
    missing = {}
    for name, files in _list_files(wish).items():
        data = place.find_data("Secret", name)
        if data is None:
            missing[name] = f"There is no Secret {name} in namespace {place.name}."
        elif not set(files) <= data.keys():
            missing[name] = f"Secret {name} in namespace {place.name} needs the keys {', '.join(files)}."
    return missing


def _list_files(wish: Wish) -> dict[str, tuple[str, ...]]:
    """The keys that each of the two Secrets has to have."""
    if wish.keys == "token":
        return {wish.hooks_secret: (TOKENS,), wish.client_secret: (TOKEN,)}
    return {wish.hooks_secret: (CERTIFICATE, KEY, TOKENS), wish.client_secret: (CA, TOKEN)}


def _read_secrets(place: Namespace, wish: Wish) -> tuple[dict[str, str], dict[str, str]]:
    """What the hooks and Metacontroller read, as far as it is there; Secrets may have more."""
    found = [(place.find_data("Secret", name) or {}, files) for name, files in _list_files(wish).items()]
    hooks, client = ({file: data[file] for file in files if file in data} for data, files in found)
    return hooks, client


def _list_inputs(place: Namespace, wish: Wish) -> dict[str, str]:
    """Of each Deployment that this restarts, a hash of what it reads when it starts.

    Who gives keys restarts Metacontroller after they have changed, and who owns one that is used here does.
    """
    settings = place.find_data("ConfigMap", HOST_CONFIG_MAP)
    if wish.keys == "given":
        return {HOOKS: _hash([settings])}
    hooks, client = _read_secrets(place, wish)
    own = {} if wish.uses_other else {METACONTROLLER: _hash([client])}
    return {HOOKS: _hash([settings, hooks]), **own}


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
        BACKUP_IMAGE: wish.backup_image or before.get(BACKUP_IMAGE),
    }
    return {name: value for name, value in settings.items() if value}


def _hash(content: object) -> str:
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:_HASH_LENGTH]
