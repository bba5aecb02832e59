"""Which children a virtual cluster shall have now: every planner's part, put together.

An observed child is never dropped because an input is missing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import inf
from typing import Final

from hooks.kubernetes.conditions import Blocker
from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.kubeflow.plan import Kubeflow, look_at_kubeflow, plan_kubeflow
from hooks.vk8s.observed.children import group_key
from hooks.vk8s.observed.keep import keep, keep_unknown
from hooks.vk8s.part import Part
from hooks.vk8s.plan.access import plan_access
from hooks.vk8s.plan.boot_files import plan_boot_files
from hooks.vk8s.plan.frozen import keep_frozen, list_frozen
from hooks.vk8s.plan.keys import Keys, plan_keys
from hooks.vk8s.plan.node_pods import plan_claims, plan_node_pods
from hooks.vk8s.plan.removals import Removals, plan_removals
from hooks.vk8s.plan.replacements import Exempt, Replacements, plan_replacements
from hooks.vk8s.plan.review import Review
from hooks.vk8s.plan.services import plan_services
from hooks.vk8s.plan.state import State, plan_state
from hooks.vk8s.situation import Situation
from hooks.vk8s.spec.naming import pki_secret_name

CHILDREN_OBSERVED: Final = "ChildrenObserved"
# Metacontroller says nothing when a name is taken. A child that has not been seen for so long is worth a sentence.
CHILD_PATIENCE: Final = timedelta(seconds=30)
# Watch events report most changes at once, but no create that was refused.
RETRY_SECONDS: Final = 5.0


@dataclass(frozen=True, kw_only=True)
class Parts:
    """The parts of the planners, those before the keys and those after them, and those whose outcome is reported."""

    first: Sequence[Part]
    later: Sequence[Part]
    removals: Removals
    state: State
    replacements: Replacements
    kubeflow: Kubeflow


@dataclass(frozen=True, kw_only=True)
class Plan(Parts):
    """The children to answer with, and what the status needs to know of them.

    `missing`: children that are not observed yet; `overdue`: when that is worth a sentence, None while it is not known
    since when; `frozen`: those that can't be changed as they should be, as `Kind name`; `waiting`: name of a pod to
    what it waits for; `warnings`: sentences on what is accepted all the same; `due`: when time alone changes the plan.
    """

    keys: Keys
    children: Sequence[Manifest]
    missing: Sequence[Manifest]
    overdue: datetime | None
    frozen: Sequence[str]
    waiting: Mapping[str, str]
    warnings: Sequence[str]
    due: datetime | None
    now: datetime

    @property
    def blocker(self) -> Blocker | None:
        """Why nothing is as it should be, of the state of the nodes or of the keys."""
        return self.state.blocker or self.keys.blocker

    @property
    def is_overdue(self) -> bool:
        """Whether children have been missing for so long that it is worth a sentence."""
        return self.overdue is not None and self.overdue <= self.now

    @property
    def due_seconds(self) -> float:
        """Seconds until the next thing that no event reports; forever where there is none."""
        seconds = [(time - self.now).total_seconds() for time in (self.due, self.overdue) if time]
        return min([each for each in seconds if each > 0] + [RETRY_SECONDS if self.missing else inf])


def assemble(situation: Situation, review: Review) -> Plan:
    """The plan for a Vk8s whose spec is valid.

    Everything but the PKI, the Services and the boot files is created only once the PKI is observed: two calls on a
    stale cache must not mix two CAs. Until then nothing goes, and no pod is created.
    """
    keys = plan_keys(situation)
    parts = _plan_all(situation) if keys.children else _plan_first(situation, keys)
    pki = [_annotate(keys.pki, {**review.notes, **parts.state.notes})] if keys.pki else []
    every = [*parts.first, replace(keys, children=[*pki, *keys.children]), *parts.later]
    wanted, observed = _unite(situation, every), situation.observed
    missing = [child for child in wanted if not observed.has(group_key(child), child["metadata"]["name"])]
    since = situation.history.since(CHILDREN_OBSERVED, status=False) if missing else None
    return Plan(
        **vars(parts),
        keys=keys,
        children=keep_frozen(wanted, observed),
        missing=missing,
        overdue=since + CHILD_PATIENCE if since else None,
        frozen=list(list_frozen(wanted, observed)),
        waiting={name: wait for part in every for name, wait in part.waiting.items()},
        warnings=[*review.warnings, *keys.warnings],
        due=min((part.due for part in every if part.due), default=None),
        now=situation.now,
    )


def _plan_all(situation: Situation) -> Parts:
    removals = plan_removals(situation)
    staying = situation.without(removals.nodes)
    state = plan_state(staying, removals.left)
    replacements = plan_replacements(situation, Exempt(removals.nodes, state.held, frozenset(state.lost)))
    kubeflow = plan_kubeflow(staying)
    pods = [plan_claims(staying), plan_node_pods(staying, state), plan_access(staying)]
    return Parts(
        first=[plan_boot_files(situation), plan_services(situation)],
        later=[*pods, kubeflow, removals, replacements, state],
        removals=removals,
        state=state,
        replacements=replacements,
        kubeflow=kubeflow,
    )


def _plan_first(situation: Situation, keys: Keys) -> Parts:
    """What can be planned while there is no PKI from which keys are made; the rest is looked at for the status."""
    wait = f"waits for Secret {pki_secret_name(situation.identity.name)}"
    waiting = {node.name: wait for node in situation.cluster.nodes} if keys.pki else {}
    return Parts(
        first=[replace(part, gone=frozenset()) for part in (plan_boot_files(situation), plan_services(situation))],
        later=[Part(waiting=waiting)],
        removals=Removals(),
        state=State(),
        replacements=plan_replacements(situation, Exempt()),
        kubeflow=look_at_kubeflow(situation),
    )


def _unite(situation: Situation, parts: Iterable[Part]) -> list[Manifest]:
    """The children of all parts, and every other observed child as it is, but for what is gone by one of the parts."""
    gone = frozenset().union(*(part.gone for part in parts))
    made = {(group_key(child), child["metadata"]["name"]): child for part in parts for child in part.children}
    labels = {child: labels for part in parts for child, labels in part.kept.items()}
    rest = [
        keep(child, situation.identity, labels[kind, name]) if (kind, name) in labels else keep_unknown(child)
        for kind, name, child in situation.observed.items()
        if (kind, name) not in made and (kind, name) not in gone
    ]
    return [*(child for key, child in made.items() if key not in gone), *rest]


def _annotate(child: Manifest, annotations: Mapping[str, str]) -> Manifest:
    """The child with these annotations beside its own; as it is where there are none."""
    if not annotations:
        return child
    metadata = child["metadata"]
    return {**child, "metadata": {**metadata, "annotations": {**metadata.get("annotations", {}), **annotations}}}
