"""From a hook request to its answer. The same request and context give the same bytes; nothing else is read."""

from dataclasses import replace
from datetime import datetime

from hooks.kubernetes.conditions import parse_history
from hooks.settings import Settings
from hooks.vk8s.kubeflow import plan as kubeflow
from hooks.vk8s.observed.adopted import describe_release, find_adopted, find_adoption_warnings, find_own
from hooks.vk8s.observed.children import POD, REQUIRED_KINDS, Observed, parse_observed
from hooks.vk8s.observed.keep import keep_unknown
from hooks.vk8s.plan import addresses as ip_manager
from hooks.vk8s.plan.assemble import Plan, keep_everything, plan_children
from hooks.vk8s.plan.frozen import keep_frozen
from hooks.vk8s.plan.limits import find_limit_problems, find_limit_warnings
from hooks.vk8s.plan.newer_rules import find_newer_problems, find_newer_warnings
from hooks.vk8s.plan.removals import find_role_problems
from hooks.vk8s.plan.state import read_note
from hooks.vk8s.situation import Context, Situation
from hooks.vk8s.spec import namespace_rules
from hooks.vk8s.spec.cluster import Identity, build_cluster, parse_identity
from hooks.vk8s.spec.model import Spec
from hooks.vk8s.spec.namespace_rules import NamespaceRules
from hooks.vk8s.spec.validate import find_problems, parse_spec
from hooks.vk8s.spec.version_skew import find_skews
from hooks.vk8s.status.progress import CHILD_PATIENCE, find_children_condition, find_missing
from hooks.vk8s.status.status import build_rejected_status, build_status, build_terminating_status
from hooks.wire import CustomizeRequest, CustomizeResponse, FinalizeResponse, HookRequest, SyncResponse

# Watch events bring most changes at once. These are for what no event tells: a create that was refused, a renewal.
RESYNC_WHILE_MISSING = 5.0
RESYNC_MAX, RESYNC_MIN = 3600.0, 1.0
NOT_SELECTED = (
    "Nobody has deleted this object, but its labels no longer match spec.parentResource.labelSelector of its "
    "CompositeController: write labels that match."
)
# With foreground deletion the garbage collector removes the children and Metacontroller no longer does.
FOREGROUND_FINALIZER = "foregroundDeletion"


class RequestError(ValueError):
    """The request can't be a hook call of our CompositeController; the message is a fixed sentence without content."""


def decide_sync(request: HookRequest, context: Context) -> SyncResponse:
    """All children that shall exist now, and the status. RequestError where the request itself is in doubt."""
    observed = _read_observed(request)
    situation = _describe(request, observed, context)
    identity = parse_identity(request.parent.metadata)
    spec, problems = _check_spec(identity, request.parent.spec, observed, context.settings)
    if spec is None or problems:
        return SyncResponse(
            status=build_rejected_status(identity, problems, situation),
            children=keep_everything(observed),
            resync_after_seconds=RESYNC_MAX,
        )
    network = ip_manager.read_network(identity, spec, request.related, context.settings)
    cluster = replace(
        build_cluster(request.parent.metadata, spec, context.settings, network),
        state=read_note(identity.name, observed),
        rules=NamespaceRules.parse(request.related),
    )
    plan = keep_frozen(plan_children(cluster, observed, context), observed)
    warnings = [
        *find_skews(spec),
        *find_limit_warnings(identity.name, spec, observed, context.settings),
        *find_newer_warnings(identity.name, spec, observed),
        *find_adoption_warnings(identity, observed),
        *plan.warnings,
    ]
    return SyncResponse(
        status=build_status(cluster, plan, situation, warnings),
        children=plan.children,
        resync_after_seconds=_find_resync(plan, situation),
    )


def decide_finalize(request: HookRequest, context: Context) -> FinalizeResponse:
    """What is left to exist while the Vk8s goes: pods leave first, then the rest. Needs no valid spec."""
    observed = _read_observed(request)
    situation = _describe(request, observed, context)
    if request.parent.metadata.deletion_timestamp is None:
        return _keep_unselected(request, observed, situation)
    adopted = find_adopted(parse_identity(request.parent.metadata), observed)
    own = find_own(observed, adopted)
    others = [keep_unknown(child) for kind, _, child in own.items() if kind != POD]
    is_empty = not any(observed.children.values())
    return FinalizeResponse(
        status=build_terminating_status(replace(situation, observed=own), describe_release(adopted)),
        # Secrets and volumes stay until the pods that use them have stopped; what is not ours stays.
        children=[*(others if own.pods() else []), *keep_everything(adopted)],
        resync_after_seconds=RESYNC_WHILE_MISSING,
        finalized=is_empty or FOREGROUND_FINALIZER in request.parent.metadata.finalizers,
    )


def decide_customize(request: CustomizeRequest, settings: Settings) -> CustomizeResponse:
    """Which other objects the sync needs. The answer is kept for long: it depends on spec and uid alone."""
    parts = (ip_manager, kubeflow, namespace_rules)
    rules = [rule for part in parts for rule in part.build_rules(request.parent, settings)]
    return CustomizeResponse(related_resources=rules)


def _keep_unselected(request: HookRequest, observed: Observed, situation: Situation) -> FinalizeResponse:
    """The answer to a finalize call for a Vk8s that nobody has deleted: its labels select it no more, and it stays."""
    identity = parse_identity(request.parent.metadata)
    return FinalizeResponse(
        status=build_rejected_status(identity, [NOT_SELECTED], situation, reason="NotSelected"),
        children=keep_everything(observed),
        resync_after_seconds=RESYNC_MAX,
        finalized=False,
    )


def _read_observed(request: HookRequest) -> Observed:
    """The observed children; a request that lacks a kind would look as if all of that kind were gone."""
    missing = [kind for kind in REQUIRED_KINDS if kind not in request.children]
    if missing:
        raise RequestError(
            f"The request has no children of kind {', '.join(missing)}. List them in childResources of the "
            "CompositeController: without them the hooks can't tell what exists."
        )
    return parse_observed(request.children)


def _describe(request: HookRequest, observed: Observed, context: Context) -> Situation:
    history, generation = parse_history(request.parent.status), request.parent.metadata.generation
    return Situation(history, generation, context.now, observed, context.settings.cluster_domain, request.related)


def _check_spec(
    identity: Identity, raw: object, observed: Observed, settings: Settings
) -> tuple[Spec | None, list[str]]:
    """The spec, and its problems."""
    spec, problems = parse_spec(raw)
    if spec is None:
        return None, problems
    return spec, [
        *find_problems(identity.name, spec),
        *find_role_problems(spec, observed),
        *find_newer_problems(identity.name, spec, observed),
        *find_limit_problems(identity.name, spec, observed, settings),
    ]


def _find_resync(plan: Plan, situation: Situation) -> float:
    """Seconds until the next thing that no event tells of."""
    timers = [RESYNC_MAX, *([_seconds(situation.now, plan.due)] if plan.due else [])]
    if find_missing(plan, situation.observed):
        since = situation.history.since(find_children_condition(plan, situation))
        rest = _seconds(situation.now, since + CHILD_PATIENCE) if since else RESYNC_WHILE_MISSING
        timers = [*timers, RESYNC_WHILE_MISSING, *([rest] if rest > 0 else [])]
    return max(RESYNC_MIN, min(timers))


def _seconds(start: datetime, end: datetime) -> float:
    return (end - start).total_seconds()
