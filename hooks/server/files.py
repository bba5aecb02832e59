"""Files that are read again when they have changed, as kubelet renews mounted Secrets. Without thread or timer."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Final, Generic, TypeVar

Content_co = TypeVar("Content_co", covariant=True)
# Where it lies, when it was last touched, how long it is; None for a file that can't be looked at.
Stamp = tuple[int, ...] | None

log: Final = logging.getLogger("vk8s.files")


class FileProblem(Exception):  # noqa: N818 it is no error where a former content stays in use
    """A file can't be used; the message is a sentence that names it and holds nothing of its content."""


class Watched(Generic[Content_co]):
    """What is made from some files. It is made again at the first question after a change; the last good one stays."""

    def __init__(self, paths: tuple[Path, ...], read: Callable[[], Content_co]) -> None:
        """FileProblem where the files can't be used: there is nothing that could stay."""
        self._paths = paths
        self._read = read
        # Before reading, so that what is written meanwhile is read by the next question.
        self._stamps = self._read_stamps()
        self._content = read()
        self._rejected = False

    def current(self) -> Content_co:
        """What the files hold now, or held when they could last be used."""
        stamps = self._read_stamps()
        if stamps != self._stamps:
            self._stamps = stamps
            self._renew()
        return self._content

    def is_rejected(self) -> bool:
        """Whether what the files hold now can't be used."""
        self.current()
        return self._rejected

    def _renew(self) -> None:
        try:
            self._content = self._read()
        except FileProblem as problem:
            self._rejected = True
            log.error("%s What was read before stays in use.", problem)  # noqa: TRY400 a sentence, not a place
        else:
            self._rejected = False
            log.info("Read again: %s.", " and ".join(map(str, self._paths)))

    def _read_stamps(self) -> list[Stamp]:
        return [_read_stamp(path) for path in self._paths]


def _read_stamp(path: Path) -> Stamp:
    try:
        # Through all symbolic links: kubelet swaps one of them.
        found = path.stat()
    except OSError:
        return None
    # The change time, too: a change of permissions may make a file readable.
    return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_ctime_ns, found.st_size
