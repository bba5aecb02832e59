"""`python -m docs.tools.host_check` writes examples/host-check.yaml, and the table of its checks in docs/hosts.md."""

import re
from collections.abc import Iterator
from typing import Final

from hooks.kubernetes.manifest import Manifest
from hooks.offline.render import write_yaml
from kubectl_vk8s.probing import build_pod
from testbed.layout import ROOT

FILE: Final = ROOT / "examples" / "host-check.yaml"
PAGE: Final = ROOT / "docs" / "hosts.md"
SCRIPT: Final = ROOT / "hooks" / "vk8s" / "bootstrap" / "host.sh"
NAME: Final = "vk8s-host-check"
IMAGE: Final = "registry.example.com/vk8s/kink:v1.34.4"
_DONE: Final = "/tmp/done"  # noqa: S108 in the pod
_STRING: Final = r'"((?:[^"\\]|\\.)*)"'
_OUTCOMES: Final = {"problem": "no node boots", "note": "the node says so in its log"}
_TABLE: Final = re.compile(r"(<!-- table: host checks -->\n).*?(<!-- end -->)", re.DOTALL)
_HEAD: Final = f"""\
# Tries on each host what the nodes of virtual clusters need of it, before anything is installed (docs/hosts.md). Write
# where your registry has the node image; the pods are privileged, as nodes are.
#
#   kubectl apply -f host-check.yaml
#   kubectl rollout status daemonset/{NAME} --timeout=5m
#   kubectl logs --selector=app.kubernetes.io/name={NAME} --prefix --tail=-1
#   kubectl delete -f host-check.yaml
#
# Written by `python -m docs.tools.host_check` from the script with which nodes check their hosts.
"""


def write() -> str:
    """The file: a DaemonSet whose pods print what they have found, and stay until they are deleted."""
    return _HEAD + write_yaml([build_daemon_set()])


def build_daemon_set() -> Manifest:
    """A pod as `kubectl vk8s doctor --probe` creates it, on each host, whatever taints it has."""
    selector = "app.kubernetes.io/name"
    pod = build_pod("", IMAGE, 1)["spec"]
    (container,) = pod["containers"]
    *start, script = container["command"]
    container |= {
        "command": [*start, f"{script}touch {_DONE}\nexec sleep infinity\n"],
        "readinessProbe": {"exec": {"command": ["test", "-e", _DONE]}, "periodSeconds": 1},
    }
    left_out = {"nodeName", "restartPolicy", "activeDeadlineSeconds"}
    spec = {key: value for key, value in pod.items() if key not in left_out}
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": NAME},
        "spec": {
            "selector": {"matchLabels": {selector: NAME}},
            "template": {
                "metadata": {"labels": {selector: NAME}},
                "spec": {**spec, "tolerations": [{"operator": "Exists"}]},
            },
        },
    }


def fill(page: str) -> str:
    """The page with all that host.sh may report in its table."""
    rows = [f"| {sentence} | {_OUTCOMES[mark]} | {advice} |" for mark, sentence, advice in list_reports()]
    lines = ["| What is found | Then | What to do |", "|---|---|---|", *rows]
    return _TABLE.sub(lambda table: table[1] + "\n".join(lines) + "\n" + table[2], page)


def list_reports() -> Iterator[tuple[str, str, str]]:
    """What host.sh may find wrong: `problem` or `note`, the sentence, and what to do."""
    for function in re.split(r"^(?=\w+\(\) \{)", SCRIPT.read_text(), flags=re.MULTILINE):
        shared = re.search(rf"advice={_STRING}", function)
        for mark, sentence, advice in re.findall(rf"report (problem|note) {_STRING}\s*(?:\\\n\s*)?{_STRING}", function):
            yield mark, _read(sentence), _read(shared[1] if shared and advice == "$advice" else advice)


def _read(text: str) -> str:
    """A string of the script as its reader sees it, with dots for what differs between hosts."""
    return re.sub(r"\$\(\([^)]*\)\)|\$\([^)]*\)|\$\{[^}]*\}|\$\w+", "…", text).replace("\\`", "`")


if __name__ == "__main__":
    FILE.write_text(write())
    PAGE.write_text(fill(PAGE.read_text()))
