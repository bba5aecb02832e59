"""A virtual cluster as it changes: its status, and the last line that each booting node has logged."""

import queue
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import Final

from kubectl_vk8s.background import Background
from kubectl_vk8s.kubectl import Kubectl, KubectlError, read_events
from kubectl_vk8s.names import NODE_CONTAINER
from kubectl_vk8s.vk8s import Vk8s

BOOTING: Final = "Booting"
_RETRY_SECONDS: Final = 1


@dataclass(frozen=True)
class Seen:
    """How it is now. `vk8s` is None when it is gone; `stories`: last lines by node; `seconds` since it was followed."""

    vk8s: Vk8s | None
    stories: Mapping[str, str]
    seconds: float


@dataclass(frozen=True)
class Follower:
    """Reads a watch of one Vk8s, and the logs of its booting nodes, in the background."""

    kubectl: Kubectl
    name: str
    news: "queue.SimpleQueue[tuple[str, object]]" = field(default_factory=queue.SimpleQueue)
    background: Background = field(default_factory=Background)

    def start(self) -> None:
        """Begins to watch."""
        self.background.run(self._watch)

    def listen(self, vk8s: Vk8s) -> None:
        """Follows the logs of the nodes that boot now."""
        for node in vk8s.nodes:
            if node.reason == BOOTING and not self.background.has(node.name):
                arguments = ("logs", node.name, f"--container={NODE_CONTAINER}", "--follow", "--tail=1")
                lines = self.background.read(node.name, self.kubectl.start(*arguments))
                self.background.run(self._pass_on, node.name, lines)

    def _watch(self) -> None:
        while not self.background.ended.is_set():
            lines = self.background.read("", self.kubectl.watch("vk8s", self.name))
            for kind, vk8s in read_events(lines):
                self.news.put(("", None if kind == "DELETED" else Vk8s(vk8s)))
            # An API server ends each watch some time; what happened meanwhile is in the next one.
            if not self.background.rest(_RETRY_SECONDS) and self._is_gone():
                self.news.put(("", None))

    def _is_gone(self) -> bool:
        try:
            return self.kubectl.run("get", "vk8s", self.name, "--ignore-not-found", "--output=name") == ""
        except KubectlError:
            # It could not be asked: that says nothing.
            return False

    def _pass_on(self, node: str, lines: Iterable[str]) -> None:
        for line in lines:
            self.news.put((node, read_sentence(line)))


def follow(kubectl: Kubectl, name: str, seconds: float) -> Iterator[Seen]:
    """How the Vk8s is, now and after each change; ends when it is gone, or after `seconds`."""
    start, stories, vk8s = time.monotonic(), dict[str, str](), None
    follower = Follower(kubectl, name)
    with closing(follower.background):
        follower.start()
        while (left := start + seconds - time.monotonic()) > 0:
            try:
                node, news = follower.news.get(timeout=left)
            except queue.Empty:
                return
            if node:
                stories[node] = str(news)
            else:
                vk8s = news if isinstance(news, Vk8s) else None
            if vk8s is None and not node:
                yield Seen(None, {}, time.monotonic() - start)
                return
            if vk8s is not None:
                follower.listen(vk8s)
                yield Seen(vk8s, dict(stories), time.monotonic() - start)


def read_sentence(line: str) -> str:
    """What a line of a node's log says, without the seconds before it."""
    words = line.strip()
    return words.partition("] ")[2] if words.startswith("[") and "] " in words else words
