"""Objects of one kind, and a cache of them that shows changes late, but in their order."""

from collections.abc import Mapping

from hooks.kubernetes.manifest import Manifest

Objects = Mapping[str, Manifest]


class Stored:
    """The objects of one kind as they are, and as the cache shows them."""

    def __init__(self) -> None:
        self._history: list[Objects] = [{}]
        self._shown = 0

    @property
    def now(self) -> Objects:
        """What the API server holds."""
        return self._history[-1]

    @property
    def shown(self) -> Objects:
        """What the cache shows."""
        return self._history[self._shown]

    @property
    def delay(self) -> int:
        """How many changes the cache has yet to see."""
        return len(self._history) - 1 - self._shown

    def write(self, name: str, value: Manifest | None) -> None:
        """Stores or removes an object."""
        rest = {key: each for key, each in self.now.items() if key != name}
        self._history.append({**rest, name: value} if value is not None else rest)

    def see(self, changes: int) -> None:
        """The cache sees so many changes more."""
        self._shown += min(changes, self.delay)
