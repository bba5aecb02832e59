"""A virtual cluster as a page of HTML, for a ticket or a report: one file that loads nothing and runs nothing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from importlib.resources import files

from kubectl_vk8s import VERSION
from kubectl_vk8s.facts import HEADER, build_node_cells, list_facts
from kubectl_vk8s.logs import Line
from kubectl_vk8s.objects import Objects
from kubectl_vk8s.reasons import describe
from kubectl_vk8s.screen import Cell, Tone
from kubectl_vk8s.timeline import Step, list_boots
from kubectl_vk8s.verdict import choose_tone
from kubectl_vk8s.vk8s import Condition, Vk8s, format_age

# Whatever a message or a log contains, a browser shows it as text, and loads nothing.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


@dataclass(frozen=True)
class Found:
    """What was read of a virtual cluster at one time. `files`: of the report that the page belongs to, if any."""

    vk8s: Vk8s
    objects: Objects
    lines: Sequence[Line]
    now: datetime
    files: Sequence[str] = ()


def build_page(found: Found) -> str:
    """The whole page."""
    title = f"{found.vk8s.namespace}/{found.vk8s.name}"
    style = files("kubectl_vk8s").joinpath("page.css").read_text("utf-8")
    body = [
        *_list_head(title, found), *_list_problems(found.vk8s), *_list_nodes(found), *_list_boots(found.lines),
        *_list_lines(found.lines), *_list_files(found.files),
        f'<footer class="faint">{found.now:%Y-%m-%d %H:%M:%S} UTC, by kubectl vk8s {VERSION}</footer>',
    ]  # fmt: skip
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(title)}: {escape(found.vk8s.phase)}</title>",
            f"<style>\n{style}</style></head><body>",
            *body,
            "</body></html>\n",
        ]
    )


def _list_head(title: str, found: Found) -> Iterator[str]:
    vk8s = found.vk8s
    facts = [f"{vk8s.ready_nodes} nodes Ready", vk8s.version, f"{format_age(vk8s.compute_age(found.now))} old"]
    phase = _paint(vk8s.phase, choose_tone(vk8s))
    yield f"<header><h1>{escape(title)} {phase}</h1>"
    yield f'<p class="faint">{escape(" · ".join(filter(None, facts)))}</p>'
    yield f"<p>{escape(vk8s.message)}</p></header>"


def _list_problems(vk8s: Vk8s) -> Iterator[str]:
    problems = [each for each in vk8s.list_problems() if each.reason != "Paused"]
    if problems:
        yield "<h2>What is not right</h2><dl>"
        for problem in problems:
            yield from _list_problem(problem, vk8s)
        yield "</dl>"


def _list_problem(problem: Condition, vk8s: Vk8s) -> Iterator[str]:
    entry = describe(problem, vk8s)
    tone = Tone.MOVING if problem.is_passing or problem.is_true else Tone.BAD
    yield f"<dt>{escape(problem.type)}: {_paint(problem.reason, tone)}</dt><dd>{escape(problem.message)}</dd>"
    for title in ("cause", "fix"):
        if title in entry:
            yield f"<dd>{title.capitalize()}: {escape(entry[title])}</dd>"


def _list_nodes(found: Found) -> Iterator[str]:
    yield "<h2>Nodes</h2>"
    yield _build_table(HEADER, [build_node_cells(node, found.vk8s, found.objects) for node in found.vk8s.nodes])
    facts = list(list_facts(found.vk8s, found.objects))
    if facts:
        yield "<ul>" + "".join(f"<li>{escape(fact)}</li>" for fact in facts) + "</ul>"


def _list_boots(lines: Sequence[Line]) -> Iterator[str]:
    boots = list_boots(lines)
    if boots:
        longest = max(steps[-1].end for steps in boots.values()) or 1
        yield '<h2>Boots</h2><p class="faint">In seconds since each node started, by its own clock.</p>'
        yield '<div class="boot">'
        for node, steps in boots.items():
            bars = "".join(_build_bar(step, longest) for step in steps)
            yield f'<b>{escape(node)}</b><div class="track">{bars}</div><span>{steps[-1].end:.1f} s</span>'
        yield "</div>"
        rows = [[node, f"{step.start:.1f}", step.sentence] for node, steps in boots.items() for step in steps]
        yield f"<details><summary>All steps</summary>{_build_table(['NODE', 'SECOND', 'STEP'], rows)}</details>"


def _build_bar(step: Step, longest: float) -> str:
    left, width = 100 * step.start / longest, 100 * (step.end - step.start) / longest
    title = escape(f"{step.start:.1f} s: {step.sentence}")
    return f'<i style="left:{left:.2f}%;width:{width:.2f}%" title="{title}"></i>'


def _list_lines(lines: Sequence[Line]) -> Iterator[str]:
    if lines:
        text = "\n".join(f"{line.time}  {line.node}  {line.text}" for line in lines)
        yield f"<h2>Logs of the nodes</h2><details><summary>{len(lines)} lines</summary>"
        yield f"<pre>{escape(text)}</pre></details>"


def _list_files(names: Sequence[str]) -> Iterator[str]:
    if names:
        links = (f'<li><a href="{escape(name)}">{escape(name)}</a></li>' for name in names)
        yield "<h2>Files of this report</h2><ul>" + "".join(links) + "</ul>"


def _build_table(header: Sequence[str], rows: Sequence[Sequence[str | Cell]]) -> str:
    """A table. A column that is empty in every row is left out."""
    shown = [index for index in range(len(header)) if not rows or any(map(_build_cell, (row[index] for row in rows)))]
    head = "".join(f"<th>{escape(header[index])}</th>" for index in shown)
    lines = ("".join(f"<td>{_build_cell(row[index])}</td>" for index in shown) for row in rows)
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _build_cell(cell: str | Cell) -> str:
    return _paint(cell.text, cell.tone) if isinstance(cell, Cell) else escape(cell)


def _paint(text: str, tone: Tone) -> str:
    return f'<span class="{tone.value}">{escape(text)}</span>'
