"""Faults that histories have found and nobody has fixed yet, by the seeds of these histories.

They are histories with several control-plane nodes, beyond those that are played in every run.
"""

from typing import Final

OPEN_FAULTS: Final = {
    62: (
        "A PKI is restored without its note before the first of three nodes has started: its empty claim is older, and "
        "counts as one with data."
    ),
    293: (
        "A node has left etcd, and one of the two members that are left loses its volume before the removal is seen "
        "to be complete: the one that has left counts as a holder of the data."
    ),
}
