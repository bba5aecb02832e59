"""Which children a virtual cluster shall have now: every planner's part, put together.

An observed child is never dropped because an input is missing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from math import inf
from typing import Final

from hooks.kubernetes.conditions import Blocker
from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.kubeflow.plan import Kubeflow, keep_kubeflow, plan_kubeflow
from hooks.vk8s.observed.children import SECRET, Child, get_key
from hooks.vk8s.observed.keep import keep, keep_unknown
from hooks.vk8s.observed.kinds import Data, list_named
from hooks.vk8s.part import Part
from hooks.vk8s.plan.access import plan_access
from hooks.vk8s.plan.boot_files import plan_boot_files
from hooks.vk8s.plan.frozen import keep_frozen
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
class Plan:
    """The children to answer with, the parts whose outcome the status reports, and what it needs to know besides.

    `frozen`: children that can't be changed as they should be, as `Kind name`; `waiting`: name of a pod to what it
    waits for; `warnings`: sentences on what is accepted all the same; `due`: when time alone changes the plan.
    """

    keys: Keys
    removals: Removals
    state: State
    replacements: Replacements
    kubeflow: Kubeflow
    children: Sequence[Manifest]
    frozen: Sequence[str]
    waiting: Mapping[str, str]
    warnings: Sequence[str]
    due: datetime | None
    situation: Situation

    @property
    def blocker(self) -> Blocker | None:
        """Why nothing is as it should be, of the state of the nodes or of the keys."""
        return self.state.blocker or self.keys.blocker

    @cached_property
    def missing(self) -> Sequence[Manifest]:
        """The children that are not observed yet."""
        return [child for child in self.children if get_key(child) not in self.situation.observed.by_key]

    @cached_property
    def overdue(self) -> datetime | None:
        """When it is worth a sentence that children are missing; None while it is not known since when."""
        since = self.situation.history.since(CHILDREN_OBSERVED, status=False) if self.missing else None
        return since + CHILD_PATIENCE if since else None

    @property
    def is_overdue(self) -> bool:
        """Whether children have been missing for so long that it is worth a sentence."""
        return self.overdue is not None and self.overdue <= self.situation.now

    @property
    def due_seconds(self) -> float:
        """Seconds until the next thing that no event reports; forever where there is none."""
        times = [time for time in (self.due, self.overdue) if time and time > self.situation.now]
        seconds = [(time - self.situation.now).total_seconds() for time in times]
        return min([*seconds, RETRY_SECONDS if self.missing else inf])


def assemble(situation: Situation, review: Review) -> Plan:
    """The plan for a Vk8s whose spec is valid.

    Everything but the PKI, the Services and the boot files is created only once the PKI is observed: two calls on a
    stale cache must not mix two CAs. Until then nothing goes, and no pod is created.
    """
    keys, first = plan_keys(situation), [plan_boot_files(situation), plan_services(situation)]
    removals = plan_removals(situation) if keys.is_usable else Removals()
    staying = situation.without(removals.nodes)
    state = plan_state(staying, removals.left) if keys.is_usable else State()
    exempt = Exempt(removals.nodes, state.held, frozenset(state.lost))
    replacements, found = plan_replacements(situation, exempt), keep_kubeflow(situation)
    kubeflow = plan_kubeflow(staying, found) if keys.is_usable else found
    if keys.is_usable:
        pods = [plan_claims(staying), plan_node_pods(staying, state), plan_access(staying)]
        parts = [*first, keys, *pods, kubeflow, removals, replacements, state]
    else:
        wait = f"waits for Secret {pki_secret_name(situation.identity.name)}"
        waiting = Part(waiting={node.name: wait for node in situation.cluster.nodes} if keys.children else {})
        parts = [*(replace(part, gone=frozenset()) for part in first), keys, waiting]
    notes = {**review.notes, **state.notes} if keys.is_usable or keys.children else {}
    prunable = list_named(situation.identity.name, Data.SPEC) if keys.is_usable else frozenset()
    answer = keep_frozen(_unite(situation, parts, notes, prunable), situation.observed)
    return Plan(
        keys=keys,
        removals=removals,
        state=state,
        replacements=replacements,
        kubeflow=kubeflow,
        children=answer.children,
        frozen=answer.frozen,
        waiting={name: wait for part in parts for name, wait in part.waiting.items()},
        warnings=[*review.warnings, *keys.warnings],
        due=min((part.due for part in parts if part.due), default=None),
        situation=situation,
    )


def _unite(
    situation: Situation, parts: Iterable[Part], notes: Mapping[str, str], prunable: frozenset[Child]
) -> list[Manifest]:
    """The children of all parts, and every other observed child as it is, but for what is gone by one of the parts.

    A kind that the CompositeController does not list yet is not returned. `notes`: annotations for the `pki` Secret;
    `prunable`: what goes when no part returns it, as spec and settings alone decide on it.
    """
    pki = (SECRET, pki_secret_name(situation.identity.name))
    wanted = {get_key(child): child for part in parts for child in part.children}
    labels = {key: labels for part in parts for key, labels in part.kept.items()}
    gone = prunable.difference(wanted, labels).union(*(part.gone for part in parts))
    made = {key: _annotate(child, notes) if key == pki else child for key, child in wanted.items() if key not in gone}
    kept = {
        key: keep(child, situation.identity, labels[key], notes if key == pki else {})
        if key in labels
        else keep_unknown(child)
        for key, child in situation.observed.by_key.items()
        if key not in wanted and key not in gone
    }
    present = (child for key, child in made.items() if situation.observed.knows(key[0]))
    return [*present, *kept.values()]


def _annotate(child: Manifest, annotations: Mapping[str, str]) -> Manifest:
    return {**child, "metadata": {**child["metadata"], "annotations": annotations}} if annotations else child
