"""Quantities of Kubernetes, such as `500m` or `8Gi`, as exact numbers.

Source: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
"""

import re
from fractions import Fraction
from functools import lru_cache
from typing import Annotated

from pydantic import Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

# Exponents of two digits exceed any real amount. Without a limit, one line could take a minute to compute.
QUANTITY = r"[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,2}|[numkMGTPE]|[KMGTPE]i)?"
# A quantity in a pydantic model, as it is written. A number is accepted as well.
QuantityText = Annotated[str, Field(coerce_numbers_to_str=True, pattern=rf"^({QUANTITY})$", max_length=63)]
_PARTS = re.compile(r"([+-]?[0-9.]+)(?:([eE][+-]?[0-9]+)|(.*))")
_SUFFIXES = {
    "": Fraction(1),
    **{suffix: Fraction(1024) ** power for power, suffix in enumerate(("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"), 1)},
    **{suffix: Fraction(1000) ** power for power, suffix in enumerate(("k", "M", "G", "T", "P", "E"), 1)},
    **{suffix: Fraction(1000) ** -power for power, suffix in enumerate(("m", "u", "n"), 1)},
}


class Quantity(str):
    """A quantity as it is written, with its value. It can be a field of a pydantic model."""

    __slots__ = ()

    @property
    def amount(self) -> Fraction:
        """Its exact value. ValueError if it is not a quantity."""
        return parse_quantity(self)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """As `QuantityText`."""
        return core_schema.no_info_after_validator_function(cls, handler.generate_schema(QuantityText))


# Nodes have the same few again and again, and each is read by several rules and by the hash of its node.
@lru_cache(1024)
def parse_quantity(text: str) -> Fraction:
    """The exact value of a quantity. ValueError if it is none."""
    parts = _PARTS.fullmatch(text) if re.fullmatch(QUANTITY, text) else None
    if parts is None:
        raise ValueError("not a quantity")
    number, exponent, suffix = parts.groups()
    return Fraction(number + (exponent or "")) * _SUFFIXES[suffix or ""]
