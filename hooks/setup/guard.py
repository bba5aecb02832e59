"""What stands before an uninstallation: while virtual clusters and pools exist, their finalizers need the hooks."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from hooks.kubernetes.manifest import Manifest
from hooks.setup.api import Api
from hooks.setup.objects import SetupProblem

_GROUP: Final = "/apis/vk8s.sktelecom.com/v1alpha1"
# In this order: a Vk8s gives its addresses back to the pools.
_RESOURCES: Final = ("vk8s", "ippools")
_SHOWN: Final = 10
_PAUSE_SECONDS: Final = 2.0


@dataclass(frozen=True)
class Clock:
    """Time, which passes while a deletion goes on."""

    read: Callable[[], float]
    sleep: Callable[[float], None]


def check_nothing_lives(api: Api) -> None:
    """SetupProblem while there are virtual clusters or pools."""
    living = [name for resource in _RESOURCES for name in _list_names(api, resource)]
    if living:
        raise SetupProblem(
            f"These still exist: {_join(living)}. Nobody could delete them without Metacontroller and the hooks, so "
            "nothing is uninstalled. Delete them first: kubectl delete vk8s,ippools --all --all-namespaces. Or let the "
            "uninstallation delete them with all their data: helm upgrade with uninstall.deleteVirtualClusters=true, "
            "then helm uninstall."
        )


def delete_all(api: Api, seconds: float, clock: Clock, say: Callable[[str], None]) -> None:
    """Deletes virtual clusters and pools, with all their data, and returns when they are gone.

    SetupProblem if that takes longer than `seconds`.
    """
    end = clock.read() + seconds
    for resource in _RESOURCES:
        for each in list(api.list_items(f"{_GROUP}/{resource}")):
            api.delete(_build_path(resource, each))
        _wait(api, resource, (end, clock), say)


def _wait(api: Api, resource: str, until: tuple[float, Clock], say: Callable[[str], None]) -> None:
    """Until there is none. Says what it waits for whenever that changes."""
    (end, clock), said = until, ""
    while reasons := [*_list_reasons(api, resource)]:
        if clock.read() >= end:
            raise SetupProblem(
                f"These still exist: {_join(reasons)}. Nothing else has been removed. Fix what they wait for, then "
                "uninstall again."
            )
        if (sentence := f"Waiting for the end of {_join(reasons)}") != said:
            say(sentence)
            said = sentence
        clock.sleep(_PAUSE_SECONDS)


def _list_names(api: Api, resource: str) -> Iterator[str]:
    for each in api.list_items(f"{_GROUP}/{resource}"):
        yield f"{resource} {_name(each)}"


def _list_reasons(api: Api, resource: str) -> Iterator[str]:
    """Each that exists, with what its status says."""
    for each in api.list_items(f"{_GROUP}/{resource}"):
        messages = [c.get("message", "") for c in each.get("status", {}).get("conditions", []) if c["type"] == "Ready"]
        yield ": ".join([_name(each), *messages])


def _name(obj: Manifest) -> str:
    metadata = obj["metadata"]
    return "/".join([*([metadata["namespace"]] if "namespace" in metadata else []), metadata["name"]])


def _build_path(resource: str, obj: Manifest) -> str:
    metadata = obj["metadata"]
    within = f"/namespaces/{metadata['namespace']}" if "namespace" in metadata else ""
    return f"{_GROUP}{within}/{resource}/{metadata['name']}"


def _join(names: list[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join([*names[:_SHOWN], *([f"and {more} more"] if more > 0 else [])])
