"""`why`: only what is not right, the worst first, and what to do about it."""

from dataclasses import dataclass

from kubectl_vk8s import options
from kubectl_vk8s.reasons import describe
from kubectl_vk8s.screen import Tone
from kubectl_vk8s.session import Session
from kubectl_vk8s.verdict import compute_exit
from kubectl_vk8s.vk8s import Condition, Vk8s


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
