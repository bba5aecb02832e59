"""Arbitrary JSON, and JSON that is nearly right: one place in it is something else."""

from typing import Any

from hypothesis import strategies as st

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(["", "m", "1e1000000", "-1", "198.18.0.0/15", "2026-01-02T03:04:05", "0001-01-01T00:00:00Z"])
)
JSON: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@st.composite
def mutated(draw: st.DrawFn, value: Any) -> Any:
    """`value` with something else in one place of it, or with one place missing."""
    keys = list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
    if not keys or draw(st.integers(0, 4)) == 0:
        return draw(JSON)
    key = draw(st.sampled_from(keys))
    rest = {**value} if isinstance(value, dict) else dict(enumerate(value))
    inner = rest.pop(key)
    changed = rest if draw(st.integers(0, 9)) == 0 else {**rest, key: draw(mutated(inner))}
    return changed if isinstance(value, dict) else [changed[index] for index in sorted(changed)]


def histories(status: Any) -> st.SearchStrategy[Any]:
    """What may stand where `status` was: anything, nearly the same, or conditions that are none."""
    conditions = st.fixed_dictionaries({"conditions": JSON}), st.fixed_dictionaries({"conditions": st.lists(JSON)})
    kinds: list[st.SearchStrategy[Any]] = [JSON, mutated(status), *conditions]
    return st.sampled_from(kinds).flatmap(lambda kind: kind)
