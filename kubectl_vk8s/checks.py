"""Whether this host cluster can run virtual clusters, and this user can use them: one check each."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from kubectl_vk8s import VERSION
from kubectl_vk8s.kubectl import KubectlError
from kubectl_vk8s.screen import Tone
from kubectl_vk8s.session import Session
from kubectl_vk8s.system import HOOKS, METACONTROLLER, NOT_KNOWN, read_program, read_server_version
from kubectl_vk8s.versions import parse_version

OLDEST: Final = (1, 31)
_ENFORCE: Final = "pod-security.kubernetes.io/enforce"
_DEFAULT_CLASS: Final = "storageclass.kubernetes.io/is-default-class"
_RIGHTS: Final = {
    ("create", "vk8s.vk8s.sktelecom.com"): "to create virtual clusters, bind ClusterRole vk8s-edit or vk8s-admin",
    ("get", "secrets"): "to connect, bind ClusterRole vk8s-admin",
    ("create", "pods/portforward"): "to connect from outside the host cluster, bind ClusterRole vk8s-admin",
}


@dataclass(frozen=True)
class Finding:
    """What a check has found. `message`: what to do where it is not good."""

    title: str
    tone: Tone
    message: str = ""


def check_all(session: Session) -> Iterator[Finding]:
    """Each check, in the order in which their problems are solved."""
    for check in _CHECKS:
        try:
            yield from check(session)
        except KubectlError as error:
            title = (check.__doc__ or "").rstrip(".")
            if error.reason == "Forbidden":
                yield Finding(title, Tone.NONE, NOT_KNOWN)
            else:
                yield Finding(title, Tone.BAD, str(error))


def check_version(session: Session) -> Iterator[Finding]:
    """Version of the host cluster."""
    found = read_server_version(session.kubectl)
    parsed = parse_version(found.partition("+")[0])
    title = f"The host cluster runs Kubernetes {found}"
    if parsed and parsed[:2] < OLDEST:
        yield Finding(title, Tone.BAD, f"v{OLDEST[0]}.{OLDEST[1]} or newer is needed.")
    else:
        yield Finding(title, Tone.GOOD)


def check_resource(session: Session) -> Iterator[Finding]:
    """Resource Vk8s."""
    session.kubectl.run("get", "vk8s", "--output=name")
    yield Finding("The resource Vk8s is installed", Tone.GOOD)


def check_programs(session: Session) -> Iterator[Finding]:
    """Hooks and Metacontroller."""
    for name, words in ((HOOKS, "The hooks"), (METACONTROLLER, "Metacontroller")):
        program = read_program(session.kubectl, name)
        if program.problem == NOT_KNOWN:
            yield Finding(words, Tone.NONE, NOT_KNOWN)
        elif program.problem and not program.image and name == METACONTROLLER:
            yield Finding(words, Tone.MOVING, f"{program.problem}; if the cluster has another one, that is fine.")
        elif program.problem:
            advice = f"kubectl describe -n vk8s-system deployment/{name}" if program.image else "./install.sh"
            yield Finding(words, Tone.BAD, f"{program.problem}: {advice}")
        else:
            yield Finding(f"{words} answer{'s' if name == METACONTROLLER else ''}: {program.image}", Tone.GOOD)
        if name == HOOKS and program.version not in ("", VERSION):
            yield Finding("Versions", Tone.MOVING, f"the hooks are {program.version}, and this program is {VERSION}.")


def check_storage(session: Session) -> Iterator[Finding]:
    """Default StorageClass."""
    classes = session.kubectl.get_all("storageclasses")
    default = [each for each in classes if _read_annotations(each).get(_DEFAULT_CLASS) == "true"]
    if default:
        yield Finding(f"The default StorageClass is {default[0]['metadata']['name']}", Tone.GOOD)
        return
    names = ", ".join(each["metadata"]["name"] for each in classes) or "none at all"
    yield Finding("There is no default StorageClass", Tone.MOVING, f"write --storage-class ({names}), or --ephemeral.")


def check_namespace(session: Session) -> Iterator[Finding]:
    """Namespace."""
    name = session.namespace or _read_current_namespace(session)
    labels: Mapping[str, str] = session.kubectl.get("namespace", name)["metadata"].get("labels") or {}
    level = labels.get(_ENFORCE, "privileged")
    if level == "privileged":
        yield Finding(f"Namespace {name} refuses no privileged pods by its labels", Tone.GOOD)
    else:
        command = f"kubectl label namespace {name} --overwrite {_ENFORCE}=privileged"
        yield Finding(
            f"Namespace {name} refuses privileged pods ({level})", Tone.BAD, f"an administrator can: {command}"
        )


def check_rules(session: Session) -> Iterator[Finding]:
    """Quotas and LimitRanges."""
    for found in session.kubectl.get_all("resourcequotas,limitranges"):
        what = f"{found['kind']} {found['metadata']['name']} applies"
        yield Finding(what, Tone.MOVING, "write --cpu and --memory; docs/how-to/quotas.md says what is counted.")


def check_rights(session: Session) -> Iterator[Finding]:
    """Rights."""
    for (verb, resource), advice in _RIGHTS.items():
        try:
            session.kubectl.run("auth", "can-i", verb, resource)
        except KubectlError:
            yield Finding(f"You may not {verb} {resource.partition('.')[0]}", Tone.BAD, advice)
        else:
            yield Finding(f"You may {verb} {resource.partition('.')[0]}", Tone.GOOD)


def _read_current_namespace(session: Session) -> str:
    return session.kubectl.run("config", "view", "--minify", "--output=jsonpath={..namespace}").strip() or "default"


def _read_annotations(found: Mapping[str, Mapping[str, Mapping[str, str]]]) -> Mapping[str, str]:
    return found["metadata"].get("annotations") or {}


_CHECKS: Final[tuple[Callable[[Session], Iterator[Finding]], ...]] = (
    check_version, check_resource, check_programs, check_storage, check_namespace, check_rules, check_rights,
)  # fmt: skip
