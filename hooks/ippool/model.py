"""The spec of an IPPool: fields, types, defaults. `validate` reads the addresses from it."""

from typing import Annotated

from pydantic import Field, StringConstraints

from hooks.kubernetes.forms import SpecModel

# The lengths of 255.255.255.255/32, and of two addresses with a dash.
MAX_NETWORK_LENGTH, MAX_RANGE_LENGTH = 18, 31


class PoolSpec(SpecModel):
    """`spec` of an IPPool."""

    cidr: Annotated[str, StringConstraints(max_length=MAX_NETWORK_LENGTH)] | None = None
    ranges: list[Annotated[str, StringConstraints(max_length=MAX_RANGE_LENGTH)]] = Field(default_factory=list)
    exclude: list[Annotated[str, StringConstraints(max_length=MAX_RANGE_LENGTH)]] = Field(default_factory=list)
    default: bool = False
    # The number of addresses that the nodes of one namespace may have together.
    per_namespace: Annotated[int, Field(ge=1, strict=True)] | None = None
