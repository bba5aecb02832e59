"""The charts of docs/performance.md, from the file of results."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.results import Results
from docs.tools.scheme import follow_scheme
from testbed.layout import ROOT

PICTURES: Final = ROOT / "docs" / "pictures"
# Distinguishable for people with colour blindness (Okabe and Ito).
_COLOURS: Final = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9")
_SIZE = (8, 3.6)

# What makes the children, by the name of its figures.
OPERATORS: Final = {
    "kopf": "Kopf",
    "ours": "hooks and fake Metacontroller, without a limit of requests",
    "ours_shipped": "hooks and fake Metacontroller, as shipped",
    "original_ours": "hooks and Metacontroller, without a limit",
    "original_ours_shipped": "hooks and Metacontroller, as shipped",
}

Figures = Mapping[str, float]


@dataclass(frozen=True)
class Bars:
    """Bars side by side: a group per name on the axis, a bar per series; `unit` on the other axis."""

    title: str
    unit: str
    groups: Sequence[str]
    series: Mapping[str, Sequence[float]]
    is_logarithmic: bool = False


def write(results: Results) -> None:
    """Writes all charts."""
    for name, panels in list_charts(results["figures"]).items():
        (PICTURES / f"{name}.svg").write_text(follow_scheme(render(draw(panels))))


def render(figure: Figure) -> str:
    """An SVG, the same each time, with text that can be searched and copied."""
    svg = StringIO()
    with mpl.rc_context({"svg.hashsalt": "vk8s", "svg.fonttype": "none"}):
        figure.savefig(svg, format="svg", metadata={"Date": None, "Creator": None})
    return svg.getvalue()


def list_charts(figures: Figures) -> dict[str, list[Bars]]:
    """Charts by the name of their file, each with panels from left to right."""
    return {
        "performance-hooks": [_build_hooks(figures, "p50"), _build_hooks(figures, "p99")],
        "performance-load": [_build_times(figures), _build_memory(figures)],
        "performance-operators": [_build_operators(figures)],
    }


def _build_hooks(figures: Figures, quantile: str) -> Bars:
    names = {"sync": "these hooks", "plain": "plain hook", "floor": "floor"}
    counts = {"1 node": "1_", "10 nodes": "", "100 nodes": "100_"}
    series = {
        label: [figures[f"{name}_{count}{quantile}_ms"] for count in counts.values()] for name, label in names.items()
    }
    return Bars(f"One sync, {quantile}", "milliseconds", list(counts), series, is_logarithmic=True)


def list_counts(figures: Figures, prefix: str) -> list[int]:
    """How many Vk8s there were in the runs whose figures begin so."""
    names = (name.removeprefix(prefix).removesuffix("_s") for name in figures if name.startswith(prefix))
    return sorted(int(name) for name in names if name.isdigit())


def _build_times(figures: Figures) -> Bars:
    counts = list_counts(figures, "load_")
    names = {
        "load": "all children exist",
        "original_load": "all children exist, with the original",
    }
    series = {
        label: [figures[f"{name}_{count}_s"] for count in counts]
        for name, label in names.items()
        if list_counts(figures, f"{name}_") == counts
    }
    resyncs = {"a resync": [figures[f"load_{count}_resync_s"] for count in counts]}
    return Bars("Many Vk8s at once", "seconds", [f"{count} Vk8s" for count in counts], {**series, **resyncs})


def _build_memory(figures: Figures) -> Bars:
    counts = list_counts(figures, "load_")
    names = {"at the start": "rss_start_mb", "all children exist": "rss_end_mb", "after a resync": "resync_rss_mb"}
    series = {label: [figures[f"load_{count}_{name}"] for count in counts] for label, name in names.items()}
    return Bars("Memory of the hooks", "MB", [f"{count} Vk8s" for count in counts], series)


def _build_operators(figures: Figures) -> Bars:
    counts = list_counts(figures, "kopf_")
    series = {
        label: [figures[f"{name}_{count}_s"] for count in counts]
        for name, label in OPERATORS.items()
        if list_counts(figures, f"{name}_") == counts
    }
    return Bars("Until all children exist", "seconds", [f"{count} Vk8s" for count in counts], series)


def draw(panels: Sequence[Bars]) -> Figure:
    """The panels side by side."""
    with mpl.rc_context({"font.size": 9}):
        figure = Figure(figsize=_SIZE, layout="constrained")
        for axes, bars in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
            _draw_bars(axes, bars)
    return figure


def _draw_bars(axes: Axes, bars: Bars) -> None:
    width = 0.8 / len(bars.series)
    for number, (label, values) in enumerate(bars.series.items()):
        places = [group + (number - (len(bars.series) - 1) / 2) * width for group in range(len(bars.groups))]
        drawn = axes.bar(places, values, width, label=label, color=_COLOURS[number])
        axes.bar_label(drawn, fmt="%.3g", fontsize=7)
    axes.set_title(bars.title, loc="left")
    axes.set_ylabel(bars.unit)
    axes.set_xticks(range(len(bars.groups)), bars.groups)
    axes.spines[["top", "right"]].set_visible(False)
    if bars.is_logarithmic:
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_formatter("")
    # Room for the legend.
    axes.margins(y=0.35)
    axes.legend(frameon=False, fontsize=8, loc="upper left")
