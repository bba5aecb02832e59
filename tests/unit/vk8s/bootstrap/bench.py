"""A node in a directory, in which the bootstrap files run as they are.

- The directory is the root: in a copy of the scripts, absolute paths lead into it. No privileges are needed.
- Programs that would change a machine or talk to one are fakes, which record their arguments and do what a test
  says. `curl` answers what a test has set for a method and a path; otherwise the connection is refused.
- Time is virtual: `sleep` takes none, but advances the clocks of the shell, and runs what a test has planned for
  then.
"""

import os
import re
import shlex
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from hooks.server.main import BOOTSTRAP_DIRECTORY, load_scripts
from hooks.vk8s.node_config.boot_files import build_documents
from hooks.vk8s.node_config.kubeadm import ClusterFacts
from hooks.vk8s.scripts import join_scripts

BOOT = BOOTSTRAP_DIRECTORY
FACTS = ClusterFacts("demo", "demo-api", ("demo-api",), "198.18.0.0/16", "198.19.0.0/16")
BOOT_FILES = join_scripts(load_scripts(), build_documents(FACTS)).files
Timeline = Mapping[float, str]

# What a worker's pod and its node image give to every script.
ENVIRONMENT = {
    "POD_IP": "10.0.0.7", "NODE_NAME": "demo-worker", "ROLE": "worker", "CLUSTER_NAME": "demo", "ENDPOINT": "demo-api",
    "VK8S_UID": "1f6b1f0c-0000-4000-8000-000000000000", "GENERATION": "1", "HAS_WORKERS": "true", "TAINTS": "[]",
    "CNI": "flannel", "NETWORK_POLICIES": "false", "POD_CIDR": "198.18.0.0/16", "CERTIFICATE_SECONDS": "31536000",
    "CPU_LIMIT_MILLIS": "2000",
    "MEMORY_LIMIT_BYTES": "2147483648", "ETCD_SERVICE": "", "API_SERVERS": "", "MEMBERS_OF": "", "ADOPTS": "",
    "ADMITS_TOKEN": "false", "RESTORE": "", "RESTORE_NODES": "", "HUGE_PAGES": "", "EPHEMERAL": "",
    "KUBERNETES_VERSION": "v1.34.4", "COREDNS_TAG": "v1.12.1", "ETCD_TAG": "3.6.5-0",
    "LOCAL_STORAGE_IMAGE": "local-storage:1",
}  # fmt: skip
# Absolute paths of a node: at the start of a word, so that neither parts of URLs nor what follows a variable counts.
ABSOLUTE = re.compile(
    r"(?<![\w$}*/.\])])(?<![\w}]\")/"
    r"(?=(?:run|tmp|var|etc|vk8s|root|opt|sys|sbin|usr/local|usr/lib/cni|proc/(?:sys|meminfo|driver|self)|dev(?!/null))\b)"
)
RECORDED = (
    "etcd-member", "ip", "journalctl", "kubeadm", "kubectl", "ldconfig", "modprobe", "mount", "mountpoint", "nft",
    "pkill", "sleep", "sync", "systemctl", "umount", "unshare",
)  # fmt: skip
FOLDERS = (
    "bench/answers", "bench/planned", "bin", "dev", "etc/kubernetes/pki", "proc/sys/net/ipv4",
    "proc/sys/net/netfilter", "root", "run/vk8s",
    "sbin", "tmp", "var/lib/etcd", "var/lib/kubelet/pki", "var/lib/vk8s/cni/net.d", "var/lib/vk8s/log", "vk8s/booted",
    "vk8s/boot", "vk8s/join", "vk8s/pki/etcd",
)  # fmt: skip
# After so many seconds of its clock, a script that waits or watches is ended, unless a test gives it more or less.
LIMIT = 60.0
ENDED_BY_BENCH = 99
# Read by bash before the script (BASH_ENV): its clocks are ordinary variables once they have been unset.
CLOCK = """
unset BASH_ENV SECONDS EPOCHREALTIME EPOCHSECONDS
set_clock() {{ # microseconds
  CLOCK=$1 SECONDS=$(($1 / 1000000)) EPOCHSECONDS=$((1000000000 + $1 / 1000000))
  EPOCHREALTIME=$EPOCHSECONDS.$(printf %06d $((CLOCK % 1000000)))
  local planned commands
  for planned in {root}/bench/planned/*; do
    [[ -e $planned && 10#${{planned##*/}} -le $CLOCK ]] || break
    # A part of the script that runs in the background has a clock of its own, which may come here first.
    mv "$planned" "{root}/bench/taken-$BASHPID" 2>/dev/null || continue
    commands=$(<"{root}/bench/taken-$BASHPID")
    eval "$commands"
  done
}}
sleep() {{ # seconds
  local part=
  [[ $1 != *.* ]] || part=${{1#*.}}
  part=${{part}}000000
  set_clock $((CLOCK + ${{1%.*}} * 1000000 + 10#${{part:0:6}}))
  ((CLOCK < {limit})) || exit {ended}
}}
is_kubelet_healthy() {{ # seconds
  [[ $(curl -s --max-time "$1" http://127.0.0.1:10248/healthz) = ok ]]
}}
set_clock 0
"""
STAND_IN = """#!/bin/bash
cd {root}
arguments=${{*//$'\\n'/ }}
printf '%s\\n' "{name}${{arguments:+ $arguments}}" >>bench/calls
{commands}
"""
# Prints the answer and, where asked to, the status, as curl does; ends as curl would where there is no answer. What the
# server at another address answers (--resolve) is below <host>:<port>:<address>/.
CURL = r"""
method='' url='' format='' output='' data='' via=''
while (($#)); do
  case $1 in
    --request) method=$2 && shift ;;
    --data) data=$2 && shift ;;
    --write-out) format=$2 && shift ;;
    --output) output=$2 && shift ;;
    --resolve) via=$2/ && shift ;;
    --cacert | --cert | --connect-timeout | --key | --header | --max-time | --unix-socket) shift ;;
    -*) ;;
    *) url=$1 ;;
  esac
  shift
done
path=${url#*://*/} && path=${path%%\?*}
method=${method:-${data:+POST}} path=$via$path
file=bench/answers/${method:-GET}:${path//\//:} ended=7 status=000 body=''
# A request next to a program that makes what the answer needs waits for that, in real time.
until [[ ! -e bench/starting ]]; do /bin/sleep 0.01; done
[[ ! -e $file ]] || { read -r ended status && read -rd '' body; } <"$file"
[[ -n $output ]] || printf %s "$body"
[[ -z $format ]] || printf '\n%s' "$status"
exit "$ended"
"""


