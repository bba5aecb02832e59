"""What the original lists and watches whatever its controllers are. Without the right to that it does not get far."""

import threading
import time
from typing import Final

from testbed.metacontroller.errors import FORBIDDEN, NOT_FOUND, RefusedError, SyncError
from testbed.metacontroller.informer import MOST_REFUSALS, Informers
from testbed.metacontroller.resources import Resource
from testbed.metacontroller.server import Server

_GROUP: Final = "metacontroller.k8s.io/v1alpha1"
OWN_KINDS: Final = (
    Resource(_GROUP, "compositecontrollers", "CompositeController", namespaced=False, has_status=True),
    Resource(_GROUP, "decoratorcontrollers", "DecoratorController", namespaced=False, has_status=True),
    Resource(_GROUP, "controllerrevisions", "ControllerRevision", namespaced=True),
    Resource("apiextensions.k8s.io/v1", "customresourcedefinitions", "CustomResourceDefinition", namespaced=False),
)


class OwnKinds:
    """Uses the rights that the original needs for itself; what it reads is for nobody."""

    def __init__(self, server: Server, informers: Informers, pause: float = 1.0) -> None:
        self._server, self._informers, self._pause = server, informers, pause

    def start(self) -> None:
        """Begin, in threads that end with the process: which they end where a right is missing."""
        for kind in OWN_KINDS:
            threading.Thread(target=self.follow, args=(kind,), name=f"own-{kind.plural}", daemon=True).start()

    def follow(self, kind: Resource) -> None:
        """Watches a kind if it exists: the original's CRDs need not be installed. Raises RefusedError."""
        refusals = 0
        while (error := self._ask(kind)) is not None:
            refusals = refusals + 1 if error.reason == FORBIDDEN else 0
            if refusals == MOST_REFUSALS:
                raise RefusedError(f"{kind.plural}: {error.logged}: the original needs that right") from error
            time.sleep(self._pause)

    def _ask(self, kind: Resource) -> SyncError | None:
        # Rights are looked at before it is looked whether there is such a kind.
        for request in (self._list, self._watch):
            try:
                request(kind)
            except SyncError as error:
                if error.reason != NOT_FOUND:
                    return error
            else:
                self._informers.start(kind)
                break
        return None

    def _list(self, kind: Resource) -> None:
        self._server.list_all(kind)

    def _watch(self, kind: Resource) -> None:
        next(iter(self._server.watch(kind, "0")), None)
