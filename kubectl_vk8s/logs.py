"""The logs of node pods, as lines with a time."""

import queue
from collections.abc import Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from typing import Final

from kubectl_vk8s import Manifest
from kubectl_vk8s.background import Background
from kubectl_vk8s.kubectl import Kubectl, KubectlError, read_events
from kubectl_vk8s.names import NODE_CONTAINER, NODE_LABEL, VK8S_LABEL

_AT_ONCE: Final = 8
_RETRY_SECONDS: Final = 1


@dataclass(frozen=True, order=True)
class Line:
    """One line of a node's log; sorted by time."""

    time: str
    node: str
    text: str

    @property
    def clock(self) -> str:
        """Hours, minutes and seconds, in UTC as the host's kubelet writes them."""
        return self.time[11:19]


@dataclass(frozen=True)
class Wanted:
    """Which lines. `nodes`: only of these, or of all where it is empty."""

    vk8s: str
    nodes: frozenset[str] = frozenset()
    since: str | None = None
    is_previous: bool = False

    @property
    def selector(self) -> str:
        """The pods that are nodes of the Vk8s."""
        return f"--selector={VK8S_LABEL}={self.vk8s},{NODE_LABEL}"

    def includes(self, pod: Manifest) -> bool:
        """Whether the pod's log is wanted: that of a node, not that of the Job which removes it."""
        name = pod["metadata"]["name"]
        return pod["metadata"]["labels"].get(NODE_LABEL) == name and (not self.nodes or name in self.nodes)

    def build_arguments(self, pod: str) -> list[str]:
        """`kubectl logs` for one pod."""
        return [
            "logs", pod, f"--container={NODE_CONTAINER}", "--timestamps",
            *([f"--since={self.since}"] if self.since else []),
            *(["--previous"] if self.is_previous else []),
        ]  # fmt: skip


def parse_line(node: str, text: str) -> Line:
    """A line of `kubectl logs --timestamps`."""
    time, _, words = text.rstrip("\n").partition(" ")
    return Line(time, node, words)


def read_lines(kubectl: Kubectl, wanted: Wanted) -> list[Line]:
    """What there is now, sorted by time. A pod whose container has not started has no lines."""
    pods = [pod["metadata"]["name"] for pod in kubectl.get_all("pods", wanted.selector) if wanted.includes(pod)]

    def read(pod: str) -> list[Line]:
        try:
            return [parse_line(pod, line) for line in kubectl.run(*wanted.build_arguments(pod)).splitlines()]
        except KubectlError as error:
            if error.reason == "BadRequest":
                return []
            raise

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return sorted(line for lines in pool.map(read, pods) for line in lines)


@dataclass(frozen=True)
class Stream:
    """Follows the logs of all pods, also of those that come later, in the background."""

    kubectl: Kubectl
    wanted: Wanted
    lines: "queue.SimpleQueue[Line]" = field(default_factory=queue.SimpleQueue)
    background: Background = field(default_factory=Background)
    # Containers whose log has been followed, also to its end.
    known: set[str] = field(default_factory=set)

    def start(self) -> None:
        """Begins to watch the pods."""
        self.background.run(self._watch)

    def _watch(self) -> None:
        while not self.background.ended.is_set():
            watch = self.background.read("", self.kubectl.watch("pods", self.wanted.selector))
            for kind, pod in read_events(watch):
                container = find_running_container(pod)
                if kind != "DELETED" and container and container not in self.known and self.wanted.includes(pod):
                    self.known.add(container)
                    self._follow(container, pod["metadata"]["name"])
            self.background.rest(_RETRY_SECONDS)

    def _follow(self, container: str, pod: str) -> None:
        process = self.kubectl.start(*self.wanted.build_arguments(pod), "--follow")
        self.background.run(self._pass_on, pod, self.background.read(container, process))

    def _pass_on(self, pod: str, lines: Iterable[str]) -> None:
        for line in lines:
            self.lines.put(parse_line(pod, line))


def find_running_container(pod: Manifest) -> str | None:
    """What distinguishes one life of a node's container from the next; None while it does not run."""
    statuses = (pod.get("status") or {}).get("containerStatuses") or []
    own = next((each for each in statuses if each["name"] == NODE_CONTAINER), None)
    return str(own.get("containerID")) if own and "running" in (own.get("state") or {}) else None


def stream_lines(kubectl: Kubectl, wanted: Wanted) -> Generator[Line]:
    """Each line as it comes, without an end."""
    stream = Stream(kubectl, wanted)
    with closing(stream.background):
        stream.start()
        while True:
            yield stream.lines.get()
