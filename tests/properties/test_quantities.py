"""Requests and limits in every form that a quantity has, against exact fractions."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from hooks.kubernetes.quantity import QUANTITY, parse_quantity
from tests.world import World, condition, node, spec

BINARY = {f"{letter}i": Fraction(1024) ** power for power, letter in enumerate("KMGTPE", 1)}
DECIMAL = {letter: Fraction(1000) ** power for power, letter in enumerate("num", -3)}
LARGE = {letter: Fraction(1000) ** power for power, letter in enumerate("kMGTPE", 1)}
SUFFIXES = {"": Fraction(1), **BINARY, **DECIMAL, **LARGE}
# Any that fits the pattern of the schema, however large; and those that a fraction can hold.
QUANTITIES = st.from_regex(QUANTITY, fullmatch=True).filter(str.isascii) | st.sampled_from(
    ["1e1000000", "1e99999999999"]
)
NUMBERS = st.integers(-(10**40), 10**40)


@given(QUANTITIES, QUANTITIES)
def test_any_quantity_gets_an_answer(request: str, limit: str) -> None:
    resources = {"requests": {"cpu": request}, "limits": {"cpu": limit}}
    answer = World(spec=spec(nodes=[node("m", "master", resources=resources)])).sync()
    assert condition(answer, "Accepted")["status"] in ("True", "False")


@given(NUMBERS, st.sampled_from(sorted(SUFFIXES)))
def test_a_quantity_is_the_exact_number(number: int, suffix: str) -> None:
    assert Fraction(parse_quantity(f"{number}{suffix}")) == number * SUFFIXES[suffix]