def answer(path: str, body: str = "", *, status: int = 200, method: str = "GET") -> str:
    """Commands by which curl answers that from then on."""
    return _write(method, path, f"0 {status}\n{body}\n")


def refuse(path: str, curl_ends_with: int = 7, *, method: str = "GET") -> str:
    """Commands by which curl gets no answer from then on."""
    return _write(method, path, f"{curl_ends_with} 000\n")


def _write(method: str, path: str, content: str) -> str:
    """In one step, as curl may be reading."""
    file = f"$BENCH/answers/{method}:{path.strip('/').replace('/', ':')}"
    return f"{{ printf %s {shlex.quote(content)} >{file}.partial && mv {file}.partial {file}; }}"


@dataclass(frozen=True)
class Ended:
    """A script that has ended: its code and output, and the programs that it called, with their arguments."""

    code: int
    output: str
    calls: list[str]

    @property
    def said(self) -> list[str]:
        """The sentences, without their times."""
        return [re.sub(r"^\[ *\d+\.\d s\] ", "", line) for line in self.output.splitlines()]

    def calls_of(self, *programs: str) -> list[str]:
        return [call for call in self.calls if call.split()[0] in programs]


@dataclass(frozen=True)
class Node:
    """Its root directory, and the environment of its pod."""

    root: Path
    environment: Mapping[str, str] = field(default_factory=lambda: ENVIRONMENT)

    def given(self, **environment: str) -> "Node":
        """The same node, whose pod has these variables besides."""
        return replace(self, environment={**self.environment, **environment})

    def run(self, script: str, timeline: Timeline | None = None, limit: float = LIMIT) -> Ended:
        """Runs a script until it ends or `limit` is reached.

        `timeline`: commands to run when the clock reaches that many seconds; those at 0 before the script.
        """
        for seconds, commands in (timeline or {}).items():
            self.write(f"bench/planned/{_microseconds(seconds):012}", commands)
        return self._run([str(self.root / "vk8s" / "boot" / script)], limit)

    def source(self, files: str, commands: str) -> Ended:
        """Runs commands in a shell that has sourced these files."""
        sourced = "".join(f'. "$boot/{name}"\n' for name in files.split())
        return self._run(["-euo", "pipefail", "-c", f"boot={self.root}/vk8s/boot\n{sourced}{commands}"], LIMIT)

    def _run(self, arguments: list[str], limit: float) -> Ended:
        clock = CLOCK.format(root=self.root, limit=_microseconds(limit), ended=ENDED_BY_BENCH)
        variables = {
            "PATH": f"{self.root}/bin:{os.environ['PATH']}",
            "BENCH": f"{self.root}/bench",
            "BASH_ENV": str(self.write("bench/clock.sh", clock)),
        }
        calls = self.write("bench/calls")
        ended = subprocess.run(
            ["bash", *arguments], env={**variables, **self.environment}, cwd=self.root,
            capture_output=True, text=True, timeout=60, check=False, start_new_session=True,
        )  # fmt: skip
        assert not ended.stderr, ended.stderr
        return Ended(ended.returncode, ended.stdout, calls.read_text().splitlines())

    def program(self, name: str, commands: str = "") -> None:
        """Makes a fake, which runs these commands with the directory as its working directory."""
        self.write(f"bin/{name}", STAND_IN.format(root=self.root, name=name, commands=commands)).chmod(0o755)

    def write(self, path: str, content: str | bytes = "") -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file

    def read(self, path: str) -> str:
        return (self.root / path).read_text()

    def has(self, path: str) -> bool:
        return (self.root / path).exists()


def _microseconds(seconds: float) -> int:
    return round(seconds * 1_000_000)


def build_node(root: Path) -> Node:
    """A node whose pod has just started, with all bootstrap files and nothing on its state volume."""
    node = Node(root)
    for folder in FOLDERS:
        (root / folder).mkdir(parents=True)
    for name, text in BOOT_FILES.items():
        node.write(f"vk8s/boot/{name}", ABSOLUTE.sub(f"{root}/", text) if name.endswith(".sh") else text)
    for name in RECORDED:
        node.program(name)
    node.program("curl", CURL)
    node.write("run/vk8s/started", "1000000000000000\n")
    node.write("proc/meminfo", "MemTotal: 16777216 kB\n")
    node.write("etc/resolv.conf", "search team-a.svc.cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n")
    node.write("etc/hosts", "127.0.0.1 localhost\n")
    node.write("etc/machine-id", "8d8a1e1c00000000000000000000000a\n")
    node.write(
        "etc/vk8s/versions", "".join(f"{name}={ENVIRONMENT[name]}\n" for name in ("KUBERNETES_VERSION", "COREDNS_TAG"))
    )
    return node
