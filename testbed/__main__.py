"""`make up`, `down`, `build`, `env`, `status`, `logs`: a host cluster on this machine, examples/local.yaml in it."""

import argparse
import os
import sys
from pathlib import Path

import yaml

from testbed import builds, controller, host_cluster, preflight, programs
from testbed.bring_up import bring_up, build_all
from testbed.follow_boot import BootError, follow_boot
from testbed.host_cluster import HostCluster
from testbed.kubectl import Manifest
from testbed.layout import ROOT, TESTBEDS, UP, VARIABLE, Testbed

EXAMPLE = ROOT / "examples" / "local.yaml"
PROGRAMS = (
    "etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "containerd", "kubelet", "kube-proxy",
    "coredns", "local-storage", controller.HOOKS, controller.METACONTROLLER,
)  # fmt: skip

_USAGE = """
The virtual cluster {name} is Running. The host cluster that carries it:

    {environment}
    kubectl get vk8s,pods

Inside the virtual cluster, from the host cluster's network:

    kubectl get secret {name}-kubeconfig -o jsonpath='{{.data.value}}' | base64 -d > {name}.kubeconfig
    ip netns exec {testbed.network} kubectl --kubeconfig {name}.kubeconfig get nodes

By ssh, as its owner, who gave no key and so is let in by the one that was made:

    kubectl get secret {name}-ssh -o jsonpath='{{.data.id_ecdsa}}' | base64 -d > {name}.key && chmod 600 {name}.key
    ssh -i {name}.key -p {ssh_port} -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \\
      root@{testbed.address} kubectl get nodes

`make status` and `make logs` show how it is; `make down` removes it, and keeps what was built.
"""


def main(arguments: list[str]) -> int:
    """Runs the command line; the exit code."""
    options = _parse_arguments(arguments)
    code: int = options.run(TESTBEDS[options.testbed], options)
    return code


def up(testbed: Testbed, _options: argparse.Namespace) -> int:
    """Builds what is missing, starts what does not run, applies the example and waits until it is Running."""
    problems = preflight.list_problems()
    if problems:
        _say("A testbed needs what is missing on this machine:", *problems)
        return 1
    host = bring_up(testbed, _say)
    example: Manifest = yaml.safe_load(EXAMPLE.read_text())
    try:
        _run_example(host, example)
    except BootError as error:
        _say(str(error))
        return 1
    name, ssh_port = example["metadata"]["name"], example["spec"]["accessPodPort"]
    environment = _describe_environment(testbed, host.binaries)
    print(_USAGE.format(name=name, ssh_port=ssh_port, environment=environment, testbed=testbed))
    return 0


def build(_testbed: Testbed, _options: argparse.Namespace) -> int:
    """Builds what a testbed needs, so that the next one starts at once."""
    build_all(_say)
    return 0


def down(testbed: Testbed, _options: argparse.Namespace) -> int:
    """Ends everything in the testbed and takes it away."""
    host_cluster.remove(testbed)
    _say("The testbed is gone. What was built is kept for the next one.")
    return 0


def env(testbed: Testbed, _options: argparse.Namespace) -> int:
    """Prints variables that point a shell's kubectl at the host cluster: eval "$(make -s env)"."""
    print(_describe_environment(testbed, builds.build_binaries()))
    return 0


def status(testbed: Testbed, _options: argparse.Namespace) -> int:
    """Prints which programs run, and what the host cluster holds."""
    for name in PROGRAMS:
        print(f"{name:24} {'runs' if programs.is_running(testbed, name) else '-'}")
    if not programs.is_running(testbed, "kube-apiserver"):
        return 0
    kubectl = HostCluster(testbed, builds.build_binaries()).kubectl
    print(kubectl.run("get", "vk8s,pods,pvc,svc", "--output=wide"))
    return 0


def logs(testbed: Testbed, options: argparse.Namespace) -> int:
    """Prints the last lines of one program's log, or of all."""
    unknown = options.program not in (None, *PROGRAMS)
    if unknown:
        _say(f"There is no program {options.program}; there are {', '.join(PROGRAMS)}.")
        return 2
    for name in [options.program] if options.program else PROGRAMS:
        print(programs.read_log(testbed, name))
    return 0


def _run_example(host: HostCluster, example: Manifest) -> None:
    """Applies the example, and says each phase that it goes through until it is Running."""
    _say(f"kubectl apply -f {EXAMPLE.relative_to(ROOT)}")
    host.kubectl.apply(example)
    follow_boot(host.kubectl, example["metadata"]["name"], _say)


def _describe_environment(testbed: Testbed, binaries: Path) -> str:
    return f"export PATH={binaries}:$PATH KUBECONFIG={testbed.kubeconfig}"


def _say(*lines: str) -> None:
    print("\n  ".join(lines), flush=True)


def _parse_arguments(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m testbed", description=__doc__)
    default = os.environ.get(VARIABLE, UP.name)
    parser.add_argument("--testbed", choices=TESTBEDS, default=default, help="which one (default: %(default)s)")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for run in (up, down, build, env, status, logs):
        command = commands.add_parser(run.__name__, help=run.__doc__)
        command.set_defaults(run=run)
        if run is logs:
            command.add_argument("program", nargs="?", help="default: all")
    options = parser.parse_args(arguments)
    # A default is not checked.
    if options.testbed not in TESTBEDS:
        parser.error(f"{VARIABLE} is {options.testbed!r}; there are {', '.join(TESTBEDS)}")
    return options


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
