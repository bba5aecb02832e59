"""How our pods look up names: as they are written first, and with the search domains of the host cluster after that."""

from typing import Final

from hooks.kubernetes.manifest import Manifest

# By default, a name with fewer than five dots is tried with each search domain first, and one with a wildcard would
# answer for the API of a virtual cluster, whose name has four.
NAMES_AS_WRITTEN: Final[Manifest] = {"options": [{"name": "ndots", "value": "1"}]}
