"""Placements of a node, good and bad: what an owner may write into the fields that its pod takes over."""

from typing import Any

from hypothesis import strategies as st

from hooks.kubernetes.manifest import Manifest

GOOD_KEYS = ("a", "A.b_c", "example.com/zone", "kubernetes.io/hostname", "n" * 63, f"{'d' * 253}/n")
BAD_KEYS = ("", "-a", "a b", "a..b/c", "a/b/c", "/a", "A.b/c", "a./b", "n" * 64, f"{'d' * 254}/n", "ä", "a\n")
GOOD_VALUES = ("", "a", "0", "A.b_c-d", "x" * 63)
BAD_VALUES = ("-1", "a b", "a.", "x" * 64, "a/b", "ä", "a\n")
GOOD_NAMES = ("a", "0", "a-1", "host-1")
BAD_NAMES = ("", "A", "a_b", "-a", "a..b", "x" * 254, "a\n")
ANNOTATION_KEYS = (
    *GOOD_KEYS,
    "container.apparmor.security.beta.kubernetes.io/node",
    "container.apparmor.security.beta.kubernetes.io/other",
    "seccomp.security.alpha.kubernetes.io/pod",
    "container.seccomp.security.alpha.kubernetes.io/node",
    "scheduler.alpha.kubernetes.io/tolerations",
    "controller.kubernetes.io/pod-deletion-cost",
    "kubernetes.io/config.mirror",
)
# Of ten values, one is bad: enough placements are good as a whole.
_GOOD_OF_TEN = 9


