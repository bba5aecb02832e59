"""What all commands share: the flags for kubectl, the namespace, how to print, and which virtual cluster is meant."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from kubectl_vk8s.kubectl import Kubectl
from kubectl_vk8s.problems import Exit, ProblemError
from kubectl_vk8s.screen import Screen
from kubectl_vk8s.vk8s import Vk8s

# Flags that kubectl is given just as they are.
PASSED_ON: Final = ("kubeconfig", "context", "as_", "as_group", "request_timeout")
COMMON: Final = (*PASSED_ON, "namespace", "color", "quiet", "verbose")


@dataclass(frozen=True)
class Session:
    """One run of the command. `program`: how a user calls it; `given`: flags for kubectl, as they were typed."""

    kubectl: Kubectl
    screen: Screen
    program: str
    given: Mapping[str, str]

    @property
    def namespace(self) -> str | None:
        """The namespace that was asked for; None for that of the context."""
        return self.given.get("namespace")

    def get(self, name: str | None) -> Vk8s:
        """The Vk8s that is meant: NAME, NAMESPACE/NAME, or without one the only one. ProblemError if none is."""
        if name is None:
            return self._get_only()
        namespace, _, own = name.rpartition("/")
        kubectl = self.kubectl.within(namespace) if namespace else self.kubectl
        return Vk8s(kubectl.get("vk8s", own))

    def list_all(self, *flags: str) -> list[Vk8s]:
        """All of the namespace, or of all namespaces with --all-namespaces."""
        return [Vk8s(item) for item in self.kubectl.get_all("vk8s", *flags)]

    def within(self, vk8s: Vk8s) -> Kubectl:
        """Kubectl in the namespace of a Vk8s."""
        return self.kubectl.within(vk8s.namespace)

    def suggest(self, command: str, vk8s: Vk8s) -> str:
        """A command line about a Vk8s for the user to type; with {name} for its name."""
        words = [self.program, command.format(name=vk8s.name)]
        flags = {
            **self.given,
            **({"namespace": vk8s.namespace} if self.namespace or vk8s.namespace != "default" else {}),
        }
        before, dashes, after = " ".join(words).partition(" -- ")
        typed = "".join(f" {_spell(flag)} {value}" for flag, value in flags.items() if flag in _SUGGESTED)
        return f"{before}{typed}{dashes}{after}"

    def _get_only(self) -> Vk8s:
        found = self.list_all()
        if len(found) == 1:
            return found[0]
        where = f"namespace {self.namespace}" if self.namespace else "this namespace"
        if not found:
            raise ProblemError(
                f"There is no virtual cluster in {where}. {self.program} list -A lists those of all namespaces.",
                Exit.NOT_FOUND,
            )
        names = ", ".join(each.name for each in found)
        raise ProblemError(f"There are {len(found)} virtual clusters in {where}; write which one: {names}.", Exit.USAGE)


_SUGGESTED: Final = ("namespace", "context", "kubeconfig")


def build_session(program: str, values: Mapping[str, Any]) -> Session:
    """A session from the values of the common options."""
    given = {name: values[name] for name in (*PASSED_ON, "namespace") if values[name]}
    flags = tuple(f"{_spell(name)}={value}" for name, value in given.items() if isinstance(value, str))
    groups = tuple(f"--as-group={group}" for group in values["as_group"])
    kubectl = Kubectl((*flags, *groups), is_verbose=values["verbose"])
    return Session(kubectl, Screen(values["color"], values["quiet"]), program, given)


def _spell(name: str) -> str:
    return "--" + name.rstrip("_").replace("_", "-")


Command = Callable[..., int | None]
