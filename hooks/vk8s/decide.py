"""From a hook request to its answer. The same request and context give the same bytes; nothing else is read."""

from dataclasses import fields, replace

from hooks.kubernetes.conditions import parse_history
from hooks.kubernetes.manifest import Manifest
from hooks.settings import Settings
from hooks.vk8s.kubeflow import plan as kubeflow
from hooks.vk8s.node_config.boot_files import build_boot_files
from hooks.vk8s.observed.adopted import describe_release, select_adopted, select_own
from hooks.vk8s.observed.backup_report import parse_past
from hooks.vk8s.observed.children import POD, Observed, get_key, parse_observed
from hooks.vk8s.observed.keep import keep_all
from hooks.vk8s.observed.kinds import REQUIRED_KINDS
from hooks.vk8s.observed.restore_report import parse_restored, read_restored
from hooks.vk8s.observed.retained import describe_retained, retains, select_retained
from hooks.vk8s.observed.roles import read_roles
from hooks.vk8s.plan import addresses, backups
from hooks.vk8s.plan.assemble import assemble
from hooks.vk8s.plan.cold_backups import pause_for_copies, read_cold_note
from hooks.vk8s.plan.disruptions import plan_rejected
from hooks.vk8s.plan.join import has_token_pods
from hooks.vk8s.plan.review import review_spec
from hooks.vk8s.plan.state import read_note, read_older_claims
from hooks.vk8s.situation import Call, Context, Situation
from hooks.vk8s.spec import namespace_rules
from hooks.vk8s.spec.cluster import build_cluster, parse_identity
from hooks.vk8s.spec.model import Spec
from hooks.vk8s.spec.namespace_rules import NamespaceRules
from hooks.vk8s.status.endpoints import build_endpoint_fields
from hooks.vk8s.status.status import build_rejected_status, build_status, build_terminating_status
from hooks.wire import CustomizeRequest, CustomizeResponse, FinalizeResponse, HookRequest, SyncResponse

# Watch events report most changes at once. Resyncs are for those that no event reports.
RESYNC_WHILE_DELETING = 5.0
RESYNC_MAX, RESYNC_MIN = 3600.0, 1.0
NOT_SELECTED = (
    "Nobody has deleted this object, but its labels no longer match spec.parentResource.labelSelector of its "
    "CompositeController: write labels that match."
)
# With foreground deletion, the garbage collector deletes the children instead of Metacontroller.
FOREGROUND_FINALIZER = "foregroundDeletion"


class RequestError(ValueError):
    """The request is not a hook call of our CompositeController. The message reveals nothing of its content."""


def decide_sync(request: HookRequest, context: Context) -> SyncResponse:
    """All children that are to exist now, and the status. RequestError if the request is incomplete."""
    call = _read_call(request, context)
    review, endpoints = review_spec(call, request.parent.spec), build_endpoint_fields(call)
    if review.spec is None or review.problems:
        children, seconds = _keep(call)
        return SyncResponse(
            status=build_rejected_status(call, review.problems) | endpoints,
            children=children,
            resync_after_seconds=seconds,
        )
    situation = _read_situation(call, request, review.spec)
    plan = assemble(situation, review)
    return SyncResponse(
        status=build_status(situation, plan) | endpoints,
        children=plan.children,
        resync_after_seconds=max(RESYNC_MIN, min(RESYNC_MAX, plan.due_seconds)),
    )


def decide_finalize(request: HookRequest, context: Context) -> FinalizeResponse:
    """The children that remain while the Vk8s is being deleted: pods go first, then the rest. Needs no valid spec."""
    call = _read_call(request, context)
    observed = call.observed
    if request.parent.metadata.deletion_timestamp is None:
        return _keep_unselected(call)
    adopted = select_adopted(call.identity, observed)
    own = select_own(observed, adopted)
    others = Observed({kind: group for kind, group in own.children.items() if kind != POD})
    retained = select_retained(call.identity, own) if retains(request.parent.spec) else Observed({})
    going = select_own(own, retained)
    is_empty = not any(observed.children.values())
    releases = {
        "Adopted": describe_release(adopted),
        # A release before would be one of what goes, too.
        "Retained": describe_retained(call.identity, retained) if not going.by_key else "",
    }
    return FinalizeResponse(
        status=build_terminating_status(replace(call, observed=going), releases),
        # Secrets and volumes stay until the pods that use them have stopped. Adopted and retained objects stay.
        children=[*keep_all(others if own.pods() else retained), *keep_all(adopted)],
        resync_after_seconds=RESYNC_WHILE_DELETING,
        finalized=is_empty or FOREGROUND_FINALIZER in request.parent.metadata.finalizers,
    )


