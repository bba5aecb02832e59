"""The boots of nodes as steps: what each did, and for how long by its own clock."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from kubectl_vk8s.logs import Line

# The sentence with which the boot of a node ends.
READY: Final = "Ready: "
_SENTENCE: Final = re.compile(r"\[ *(\d+\.\d) s\] (.*)")


@dataclass(frozen=True)
class Step:
    """A sentence of a node, from when it was said to the next one, in seconds since the node started."""

    start: float
    end: float
    sentence: str


def list_boots(lines: Iterable[Line]) -> Mapping[str, Sequence[Step]]:
    """The steps of each node, from its first sentence to the one that says it is Ready; what came later is left out."""
    said: dict[str, list[tuple[float, str]]] = {}
    for line in lines:
        found, own = _SENTENCE.fullmatch(line.text), said.setdefault(line.node, [])
        if found and not (own and own[-1][1].startswith(READY)):
            own.append((float(found[1]), found[2]))
    return {node: _build_steps(sentences) for node, sentences in said.items() if sentences}


def _build_steps(sentences: Sequence[tuple[float, str]]) -> Sequence[Step]:
    """Nothing is known of how long the last one takes."""
    ends = [start for start, _ in sentences[1:]] + [sentences[-1][0]]
    return [Step(start, end, words) for (start, words), end in zip(sentences, ends, strict=True)]
