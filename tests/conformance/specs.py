"""Which of Kubernetes' own specs run, and how: those that share the cluster, and those that must be alone in it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

# The label of specs that define what a Kubernetes is, and the one of specs that run one after the other.
CONFORMANCE, SERIAL = "Conformance", "Serial"
# The most that ran here on two busy cores without a spec that failed because it was too slow.
PROCESSES: Final = 6
# Of a dozen specs; each process takes seconds of a processor before its first one.
_QUICK_PROCESSES: Final = 4
# After this, ginkgo ends a part that hangs; a part takes half an hour on two cores that others use, too.
_MINUTES: Final = 120

# For `make test`: of each area, what breaks first when something is wrong with networks, volumes, kubelets or webhooks.
QUICK: Final = (
    "[sig-api-machinery] AdmissionWebhook [Privileged:ClusterAdmin] should mutate configmap [Conformance]",
    "[sig-api-machinery] Garbage collector should delete RS created by deployment when not orphaning [Conformance]",
    "[sig-apps] ReplicaSet should serve a basic image on each replica with a public image [Conformance]",
    "[sig-auth] ServiceAccounts should mount an API token into pods [Conformance]",
    "[sig-cli] Kubectl logs logs should be able to retrieve and filter logs [Conformance]",
    "[sig-instrumentation] Events should manage the lifecycle of an event [Conformance]",
    "[sig-network] DNS should provide DNS for the cluster [Conformance]",
    "[sig-network] Services should be able to create a functioning NodePort service [Conformance]",
    "[sig-node] InitContainer [NodeConformance] should invoke init containers on a RestartNever pod [Conformance]",
    "[sig-node] Pods should support remote command execution over websockets [NodeConformance] [Conformance]",
    "[sig-node] Secrets should be consumable from pods in env vars [NodeConformance] [Conformance]",
    "[sig-scheduling] LimitRange should list, patch and delete a LimitRange by collection [Conformance]",
    "[sig-storage] EmptyDir volumes should support (non-root,0644,tmpfs) [LinuxOnly] [NodeConformance] [Conformance]",
)


@dataclass(frozen=True)
class Choice:
    """What is asked for: expressions for the names of specs. Without a focus, all of Conformance.

    `name`: what a run of exactly these is recorded as, if anything; `driver`: a file by which e2e.test knows a kind of
    storage, and has more specs: of "External Storage".
    """

    focus: Sequence[str] = ()
    skip: Sequence[str] = ()
    name: str = ""
    driver: Path | None = None


ALL: Final = Choice(name=CONFORMANCE)

# Those that ask whether NetworkPolicies are enforced, except for those that need SCTP between pods.
POLICIES: Final = Choice(focus=(r"\[sig-network\] Netpol ",), skip=("SCTPConnectivity",), name="NetworkPolicies")

# Those of the default StorageClass: file systems that are provisioned for a claim, or for a pod, as soon as a pod has a
# node. It has no block devices, no formats, nothing to expand, copy or measure in advance, and no limit of volumes.
STORAGE: Final = Choice(
    focus=(
        r"local-storage\] \[Testpattern: (Dynamic|Generic)[^(]*\((default fs|filesystem volmode|delayed binding)\)[] ]",
    ),
    skip=(
        r"\[Feature:",
        r"\[Disruptive\]",
        "immediate-binding",
        r"\] capacity ",
        "data source",
        "volumeLimits",
        "with mount options",
        "lifecycle-performance",
        "different volume mode",
        "multiple PV pointing to the same storage",
        "support expansion of pvcs",
    ),
    name="StorageClass",
    driver=Path(__file__).with_name("local-storage.yaml"),
)


@dataclass(frozen=True)
class Part:
    """Specs that run in one go. `labels`: an expression for their labels, in ginkgo's language."""

    name: str
    labels: str
    choice: Choice
    processes: int

    def build_arguments(self) -> list[str]:
        """The arguments with which ginkgo runs exactly these specs."""
        return [
            f"--procs={self.processes}",
            f"--timeout={_MINUTES}m",
            f"--label-filter={self.labels}",
            *(f"--focus={expression}" for expression in self.choice.focus),
            *(f"--skip={expression}" for expression in self.choice.skip),
        ]


def plan_parts(choice: Choice, processes: int, names: Sequence[str]) -> list[Part]:
    """The parts of these names for a choice, in the order in which they run."""
    scope = "" if choice.focus else f"{CONFORMANCE} && "
    parts = [
        Part("parallel", f"{scope}!{SERIAL}", choice, processes),
        Part("serial", f"{scope}{SERIAL}", choice, 1),
    ]
    return [part for part in parts if part.name in names]


def plan_again(names: Sequence[str], choice: Choice) -> Part:
    """The specs of these names, of a choice, once more, one after the other, with the cluster for themselves."""
    return Part("again", "", _choose(names, choice.driver), 1)


def plan_quick() -> Part:
    """The quick ones."""
    return Part("quick", CONFORMANCE, _choose(QUICK), _QUICK_PROCESSES)


def _choose(names: Sequence[str], driver: Path | None = None) -> Choice:
    """Exactly the specs of these names, before which ginkgo puts that of the suite."""
    return Choice([f" {re.escape(name)}$" for name in names], driver=driver)
