"""The table of addresses on the command line."""

import pytest

from testbed.metacontroller.detour import Address, parse_address


@pytest.mark.parametrize(
    ("text", "name", "address"),
    [
        ("hooks.x=127.0.0.1:8080", "hooks.x", Address("127.0.0.1", 8080)),
        ("hooks.x=127.0.0.1:80", "hooks.x", Address("127.0.0.1", 80)),
        ("Hooks.X=10.0.0.1", "hooks.x", Address("10.0.0.1", None)),
        ("hooks.x=[::1]:8443", "hooks.x", Address("::1", 8443)),
        ("hooks.x=[::1]", "hooks.x", Address("::1", None)),
    ],
    ids=["a port", "the default port of a scheme", "no port", "IPv6 and a port", "IPv6"],
)
def test_entry_is_read(text: str, name: str, address: Address) -> None:
    assert parse_address(text) == (name, address)


@pytest.mark.parametrize("text", ["", "hooks.x", "hooks.x=", "=127.0.0.1", "hooks.x=a:b"])
def test_text_that_is_no_entry_is_rejected(text: str) -> None:
    with pytest.raises(ValueError, match=f"^{text}$"):
        parse_address(text)
