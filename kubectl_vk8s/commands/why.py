"""`why`: only what is not right, the worst first, and what to do about it."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

from kubectl_vk8s import Manifest, options
from kubectl_vk8s.screen import Tone
from kubectl_vk8s.session import Session
from kubectl_vk8s.verdict import compute_exit
from kubectl_vk8s.vk8s import Condition, Vk8s

PAGE = "docs/troubleshooting.md"
_NODE = re.compile(r"<node>|<pod>")


@dataclass(frozen=True)
class Options:
    """What `why` is asked for."""

    name: str | None
    output: str


@options.command(Options, name="why")
@options.name_argument()
@options.output_option("json")
def command(session: Session, asked: Options) -> int | None:
    """Explain what is not right, and what to do.

    Ends with 0 if all is well, with 4 if it passes by itself, with 5 if it needs you.
    """
    vk8s = session.get(asked.name)
    problems = [each for each in vk8s.list_problems() if each.reason != "Paused"]
    if asked.output == "json":
        session.screen.print_json([describe(each, vk8s) for each in problems])
    elif not problems:
        say_nothing_is_wrong(session, vk8s)
    else:
        for index, each in enumerate(problems):
            session.screen.print("" if index else f"{vk8s.namespace}/{vk8s.name}: {vk8s.phase}")
            show(session, each, vk8s)
    return compute_exit(vk8s) if problems else None


def say_nothing_is_wrong(session: Session, vk8s: Vk8s) -> None:
    """Says so, and what is meant where it does not run all the same."""
    if vk8s.is_paused:
        session.screen.print(f"{vk8s.name} is paused. {session.suggest('resume {name}', vk8s)} starts it again.")
    elif vk8s.status:
        session.screen.print(f"Nothing is wrong with {vk8s.name}: {vk8s.message}")
    else:
        session.screen.print(
            f"{vk8s.name} has no status: nobody has looked at it yet. If that lasts, Metacontroller or the hooks do "
            f"not run: {session.program} doctor"
        )


def show(session: Session, problem: Condition, vk8s: Vk8s) -> None:
    """Prints one problem, with cause, fix and link."""
    screen, entry = session.screen, describe(problem, vk8s)
    tone = Tone.MOVING if problem.is_passing or problem.is_true else Tone.BAD
    screen.print(f"{problem.type}: {screen.paint(problem.reason, tone)}")
    screen.print(screen.wrap(problem.message, "  "))
    for title in ("cause", "fix"):
        if title in entry:
            screen.print(screen.wrap(f"{title.capitalize()}: {entry[title]}", "  "))
    if "link" in entry:
        screen.print(f"  More: {entry['link']}")


def describe(problem: Condition, vk8s: Vk8s) -> Manifest:
    """One problem for programs."""
    known = load_reasons().get(problem.reason, {})
    link = {"link": f"{PAGE}#{problem.reason.lower()}"} if known else {}
    return {
        "condition": problem.type,
        "reason": problem.reason,
        "message": problem.message,
        "passesByItself": problem.is_passing,
        **{title: fill_in(text, problem, vk8s) for title, text in known.items()},
        **link,
    }


def load_reasons() -> Mapping[str, Mapping[str, str]]:
    """Cause and fix by reason, from the page on troubleshooting."""
    reasons: dict[str, dict[str, str]] = json.loads(files("kubectl_vk8s").joinpath("reasons.json").read_text("utf-8"))
    return reasons


def fill_in(text: str, problem: Condition, vk8s: Vk8s) -> str:
    """The text with names instead of `<name>` and `<node>`, where it is clear which node is meant."""
    affected = [node.name for node in vk8s.nodes if not node.is_ready and node.reason == problem.reason]
    named = text.replace("<name>", vk8s.name).replace("<namespace>", vk8s.namespace)
    return _NODE.sub(affected[0], named) if affected else named
