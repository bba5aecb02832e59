"""Whether a spec can be acted on: all rules asked once, with what each of them has to say."""

from collections.abc import Sequence
from dataclasses import dataclass

from hooks.vk8s.observed.adopted import find_adoption_warnings
from hooks.vk8s.plan.findings import Findings
from hooks.vk8s.plan.limits import check_limits
from hooks.vk8s.plan.newer_rules import check_newer_rules
from hooks.vk8s.plan.removals import find_role_problems
from hooks.vk8s.situation import Call
from hooks.vk8s.spec.model import Spec
from hooks.vk8s.spec.validate import find_problems, parse_spec
from hooks.vk8s.spec.version_skew import find_skews


@dataclass(frozen=True, kw_only=True)
class Review(Findings):
    """A spec and what is to be said of it. `spec`: None where it can't be read; `images`: as in `Limits`."""

    spec: Spec | None = None
    images: Sequence[str] | None = None


def review_spec(call: Call, raw: object) -> Review:
    """The review of a spec as it came."""
    spec, problems = parse_spec(raw)
    if spec is None:
        return Review(problems=problems)
    name, observed = call.identity.name, call.observed
    limits, newer = check_limits(call, spec), check_newer_rules(name, spec, observed)
    return Review(
        spec=spec,
        problems=[
            *find_problems(name, spec),
            *find_role_problems(spec, observed),
            *newer.problems,
            *limits.problems,
        ],
        warnings=[
            *find_skews(spec),
            *limits.warnings,
            *newer.warnings,
            *find_adoption_warnings(call.identity, observed),
        ],
        images=limits.images,
    )
