"""How a spec of the wrong form is described: with the place, with what to write, and without the value."""

from typing import Annotated

import pytest
from pydantic import StringConstraints, ValidationError

from hooks.kubernetes.forms import SpecModel, describe_form
from hooks.kubernetes.names import DNS_1123
from hooks.kubernetes.quantity import QuantityText


class Part(SpecModel):
    """A part of a spec, with a text of each form that is explained."""

    name: Annotated[str, StringConstraints(pattern=DNS_1123)] = "a"
    max_size: QuantityText = "1Gi"
    count: int = 1


class Whole(SpecModel):
    """A spec with a list."""

    parts: list[Part]


@pytest.mark.parametrize(
    ("part", "sentence"),
    [
        (
            {"name": "MARKER"},
            "spec.parts[0].name: write lower-case letters, digits and '-', the first and the last no '-'.",
        ),
        ({"maxSize": "MARKER"}, "spec.parts[0].maxSize: write a quantity such as 500m, 2 or 8Gi."),
        ({"count": "MARKER"}, "spec.parts[0].count: Input should be a valid integer"),
    ],
    ids=["a name", "a quantity", "a number"],
)
def test_problem_has_its_place_and_advice_and_no_value(part: dict[str, str], sentence: str) -> None:
    with pytest.raises(ValidationError) as error:
        Whole.model_validate({"parts": [part]})
    (problem,) = describe_form(error.value)
    assert problem.startswith(sentence)
    assert "MARKER" not in problem


def test_each_problem_is_a_sentence_of_its_own() -> None:
    with pytest.raises(ValidationError) as error:
        Whole.model_validate({"parts": [{"count": "x"}, {"count": "y"}]})
    assert [problem.partition(":")[0] for problem in describe_form(error.value)] == [
        "spec.parts[0].count",
        "spec.parts[1].count",
    ]
