"""The boot of a virtual cluster as a picture: what each node did, and when."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import StringIO
from typing import Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from docs.tools.scheme import follow_scheme

# What is to be seen on a host before the node itself says its first sentence.
FIRST: Final = "The hooks answer, the host makes volume and pod."
# `kubectl logs --timestamps` of a node: the host's clock, then the node's own, then a sentence.
_LINE: Final = re.compile(r"^(?P<time>\d{4}-\S+) \[ *[0-9.]+ s\] (?P<sentence>.*)$")
# Distinguishable for people with colour blindness (Okabe and Ito).
_COLOURS: Final = ("#0072b2", "#e69f00", "#009e73", "#cc79a7")
_WIDTH, _ROW, _MARGIN = 11, 0.32, 0.9
# In seconds: of a bar that is to be seen, and between a bar and its name.
_THINNEST, _GAP = 0.05, 0.1


@dataclass(frozen=True)
class Step:
    """What a node did from `start` to `end`, in seconds after `kubectl apply`."""

    node: str
    name: str
    start: float
    end: float


def read_steps(node: str, log: str, applied: float) -> list[Step]:
    """The steps of a node by its log; `applied`: when the Vk8s was, in seconds of the host's clock.

    Each sentence of the log begins a step, which lasts until the next; after the last one, there is nothing to do.
    """
    found = [match for line in log.splitlines() if (match := _LINE.match(line))]
    starts = [applied, *(datetime.fromisoformat(_cut(match["time"])).timestamp() for match in found)]
    names = [FIRST, *(match["sentence"] for match in found)]
    ends = [*starts[1:], starts[-1]]
    return [
        Step(node, name, start - applied, end - applied)
        for name, start, end in zip(names, starts, ends, strict=True)
    ]  # fmt: skip


def _cut(time: str) -> str:
    """Without the last three digits of nanoseconds, which Python's clock does not have."""
    return re.sub(r"(\.\d{6})\d*", r"\1", time)


def draw_timeline(title: str, steps: Sequence[Step], running: float) -> str:
    """An SVG with a bar for each step, a colour for each node, and a line at `running`, when the Vk8s was so."""
    colours = dict(zip(dict.fromkeys(step.node for step in steps), _COLOURS, strict=False))
    with mpl.rc_context({"svg.hashsalt": "vk8s", "svg.fonttype": "none", "font.family": "sans-serif", "font.size": 9}):
        figure = Figure(figsize=(_WIDTH, len(steps) * _ROW + _MARGIN), layout="constrained")
        axes = figure.subplots()
        for row, step in enumerate(steps):
            axes.barh(row, max(step.end - step.start, _THINNEST), left=step.start, height=0.7, color=colours[step.node])
            _write_name(axes, row, step, running)
        axes.axvline(running, color="black", linewidth=1)
        _write_frame(axes, title, colours)
        svg = StringIO()
        figure.savefig(svg, format="svg", metadata={"Date": None, "Creator": None})
    return follow_scheme(svg.getvalue())


def _write_name(axes: Axes, row: int, step: Step, last: float) -> None:
    """The step's name, on the side of the bar where there is more room."""
    if last - step.end > step.start:
        axes.text(step.end + _GAP, row, step.name, va="center", ha="left")
    else:
        axes.text(step.start - _GAP, row, step.name, va="center", ha="right")


def _write_frame(axes: Axes, title: str, colours: Mapping[str, str]) -> None:
    axes.set_title(title, loc="left")
    axes.set_xlabel("seconds after kubectl apply")
    axes.set_yticks([])
    axes.invert_yaxis()
    axes.margins(x=0)
    axes.spines[["top", "left", "right"]].set_visible(False)
    axes.legend([Patch(color=colour) for colour in colours.values()], list(colours), loc="lower left", frameon=False)