def mix(good: st.SearchStrategy[Any], bad: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """A good value mostly, and sometimes a bad one."""
    return st.integers(0, _GOOD_OF_TEN).flatmap(lambda place: good if place < _GOOD_OF_TEN else bad)


def choose(good: tuple[Any, ...], bad: tuple[Any, ...]) -> st.SearchStrategy[Any]:
    return mix(st.sampled_from(good), st.sampled_from(bad))


KEYS, VALUES, NAMES = choose(GOOD_KEYS, BAD_KEYS), choose(GOOD_VALUES, BAD_VALUES), choose(GOOD_NAMES, BAD_NAMES)
LABELS = st.dictionaries(KEYS, VALUES, max_size=2)
VALUE_LISTS = st.lists(VALUES, max_size=2)
# So that a key is often written twice.
LABEL_KEYS = st.lists(choose(GOOD_KEYS[:3], BAD_KEYS), max_size=2)
WEIGHTS = choose((1, 50, 100), (0, 101, -1, "1"))
COUNTS = choose((1, 1000), (0, -1, "1", True))


def build_requirements(*operators: str, values: st.SearchStrategy[Any] = VALUE_LISTS) -> st.SearchStrategy[Manifest]:
    """What the value of a label has to be: mostly with as many values as the operator takes."""
    fitting = [
        st.fixed_dictionaries({"key": KEYS, "operator": st.just(operator), **_fit(operator)}) for operator in operators
    ]
    free = st.fixed_dictionaries(
        {"key": KEYS}, optional={"operator": choose(operators, ("", "in", "Gte")), "values": values}
    )
    return mix(st.one_of(fitting), free)


def _fit(operator: str) -> dict[str, st.SearchStrategy[Any]]:
    if operator in ("In", "NotIn"):
        return {"values": st.lists(VALUES, min_size=1, max_size=2)}
    if operator in ("Gt", "Lt"):
        return {"values": choose((["0"], ["12"]), (["-1"], ["a"], ["1", "2"], [], ["9" * 64]))}
    return {}


_LABEL_OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")
SELECTORS = st.fixed_dictionaries(
    {},
    optional={"matchLabels": LABELS, "matchExpressions": st.lists(build_requirements(*_LABEL_OPERATORS), max_size=2)},
)
FIELD_REQUIREMENTS = st.fixed_dictionaries(
    {
        "key": choose(("metadata.name",), ("metadata.namespace", "")),
        "operator": choose(("In", "NotIn"), ("Exists", "Gt")),
        "values": mix(st.lists(NAMES, min_size=1, max_size=1), st.lists(NAMES, max_size=2)),
    }
)
NODE_TERMS = st.fixed_dictionaries(
    {},
    optional={
        "matchExpressions": st.lists(build_requirements(*_LABEL_OPERATORS, "Gt", "Lt"), max_size=2),
        "matchFields": st.lists(FIELD_REQUIREMENTS, max_size=1),
    },
)
POD_TERMS = st.fixed_dictionaries(
    {"topologyKey": KEYS},
    optional={
        "labelSelector": mix(SELECTORS, st.none()),
        "namespaceSelector": SELECTORS,
        "namespaces": st.lists(NAMES, max_size=2),
        "matchLabelKeys": mix(st.just([]), LABEL_KEYS),
        "mismatchLabelKeys": mix(st.just([]), LABEL_KEYS),
    },
)
REQUIRED, PREFERRED = (f"{kind}DuringSchedulingIgnoredDuringExecution" for kind in ("required", "preferred"))
_TERMS = mix(st.lists(NODE_TERMS, min_size=1, max_size=2), st.just([]))
NODE_AFFINITIES = st.fixed_dictionaries(
    {},
    optional={
        REQUIRED: st.fixed_dictionaries({"nodeSelectorTerms": _TERMS}),
        PREFERRED: st.lists(st.fixed_dictionaries({"weight": WEIGHTS, "preference": NODE_TERMS}), max_size=1),
    },
)
POD_AFFINITIES = st.fixed_dictionaries(
    {},
    optional={
        REQUIRED: st.lists(POD_TERMS, max_size=1),
        PREFERRED: st.lists(st.fixed_dictionaries({"weight": WEIGHTS, "podAffinityTerm": POD_TERMS}), max_size=1),
    },
)
AFFINITIES = st.fixed_dictionaries(
    {}, optional={"nodeAffinity": NODE_AFFINITIES, "podAffinity": POD_AFFINITIES, "podAntiAffinity": POD_AFFINITIES}
)
CONSTRAINTS = st.fixed_dictionaries(
    {
        "maxSkew": COUNTS,
        "topologyKey": choose(GOOD_KEYS[:3], BAD_KEYS),
        "whenUnsatisfiable": choose(("DoNotSchedule", "ScheduleAnyway"), ("", "Perhaps")),
    },
    optional={
        "labelSelector": mix(SELECTORS, st.none()),
        "matchLabelKeys": mix(st.just([]), LABEL_KEYS),
        "minDomains": mix(st.none(), COUNTS),
        "nodeAffinityPolicy": choose(("Honor", "Ignore"), ("",)),
        "nodeTaintsPolicy": choose(("Honor", "Ignore"), ("honor",)),
    },
)
TOLERATIONS = st.fixed_dictionaries(
    {"key": KEYS},
    optional={
        "operator": choose(("Exists", "Equal"), ("", "Gt")),
        "value": VALUES,
        "effect": choose(("NoExecute", "NoSchedule", "PreferNoSchedule"), ("", "None")),
        "tolerationSeconds": choose((0, 60, -1), ("60",)),
    },
)
ANNOTATIONS = st.dictionaries(
    choose(ANNOTATION_KEYS, BAD_KEYS), st.sampled_from(["", "1", "+1", "[{}]", "<" * 20_000]), max_size=2
)
# One or two fields of a node at a time: more would hardly ever be good together.
PLACEMENTS = st.one_of(
    st.fixed_dictionaries({"affinity": AFFINITIES}),
    st.fixed_dictionaries({"topologySpreadConstraints": st.lists(CONSTRAINTS, max_size=2)}),
    st.fixed_dictionaries({"tolerations": st.lists(TOLERATIONS, max_size=2)}),
    st.fixed_dictionaries({"nodeSelector": LABELS}),
    st.fixed_dictionaries({"annotations": ANNOTATIONS}),
    st.fixed_dictionaries({"image": choose(("a", "a:b", "a.b:5/c@sha256:d"), (" a", "a ", "a\n", " "))}),
)
