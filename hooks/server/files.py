"""Files that are read again after a change, as kubelet updates mounted Secrets. Without a thread or a timer."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Final, Generic, TypeVar

Content_co = TypeVar("Content_co", covariant=True)
# Device, inode, times and size; None for a file that has no stat.
Stamp = tuple[int, ...] | None

log: Final = logging.getLogger("vk8s.files")


class FileProblem(Exception):  # noqa: N818 it is no error while the previous content stays in use
    """A file can't be used. The message names it, and reveals nothing of its content."""


class WatchedFiles(Generic[Content_co]):
    """What is read from some files: read again when asked for after a change. The last good content stays in use."""

    def __init__(self, paths: tuple[Path, ...], read: Callable[[], Content_co]) -> None:
        """FileProblem if the files can't be used: there is no earlier content."""
        self._paths = paths
        self._read = read
        # Before reading, so that a change in the meantime is noticed next time.
        self._stamps = self._read_stamps()
        self._content = read()
        self._rejected = False

    def current(self) -> Content_co:
        """The content of the files, or their last content that could be used."""
        stamps = self._read_stamps()
        if stamps != self._stamps:
            self._stamps = stamps
            self._renew()
        return self._content

    def is_rejected(self) -> bool:
        """Whether the files can't be used as they are now."""
        self.current()
        return self._rejected

    def _renew(self) -> None:
        try:
            self._content = self._read()
        except FileProblem as problem:
            self._rejected = True
            log.error("%s What was read before stays in use.", problem)  # noqa: TRY400 the message says it all
        else:
            self._rejected = False
            log.info("Read again: %s.", " and ".join(map(str, self._paths)))

    def _read_stamps(self) -> list[Stamp]:
        return [_read_stamp(path) for path in self._paths]


def _read_stamp(path: Path) -> Stamp:
    try:
        # Follows symbolic links: kubelet replaces one of them.
        found = path.stat()
    except OSError:
        return None
    # The change time as well: new permissions may make a file readable.
    return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_ctime_ns, found.st_size
