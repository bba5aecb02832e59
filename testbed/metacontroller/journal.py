"""What one sync did, in words for its one line of log. Never contents of objects."""

from testbed.metacontroller.objects import Manifest, describe


class Journal:
    """Deeds in the order in which they were done."""

    def __init__(self) -> None:
        self._deeds: list[str] = []

    def note(self, verb: str, obj: Manifest) -> None:
        """Something was done to an object."""
        self._deeds.append(f"{verb} {describe(obj)}")

    def note_text(self, deed: str) -> None:
        """Something was done that is not done to one object."""
        self._deeds.append(deed)

    def __str__(self) -> str:
        return "; ".join(self._deeds) or "nothing to do"
