"""Files that are read again when they have changed."""

from collections.abc import Callable
from pathlib import Path

import pytest

from hooks.server.files import FileProblem, WatchedFiles


def watch(path: Path, reads: list[str]) -> WatchedFiles[str]:
    def read() -> str:
        try:
            text = path.read_text()
        except OSError as error:
            raise FileProblem(f"{path.name} can't be read.") from error
        if text == "bad":
            raise FileProblem(f"{path.name} is bad.")
        reads.append(text)
        return text

    return WatchedFiles((path,), read)


def test_file_is_read_once_until_it_changes(tmp_path: Path) -> None:
    path, reads = tmp_path / "file", list[str]()
    path.write_text("first")
    watched = watch(path, reads)
    assert [watched.current() for _ in range(3)] == ["first"] * 3
    path.write_text("the second")
    assert [watched.current() for _ in range(3)] == ["the second"] * 3
    assert reads == ["first", "the second"]


def test_file_of_the_same_length_in_its_place_is_read(tmp_path: Path) -> None:
    path, other = tmp_path / "file", tmp_path / "other"
    path.write_text("first")
    watched = watch(path, [])
    other.write_text("other")
    other.rename(path)
    assert watched.current() == "other"


def test_at_the_start_there_is_nothing_that_could_stay(tmp_path: Path) -> None:
    with pytest.raises(FileProblem, match="file can't be read"):
        watch(tmp_path / "file", [])


@pytest.mark.parametrize(
    "spoil", [lambda path: path.write_text("bad"), lambda path: path.unlink()], ids=["bad", "gone"]
)
def test_last_usable_content_stays_until_there_is_a_better_one(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, spoil: Callable[[Path], object]
) -> None:
    path = tmp_path / "file"
    path.write_text("first")
    watched = watch(path, [])
    assert not watched.is_rejected()
    spoil(path)
    assert watched.is_rejected()
    assert [watched.current() for _ in range(3)] == ["first"] * 3
    assert caplog.text.count("What was read before stays in use.") == 1
    path.write_text("the second")
    assert watched.current() == "the second"
    assert not watched.is_rejected()
