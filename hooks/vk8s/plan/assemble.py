"""Which children a virtual cluster shall have now: every planner's part, put together.

An observed child is never dropped because an input is missing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from hooks.kubernetes.conditions import Blocker
from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.kubeflow.plan import Kubeflow, look_at_kubeflow, plan_kubeflow
from hooks.vk8s.observed.children import Observed, group_key
from hooks.vk8s.observed.keep import keep, keep_unknown
from hooks.vk8s.part import Part
from hooks.vk8s.plan.access import plan_access
from hooks.vk8s.plan.boot_files import plan_boot_files
from hooks.vk8s.plan.frozen import keep_frozen, list_frozen
from hooks.vk8s.plan.keys import Keys, plan_keys
from hooks.vk8s.plan.limits import with_images
from hooks.vk8s.plan.node_pods import plan_claims, plan_node_pods
from hooks.vk8s.plan.removals import Removals, plan_removals
from hooks.vk8s.plan.replacements import Exempt, Replacements, plan_replacements
from hooks.vk8s.plan.review import Review
from hooks.vk8s.plan.services import plan_services
from hooks.vk8s.plan.state import State, plan_state, with_note
from hooks.vk8s.situation import Situation
from hooks.vk8s.spec.naming import pki_secret_name

CHILDREN_OBSERVED: Final = "ChildrenObserved"
# Metacontroller says nothing when a name is taken. A child that has not been seen for so long is worth a sentence.
CHILD_PATIENCE: Final = timedelta(seconds=30)


@dataclass(frozen=True, kw_only=True)
class Decided:
    """The parts of the planners whose outcome the status reports."""

    keys: Keys
    replacements: Replacements
    kubeflow: Kubeflow
    removals: Removals = field(default_factory=Removals)
    state: State = field(default_factory=State)


@dataclass(frozen=True, kw_only=True)
class Plan(Decided):
    """The children to answer with, and what the status needs to know of them.

    `missing`: those that are not observed yet; `overdue`: when that is worth a sentence, None while it is not known
    since when; `frozen`: those that can't be changed as they should be, as `Kind name`; `waiting`: name of a pod to
    what it waits for; `warnings`: sentences on what is accepted all the same; `due`: when time alone changes the plan.
    """

    children: Sequence[Manifest]
    missing: Sequence[Manifest]
    overdue: datetime | None
    frozen: Sequence[str]
    waiting: Mapping[str, str]
    warnings: Sequence[str]
    due: datetime | None

    @property
    def blocker(self) -> Blocker | None:
        """Why nothing is as it should be, of the state of the nodes or of the keys."""
        return self.state.blocker or self.keys.blocker


def assemble(situation: Situation, review: Review) -> Plan:
    """The plan for a Vk8s whose spec is valid.

    Everything but the PKI, the Services and the boot files is created only once the PKI is observed: two calls on a
    stale cache must not mix two CAs.
    """
    keys = plan_keys(situation)
    keys = replace(keys, pki=keys.pki and with_images(keys.pki, review.images))
    first = [plan_boot_files(situation), plan_services(situation)]
    if not keys.children:
        return _assemble_first(situation, review, keys, first)
    removals = plan_removals(situation)
    staying = situation.without(removals.nodes)
    state = plan_state(staying, removals.left)
    decided = Decided(
        keys=replace(keys, pki=keys.pki and with_note(keys.pki, state.note)),
        replacements=plan_replacements(situation, Exempt(removals.nodes, state.held, frozenset(state.lost))),
        kubeflow=plan_kubeflow(staying),
        removals=removals,
        state=state,
    )
    parts = [
        *first,
        decided.keys.with_pki,
        plan_claims(staying),
        plan_node_pods(staying, state),
        plan_access(staying),
        decided.kubeflow,
        removals,
        decided.replacements,
        state,
    ]
    return _finish(situation, review, decided, parts)


def keep_everything(observed: Observed) -> list[Manifest]:
    """Every observed child as it is: the answer to a spec that can't be acted on."""
    return [keep_unknown(child) for _, _, child in observed.items()]


def _assemble_first(situation: Situation, review: Review, keys: Keys, first: Sequence[Part]) -> Plan:
    """The plan while there is no PKI from which keys are made: nothing goes, and no pod is created."""
    rollout = plan_replacements(situation, Exempt())
    decided = Decided(
        keys=keys,
        replacements=replace(rollout, gone=frozenset(), due=None),
        kubeflow=look_at_kubeflow(situation),
    )
    wait = f"waits for Secret {pki_secret_name(situation.identity.name)}"
    waiting = {node.name: wait for node in situation.cluster.nodes} if keys.pki else {}
    kept = [replace(part, gone=frozenset()) for part in first]
    return _finish(situation, review, decided, [*kept, keys.with_pki, Part(waiting=waiting)])


def _finish(situation: Situation, review: Review, decided: Decided, parts: Sequence[Part]) -> Plan:
    observed = situation.observed
    wanted = _unite(situation, parts)
    missing = [child for child in wanted if not observed.has(group_key(child), child["metadata"]["name"])]
    since = situation.history.since(CHILDREN_OBSERVED, status=False) if missing else None
    return Plan(
        **vars(decided),
        children=keep_frozen(wanted, observed),
        missing=missing,
        overdue=since + CHILD_PATIENCE if since else None,
        frozen=list(list_frozen(wanted, observed)),
        waiting={name: wait for part in parts for name, wait in part.waiting.items()},
        warnings=[*review.warnings, *decided.keys.warnings],
        due=min((part.due for part in parts if part.due), default=None),
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
