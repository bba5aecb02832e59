"""Names of objects, as Kubernetes accepts them."""

import pytest

from hooks.kubernetes.names import is_subdomain


@pytest.mark.parametrize("name", ["a", "0", "a-b.c", "example.com", "n" * 253])
def test_subdomains_are_recognized(name: str) -> None:
    assert is_subdomain(name)


@pytest.mark.parametrize("name", ["", ".", "a..b", "-a", "a-", "A", "a_b", "a.", "a\n", "n" * 254])
def test_other_names_are_no_subdomains(name: str) -> None:
    assert not is_subdomain(name)
