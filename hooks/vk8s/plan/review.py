"""Checking a spec against all rules, once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from hooks.vk8s.observed.adopted import list_adoption_warnings
from hooks.vk8s.observed.children import CLAIM, SECRET
from hooks.vk8s.plan.findings import Findings
from hooks.vk8s.plan.limits import check_limits
from hooks.vk8s.plan.newer_rules import check_newer_rules
from hooks.vk8s.plan.roles import list_role_problems
from hooks.vk8s.situation import Call
from hooks.vk8s.spec.model import Spec
from hooks.vk8s.spec.naming import pki_secret_name
from hooks.vk8s.spec.validate import check_spec, parse_spec
from hooks.vk8s.spec.version_skew import list_skews

# The condition that says whether a spec is acted on.
ACCEPTED: Final = "Accepted"


@dataclass(frozen=True, kw_only=True)
class Review(Findings):
    """A spec with its problems and warnings. `spec`: None if it can't be read; `notes`: as in `Limits`."""

    spec: Spec | None = None
    notes: Mapping[str, str] = field(default_factory=dict)


def review_spec(call: Call, raw: object) -> Review:
    """The review of an unparsed spec."""
    spec, problems = parse_spec(raw)
    if spec is None:
        return Review(problems=problems)
    name, observed = call.identity.name, call.observed
    lives = _is_living(call)
    limits, newer = check_limits(call, spec, lives=lives), check_newer_rules(name, spec, observed, lives=lives)
    return Review(
        spec=spec,
        problems=[
            *check_spec(name, spec),
            *list_role_problems(spec, observed, call.note),
            *newer.problems,
            *limits.problems,
        ],
        warnings=[
            *list_skews(spec),
            *limits.warnings,
            *newer.warnings,
            *list_adoption_warnings(call.identity, observed),
        ],
        notes=limits.notes,
    )


def _is_living(call: Call) -> bool:
    """Whether a virtual cluster exists, which may be older than a setting or a rule. It may have lost its PKI."""
    is_made = call.observed.has(SECRET, pki_secret_name(call.identity.name))
    return is_made or bool(call.pods) or bool(call.observed.children.get(CLAIM))