def decide_customize(request: CustomizeRequest, settings: Settings) -> CustomizeResponse:
    """The related objects that a sync needs. Metacontroller caches the answer: it depends on spec and uid alone."""
    parts = (addresses, backups, kubeflow, namespace_rules)
    rules = [rule for part in parts for rule in part.build_rules(request.parent, settings)]
    return CustomizeResponse(related_resources=rules)


def _keep_unselected(call: Call) -> FinalizeResponse:
    """The answer to a finalize call for a Vk8s that is not being deleted: the selector no longer matches its labels."""
    children, seconds = _keep(call)
    return FinalizeResponse(
        status=build_rejected_status(call, [NOT_SELECTED], reason="NotSelected") | build_endpoint_fields(call),
        children=children,
        resync_after_seconds=seconds,
        finalized=False,
    )


def _keep(call: Call) -> tuple[list[Manifest], float]:
    """Every child, where nothing is decided, except for a disruption budget after a while; and when to ask again."""
    part = plan_rejected(call)
    children = [child for child in keep_all(call.observed) if get_key(child) not in part.gone]
    dues = [due - call.now for due in (part.due, call.silence_due) if due]
    return children, min([RESYNC_MAX, *(due.total_seconds() for due in dues)])


def _read_call(request: HookRequest, context: Context) -> Call:
    """The call. RequestError if a kind is missing: that would look as if all its objects were gone."""
    missing = [kind for kind in REQUIRED_KINDS if kind not in request.children]
    if missing:
        raise RequestError(
            f"The request has no children of kind {', '.join(missing)}. List them in childResources of the "
            "CompositeController: without them the hooks can't tell what exists."
        )
    metadata, observed = request.parent.metadata, parse_observed(request.children)
    return Call(
        history=parse_history(request.parent.status),
        generation=metadata.generation,
        now=context.now,
        identity=parse_identity(metadata),
        observed=observed,
        related=request.related,
        context=context,
        note=read_note(metadata.name, observed),
        cold=read_cold_note(metadata.name, observed),
        past_backups=parse_past(request.parent.status),
        past_restored=parse_restored(request.parent.status),
    )


def _read_situation(call: Call, request: HookRequest, spec: Spec) -> Situation:
    """The call with a valid spec: with the virtual cluster, and its own bootstrap files."""
    if not (call.note.claims or call.note.members or call.note.joining):
        call = replace(call, note=replace(call.note, claims=read_older_claims(call.identity.name, call.observed, spec)))
    network = addresses.read_network(call.identity, spec, call.related, call.settings)
    cluster = build_cluster(request.parent.metadata, spec, call.settings, network)
    names = [node.name for node in spec.nodes]
    noted = call.note.members | call.note.joining
    removed = {**dict.fromkeys(sorted(noted.difference(names)), "master"), **read_roles(call.observed, names)}
    masters = [name for name, role in removed.items() if role == "master"]
    cluster = replace(
        cluster,
        state=call.note,
        rules=NamespaceRules.parse(call.related),
        is_replicated=cluster.is_replicated or any(_may_be_member(call, name) for name in masters),
        admits_token=has_token_pods(cluster.name, call.observed),
    )
    # What another cluster of this name began with does not count.
    cluster = replace(cluster, restored=read_restored(call.pods.values()) if cluster.founder else call.restored)
    context = replace(call.context, scripts=build_boot_files(cluster, call.context.scripts))
    facts = {each.name: getattr(call, each.name) for each in fields(call)}
    return pause_for_copies(Situation(**{**facts, "context": context}, cluster=cluster, removed=removed))


def _may_be_member(call: Call, node: str) -> bool:
    """Whether a control-plane node that is not in the spec may be a member of etcd, which a claim alone is not."""
    return node in call.note.members or node in call.note.claims or node in call.pods
