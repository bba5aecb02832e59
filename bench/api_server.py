"""The API server of the host cluster, asked by as few and as cheap calls as will do: what measures must not be load."""

import json
import ssl
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

import httpx
from prometheus_client.parser import text_string_to_metric_families

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.kinds import CHILD_KINDS
from testbed.layout import Testbed

VK8S: Final = "/apis/vk8s.sktelecom.com/v1alpha1/{}vk8s"
# Where the objects of a kind are, by its key in calls of hooks; with a namespace in it, those of a namespace.
PATHS: Final = {
    key: f"/api{'s' if '/' in kind.api_version else ''}/{kind.api_version}/{{}}{kind.plural}"
    for key, kind in CHILD_KINDS.items()
}
RESOURCES: Final = frozenset(kind.plural for kind in CHILD_KINDS.values()) | {"vk8s"}
_WRITES: Final = frozenset({"POST", "PUT", "PATCH", "APPLY", "DELETE", "DELETECOLLECTION"})
_SECONDS: Final = 60
_CONNECTIONS: Final = 8


@dataclass(frozen=True)
class Requests:
    """How many requests the API server has answered so far about a Vk8s and its children: reads and writes."""

    gets: int
    writes: int

    def __sub__(self, earlier: "Requests") -> "Requests":
        return Requests(self.gets - earlier.gets, self.writes - earlier.writes)


class ApiServer:
    """Calls with the rights of an administrator, on connections that are kept."""

    def __init__(self, testbed: Testbed) -> None:
        kubeconfig = json.loads(testbed.kubeconfig.read_text())
        cluster, token = kubeconfig["clusters"][0]["cluster"], kubeconfig["users"][0]["user"]["token"]
        self._client = httpx.Client(
            base_url=cluster["server"],
            headers={"Authorization": f"Bearer {token}"},
            verify=ssl.create_default_context(cafile=cluster["certificate-authority"]),
            timeout=_SECONDS,
            trust_env=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self._client.close()

    def create_namespaces(self, names: Sequence[str]) -> None:
        """Makes the namespaces."""
        for name in names:
            self._create("/api/v1/namespaces", {"metadata": {"name": name}})

    def create_all(self, objects: Sequence[Manifest]) -> None:
        """Creates the Vk8s, several at a time, and returns when all are accepted."""
        with ThreadPoolExecutor(_CONNECTIONS) as pool:
            list(pool.map(lambda each: self._create(_build_path(VK8S, each["metadata"]["namespace"]), each), objects))

    def count(self) -> dict[str, int]:
        """The number of objects of each kind of child, of any owner. Only one object of each kind is read."""
        return {kind: self._count(path.format("")) for kind, path in PATHS.items()}

    def is_watched(self) -> bool:
        """Whether somebody watches all Vk8s."""
        found = self._read_metric("apiserver_longrunning_requests")
        return any(labels["resource"] == "vk8s" and labels["verb"] == "WATCH" and value for labels, value in found)

    def count_requests(self) -> Requests:
        """What it has answered until now, lists and watches left out."""
        counts = {"GET": 0, "WRITE": 0}
        for labels, value in self._read_metric("apiserver_request_total"):
            verb = "WRITE" if labels["verb"] in _WRITES else labels["verb"]
            if labels["resource"] in RESOURCES and verb in counts and not _is_of_scheduler(labels):
                counts[verb] += int(value)
        return Requests(counts["GET"], counts["WRITE"])

    def _read_metric(self, name: str) -> Iterator[tuple[Mapping[str, str], float]]:
        # The whole is megabytes, and the parser slow.
        lines = [line for line in self._client.get("/metrics").text.splitlines() if line.startswith(name)]
        for family in text_string_to_metric_families("\n".join([*lines, ""])):
            yield from ((sample.labels, sample.value) for sample in family.samples)

    def _create(self, path: str, manifest: Manifest) -> None:
        self._client.post(path, json=manifest).raise_for_status()

    def _count(self, path: str) -> int:
        found = self._get(f"{path}?limit=1")
        return len(found["items"]) + int(found["metadata"].get("remainingItemCount", 0))

    def _get(self, path: str) -> Manifest:
        found: Manifest = self._client.get(path).raise_for_status().json()
        return found


def _build_path(path: str, namespace: str) -> str:
    return path.format(f"namespaces/{namespace}/")


def _is_of_scheduler(labels: Mapping[str, str]) -> bool:
    """Whether it says that a pod finds no node: without any, the scheduler does nothing else."""
    return labels["resource"] == "pods" and labels["subresource"] == "status"
