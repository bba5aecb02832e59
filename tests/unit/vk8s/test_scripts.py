"""The digest of the bootstrap files, by which each version is an object of its own."""

import pytest

from hooks.vk8s.scripts import build_scripts, join_scripts


@pytest.mark.parametrize(
    "other",
    [{"a": "1", "b": "3"}, {"a": "1", "c": "2"}, {"a": "1"}, {"a1": "", "b": "2"}, {"a": "1b2"}],
    ids=["another content", "another name", "one file less", "a byte moved to the name", "two files in one"],
)
def test_other_files_have_another_digest(other: dict[str, str]) -> None:
    assert build_scripts(other).digest != build_scripts({"a": "1", "b": "2"}).digest


def test_digest_does_not_depend_on_the_order_of_files() -> None:
    assert build_scripts({"a": "1", "b": "2"}).digest == build_scripts({"b": "2", "a": "1"}).digest


def test_joined_files_depend_on_both_parts() -> None:
    one, two, other = (build_scripts({name: "x"}) for name in ("one", "two", "other"))
    joined = join_scripts(one, two)
    assert joined.files == {"one": "x", "two": "x"}
    assert len({joined.digest, join_scripts(one, other).digest, join_scripts(other, two).digest}) == 3
