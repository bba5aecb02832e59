"""`doctor`: whether this host cluster can run virtual clusters, and you can use them."""

from dataclasses import asdict, dataclass
from typing import Final

from kubectl_vk8s import options
from kubectl_vk8s.checks import check_all
from kubectl_vk8s.problems import Exit
from kubectl_vk8s.screen import Tone
from kubectl_vk8s.session import Session

_MARKS: Final = {Tone.GOOD: "ok", Tone.MOVING: "note", Tone.BAD: "problem", Tone.NONE: "?"}


@dataclass(frozen=True)
class Options:
    """What `doctor` is asked for."""

    output: str


@options.command(Options, name="doctor")
@options.output_option("json")
def command(session: Session, asked: Options) -> int | None:
    """Check whether this host cluster can run virtual clusters, and what you may do.

    It only reads, with your rights. It ends with 5 if there is a problem.
    """
    findings = list(check_all(session))
    if asked.output == "json":
        session.screen.print_json([{**asdict(each), "tone": _MARKS[each.tone]} for each in findings])
    else:
        for each in findings:
            mark = session.screen.paint(f"{_MARKS[each.tone]:8}", each.tone)
            text = f"{each.title}: {each.message}" if each.message else f"{each.title}."
            session.screen.print(f"{mark} {session.screen.wrap(text, '         ').lstrip()}")
    return Exit.NEEDS_YOU if any(each.tone == Tone.BAD for each in findings) else Exit.DONE
