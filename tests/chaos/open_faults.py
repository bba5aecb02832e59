"""Faults that histories have found and nobody has fixed yet, by the seeds of these histories."""

from typing import Final

OPEN_FAULTS: Final = {
    1215: (
        "Five nodes become Ready, two lose their volumes, and the spec steps down to one, all before a hook is asked "
        "again: the members of the two are unknown, so nobody removes them, and etcd lets no other one leave."
    ),
}
