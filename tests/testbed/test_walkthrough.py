"""What the tests of pages make of a page, and of a shell."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.walkthrough.pages import Command, find_difference, normalise, read_commands
from tests.walkthrough.terminal import Terminal, open_terminal

PAGE = """# Title
```sh
one
two
```
## Second
Text, with `code`.

```console
$ three \\
>   more
output
...
$ four
```
```yaml
five: 5
```
### Below it
- a list
  ```sh
  six
  ```
## Third
```sh
seven
```
"""


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "page.md"
    path.write_text(PAGE)
    return path


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    with open_terminal(tmp_path, os.environ, tmp_path) as terminal:
        yield terminal


def test_blocks_are_read_in_their_order(page: Path) -> None:
    assert read_commands(page) == [
        Command(2, "one\ntwo\n"),
        Command(10, "three \\\n  more", ("output", "...")),
        Command(14, "four", ()),
        Command(21, "six\n"),
        Command(25, "seven\n"),
    ]


def test_section_has_the_sections_below_it(page: Path) -> None:
    assert [command.text for command in read_commands(page, under="Second")] == ["three \\\n  more", "four", "six\n"]


def test_section_that_is_not_there_is_an_error(page: Path) -> None:
    with pytest.raises(ValueError, match="not enough values"):
        read_commands(page, under="Fourth")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("local   Running   2/2     27s", "local Running 2/2 1m5s"),
        ("web-6d4cf56db6-abcde   1/1", "web-79f54dd9bc-xq2zl   1/1"),
        ("10.200.0.4:30000", "10.200.0.17:31879"),
        ("vk8s/local   2036-11-21T23:46:35Z", "vk8s/local   2037-01-01T00:00:00Z"),
        ("  3.1 s  Installing", "  12.7 s  Installing"),
        ("1 (12s ago)", "1"),
    ],
)
def test_generated_values_count_as_equal(one: str, other: str) -> None:
    assert normalise(one) == normalise(other)


@pytest.mark.parametrize(
    ("one", "other"), [("2/2", "1/2"), ("Running", "Installing"), ("local-master", "local-worker")]
)
def test_meaningful_values_do_not_count_as_equal(one: str, other: str) -> None:
    assert normalise(one) != normalise(other)


@pytest.mark.parametrize(
    ("expected", "output", "same"),
    [
        (("a", "b"), "a\nb\n", True),
        (("a", "b"), "a\nb", True),
        (("a", "...", "d"), "a\nb\nc\nd\n", True),
        (("a", "...", "d"), "a\nd\n", True),
        (("a",), "a\nb\n", False),
        (("a", "b"), "a\n", False),
        ((), "a\n", False),
        (None, "a\n", True),
    ],
)
def test_output_is_compared(expected: tuple[str, ...] | None, output: str, *, same: bool) -> None:
    assert (find_difference(Command(1, "true", expected), output) is None) == same


def test_shell_remembers(terminal: Terminal) -> None:
    assert terminal.type("word=hello; cat") == ""
    assert terminal.type("echo $word; echo there >&2") == "hello\nthere\n"


def test_first_failure_ends_it_with_what_was_printed(terminal: Terminal) -> None:
    with pytest.raises(AssertionError, match="before\n"):
        terminal.follow([Command(1, "echo before\nfalse | cat\necho after\n")])


def test_output_that_differs_from_the_page_is_reported(terminal: Terminal) -> None:
    with pytest.raises(AssertionError, match="line 7: echo one\nprints\none\n\nand the page shows"):
        terminal.follow([Command(7, "echo one", ("two",))])
