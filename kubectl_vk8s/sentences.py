"""What the conditions of a status say of single nodes."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

# What the hooks put before the nodes, if there are several of the control plane.
_SUM: Final = re.compile(r"^\d+ of \d+ control-plane nodes are voters, and \d+ (?:is|are) a quorum: ")


def split_by_node(messages: Sequence[str], names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """What messages such as `a is so; b is so.` say of each node."""
    said = "; ".join(_SUM.sub("", message).removesuffix(".") for message in messages)
    starts = sorted(
        (found.start(), found.end(), name)
        for name in names
        if (found := re.search(rf"(?:^|(?<=; )){re.escape(name)} ", said))
    )
    ends = [start for start, _, _ in starts[1:]] + [len(said)]
    for (_, begin, name), end in zip(starts, ends, strict=False):
        yield name, said[begin:end].rstrip("; ")
