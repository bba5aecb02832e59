"""Which children a virtual cluster is to have now: the parts of all planners, put together.

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
from hooks.vk8s.plan.backups import Backups, plan_backups
from hooks.vk8s.plan.boot_files import plan_boot_files
from hooks.vk8s.plan.cold_backups import ColdBackups, plan_cold_backups
from hooks.vk8s.plan.disruptions import plan_disruptions
from hooks.vk8s.plan.frozen import keep_frozen
from hooks.vk8s.plan.keys import Keys, plan_keys
from hooks.vk8s.plan.members import list_members, list_needed_members
from hooks.vk8s.plan.node_pods import plan_claims, plan_node_pods
from hooks.vk8s.plan.removals import Removals, plan_removals
from hooks.vk8s.plan.replacements import Exempt, Replacements, plan_replacements
from hooks.vk8s.plan.review import Review
from hooks.vk8s.plan.services import plan_services
from hooks.vk8s.plan.state import State, plan_state
from hooks.vk8s.plan.stranded import plan_stranded
from hooks.vk8s.situation import Situation
from hooks.vk8s.spec.naming import pki_secret_name

CHILDREN_OBSERVED: Final = "ChildrenObserved"
# Metacontroller does not report that a name is taken. A child that is missing for longer than this is reported.
CHILD_PATIENCE: Final = timedelta(seconds=30)
# Watch events report most changes at once, but no create that was rejected.
RETRY_SECONDS: Final = 5.0


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The children to return, the parts that the status reports on, and what else it needs.

    `frozen`: children that should be changed and can't be, as `Kind name`; `waiting`: by the name of a pod, what it
    waits for; `warnings`: messages on what is accepted nevertheless; `due`: when time alone changes the plan.
    """

    keys: Keys
    removals: Removals
    state: State
    replacements: Replacements
    kubeflow: Kubeflow
    backups: Backups
    cold_backups: ColdBackups
    children: Sequence[Manifest]
    frozen: Sequence[str]
    waiting: Mapping[str, str]
    warnings: Sequence[str]
    due: datetime | None
    situation: Situation

    @property
    def blocker(self) -> Blocker | None:
        """The problem with the state of the nodes or with the keys, if any."""
        return self.state.blocker or self.keys.blocker

    @cached_property
    def missing(self) -> Sequence[Manifest]:
        """The children that are not observed yet."""
        return [child for child in self.children if get_key(child) not in self.situation.observed.by_key]

    @cached_property
    def overdue(self) -> datetime | None:
        """When missing children are to be reported; None if none is, or if it is unknown since when."""
        since = self.situation.history.since(CHILDREN_OBSERVED, status=False) if self.missing else None
        return since + CHILD_PATIENCE if since else None

    @property
    def is_overdue(self) -> bool:
        """Whether children have been missing for so long that the status reports why."""
        return self.overdue is not None and self.overdue <= self.situation.now

    @property
    def due_seconds(self) -> float:
        """Seconds until the next change that no event reports; infinite if there is none."""
        times = [time for time in (self.due, self.overdue) if time and time > self.situation.now]
        seconds = [(time - self.situation.now).total_seconds() for time in times]
        return min([*seconds, RETRY_SECONDS if self.missing else inf])


def assemble(situation: Situation, review: Review) -> Plan:
    """The plan for a Vk8s whose spec is valid.

    Everything except for the PKI, the Services and the bootstrap files is created only once the PKI is observed: two
    calls on a stale cache must not mix two CAs. Until then nothing is deleted, and no pod is created.
    """
    keys, first = plan_keys(situation), [plan_boot_files(situation), plan_services(situation)]
    removals = plan_removals(situation) if keys.is_usable else Removals()
    staying = situation.without(removals.nodes)
    state = plan_state(staying, removals.left) if keys.is_usable else State()
    exempt = Exempt(removals.nodes, state.held, frozenset(state.lost))
    replacements, found = plan_replacements(situation, exempt), keep_kubeflow(situation)
    kubeflow = plan_kubeflow(staying, found) if keys.is_usable else found
    backups = plan_backups(staying) if keys.is_usable else Backups()
    cold = plan_cold_backups(staying, state.held) if keys.is_usable else ColdBackups()
    if keys.is_usable:
        members = list_needed_members(situation, removals.nodes, removals.left)
        pods = [plan_claims(staying), plan_node_pods(staying, state, members), plan_access(staying)]
        voters = list_members(situation, removals.left)
        hosts = [plan_disruptions(staying, voters), plan_stranded(staying, state.held)]
        parts = [*first, keys, *pods, *hosts, kubeflow, backups, cold, removals, replacements, state]
    else:
        wait = f"waits for Secret {pki_secret_name(situation.identity.name)}"
        waiting = Part(waiting={node.name: wait for node in situation.cluster.nodes} if keys.children else {})
        parts = [*(replace(part, gone=frozenset()) for part in first), keys, waiting]
    notes = {**review.notes, **state.notes, **cold.notes} if keys.is_usable or keys.children else {}
    prunable = list_named(situation.identity.name, Data.SPEC) if keys.is_usable else frozenset()
    answer = keep_frozen(_unite(situation, parts, notes, prunable), situation.observed)
    return Plan(
        keys=keys,
        removals=removals,
        state=state,
        replacements=replacements,
        kubeflow=kubeflow,
        backups=backups,
        cold_backups=cold,
        children=answer.children,
        frozen=answer.frozen,
        waiting={name: wait for part in parts for name, wait in part.waiting.items()},
        warnings=[*review.warnings, *keys.warnings],
        due=min(filter(None, [situation.silence_due, *(part.due for part in parts)]), default=None),
        situation=situation,
    )


def _unite(
    situation: Situation, parts: Iterable[Part], notes: Mapping[str, str], prunable: frozenset[Child]
) -> list[Manifest]:
    """The children of all parts, and every other observed child unchanged, except for those that a part lets go.

    A kind that the CompositeController does not list yet is not returned. `notes`: annotations for the `pki` Secret;
    `prunable`: children that are pruned if no part returns them, as they depend on spec and settings alone.
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
