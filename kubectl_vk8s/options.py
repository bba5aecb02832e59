"""How commands are declared: the options that all have, and a dataclass for those of its own."""

import sys
from collections.abc import Callable
from dataclasses import fields
from functools import wraps
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from kubectl_vk8s.complete import complete_names
from kubectl_vk8s.problems import ProblemError
from kubectl_vk8s.screen import Tone
from kubectl_vk8s.session import COMMON, Session, build_session

Options = TypeVar("Options")
_REST: Final = "kubectl_vk8s.rest"
Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]
_COMMON: Final[tuple[Decorator, ...]] = (
    click.option("-n", "--namespace", metavar="NS", help="Namespace; without it, that of the context."),
    click.option("--context", metavar="NAME", help="Context of the host cluster in the kubeconfig."),
    click.option("--kubeconfig", metavar="FILE", help="Kubeconfig of the host cluster."),
    click.option("--as", "as_", metavar="USER", help="User to impersonate."),
    click.option("--as-group", metavar="GROUP", multiple=True, help="Group to impersonate; can be repeated."),
    click.option("--request-timeout", metavar="TIME", help="Limit of one request, such as 5s."),
    click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True,
                 help="Colours; auto respects NO_COLOR."),
    click.option("-q", "--quiet", is_flag=True, help="No progress."),
    click.option("-v", "--verbose", is_flag=True, help="Print each kubectl command."),
)  # fmt: skip


def choose_program(argv0: str) -> str:
    """How the user calls this: as a plugin of kubectl, or by the name of the file."""
    name = Path(argv0).name
    return "kubectl vk8s" if name.startswith(("kubectl-", "kubectl_", "__main__")) else name


class VerbCommand(click.Command):
    """A command whose help lists its own options first."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the options in two sections."""
        sections: dict[str, list[tuple[str, str]]] = {"Options": [], "Options of all commands": []}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record:
                sections["Options of all commands" if param.name in COMMON else "Options"].append(record)
        for title, records in sections.items():
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)


class CommandRunner(VerbCommand):
    """A command that runs another, which is written after `--`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Keeps what stands after `--` as it is."""
        own, rest = (args[: args.index("--")], args[args.index("--") + 1 :]) if "--" in args else (args, [])
        ctx.meta[_REST] = tuple(rest)
        return super().parse_args(ctx, own)

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """How it is written."""
        return [*super().collect_usage_pieces(ctx), "[-- COMMAND...]"]


def command(kind: type[Options], name: str) -> Callable[[Callable[[Session, Options], int | None]], click.Command]:
    """A command: a function of the session and of its own options, which are fields of `kind`. It returns an exit code.

    The decorators of the options stand below this one.
    """

    def declare(function: Callable[[Session, Options], int | None]) -> click.Command:
        @wraps(function)
        def run(**values: Any) -> None:  # noqa: ANN401 as click calls it
            common = {name: values.pop(name) for name in COMMON}
            session = build_session(choose_program(sys.argv[0]), common)
            values["rest"] = click.get_current_context().meta.get(_REST, ())
            own = kind(**{field.name: values[field.name] for field in fields(kind)})  # type: ignore[arg-type] # a dataclass
            code = run_guarded(lambda: function(session, own), session)
            click.get_current_context().exit(code)

        for option in reversed(_COMMON):
            option(run)
        has_rest = any(field.name == "rest" for field in fields(kind))  # type: ignore[arg-type] # a dataclass
        kind_of_command: type[click.Command] = CommandRunner if has_rest else VerbCommand
        return click.command(name, cls=kind_of_command)(run)

    return declare


def run_guarded(run: Callable[[], int | None], session: Session) -> int:
    """The exit code of a command; a problem is printed as a message."""
    try:
        return run() or 0
    except ProblemError as problem:
        sys.stderr.write(session.screen.paint("error:", Tone.BAD, sys.stderr) + f" {problem}\n")
        return problem.code


def name_argument(*, required: bool = False) -> Decorator:
    """NAME, or NAMESPACE/NAME."""
    return click.argument("name", required=required, shell_complete=complete_names, help="A Vk8s, or NAMESPACE/NAME.")


def output_option(*formats: str) -> Decorator:
    """-o: how the result is printed."""
    choice = click.Choice(["table", *formats])
    return click.option("-o", "--output", type=choice, default="table", show_default=True, help="Form of the result.")


def wait_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """--wait/--no-wait and --timeout."""
    click.option("--timeout", type=Duration(), default="5m", show_default=True, help="How long to wait.")(function)
    return click.option("--wait/--no-wait", default=True, help="Whether to wait for the result.")(function)


class Duration(click.ParamType[float]):
    """Seconds, from 90, 90s, 5m or 1h."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:  # noqa: ANN401 click's
        """The seconds."""
        if isinstance(value, float):
            return value
        units = {"s": 1, "m": 60, "h": 3600}
        number, unit = (value[:-1], units[value[-1]]) if value[-1:] in units else (value, 1)
        if not number.isdecimal():
            self.fail(f"{value} is no time; write 90s, 5m or 1h", param, ctx)
        return float(int(number) * unit)
