"""The API server, spoken to in raw JSON, so that objects come and go exactly as they are.

lightkube reads the kubeconfig and does TLS and credentials; its typed objects would drop what they don't know.
"""

import json
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import httpx2
from lightkube.config.client_adapter import Client, ConnectionParams
from lightkube.config.kubeconfig import KubeConfig

from testbed.metacontroller.errors import NOT_FOUND, SyncError
from testbed.metacontroller.objects import Manifest, go_json, text
from testbed.metacontroller.rate_limits import TokenBucket
from testbed.metacontroller.resources import Resource
from testbed.metacontroller.server import WatchEvent

_REQUEST_SECONDS: Final = 30
_WATCH_SECONDS: Final = range(300, 600)
_WATCH_GRACE_SECONDS: Final = 30
_ERROR_STATUS: Final = 400
# The API server makes the name of the field manager of what precedes the slash: hooks see it in managedFields.
_USER_AGENT: Final = "metacontroller/stand-in"


class ApiServer:
    """All requests of one process; reads, writes and lists share one rate limit, as the original's do."""

    def __init__(self, kubeconfig: Path | None, limit: TokenBucket) -> None:
        config = (KubeConfig.from_file(kubeconfig) if kubeconfig else KubeConfig.from_service_account()).get()
        if config is None:
            raise FileNotFoundError(kubeconfig)
        parameters = ConnectionParams(timeout=httpx2.Timeout(_REQUEST_SECONDS), trust_env=False)
        self._client = Client(config, parameters)
        self._client.headers["user-agent"] = _USER_AGENT
        self._limit = limit

    def get(self, resource: Resource, namespace: str, name: str) -> Manifest:
        """The object as it is now. Raises SyncError, as all of these do."""
        return self._send("GET", resource.path(namespace, name))

    def create(self, resource: Resource, obj: Manifest) -> Manifest:
        """Create an object in the namespace that it names."""
        return self._send("POST", resource.path(text(obj, "namespace")), obj)

    def replace(self, resource: Resource, obj: Manifest, subresource: str = "") -> Manifest:
        """PUT an object, or a subresource of it."""
        return self._send("PUT", resource.path(text(obj, "namespace"), text(obj, "name"), subresource), obj)

    def patch(self, resource: Resource, obj: Manifest, changes: Manifest) -> Manifest:
        """Change these fields of an object of a built-in kind, whatever its version is."""
        path = resource.path(text(obj, "namespace"), text(obj, "name"))
        return self._send("PATCH", path, changes, "application/strategic-merge-patch+json")

    def delete(self, resource: Resource, obj: Manifest) -> None:
        """Delete this very object, its dependents in the background."""
        options = {
            "kind": "DeleteOptions",
            "apiVersion": "v1",
            "preconditions": {"uid": text(obj, "uid")},
            "propagationPolicy": "Background",
        }
        self._send("DELETE", resource.path(text(obj, "namespace"), text(obj, "name")), options)

    def served(self, api_version: str) -> list[Manifest]:
        """What discovery says of a group and version, subresources included: nothing where there is none."""
        # A hook may name anything: what is no group and version is a path of something else, or of nothing.
        path = quote(f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}")
        try:
            resources: list[Manifest] = self._send("GET", path).get("resources") or []
        except SyncError as error:
            if error.reason == NOT_FOUND:
                return []
            raise
        return resources

    def list_all(self, resource: Resource) -> tuple[list[Manifest], str]:
        """All objects of a kind in the cluster, and the resourceVersion from which to watch."""
        answer = self._send("GET", resource.path(""))
        kinds = {"apiVersion": resource.api_version, "kind": resource.kind}
        return [{**kinds, **item} for item in answer.get("items") or []], answer["metadata"]["resourceVersion"]

    def watch(self, resource: Resource, resource_version: str) -> Iterator[WatchEvent]:
        """Events after a resourceVersion, until the API server ends the watch."""
        seconds = random.SystemRandom().choice(_WATCH_SECONDS)
        parameters: dict[str, Any] = {
            "watch": "true",
            "resourceVersion": resource_version,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": seconds,
        }
        time.sleep(self._limit.reserve())
        timeout = httpx2.Timeout(_REQUEST_SECONDS, read=seconds + _WATCH_GRACE_SECONDS)
        path = resource.path("")
        try:
            with self._client.stream("GET", path, params=parameters, timeout=timeout) as response:
                if response.status_code >= _ERROR_STATUS:
                    response.read()
                    raise _api_error(response, f"watch {path}")
                for line in response.iter_lines():
                    event = json.loads(line)
                    yield WatchEvent(event["type"], event["object"])
        except (httpx2.HTTPError, ValueError) as error:
            # A ValueError is a line that was cut off.
            raise SyncError(f"watch {path}: {type(error).__name__}") from error

    def _send(
        self, method: str, path: str, body: Manifest | None = None, content_type: str = "application/json"
    ) -> Manifest:
        time.sleep(self._limit.reserve())
        content = None if body is None else go_json(body).encode("utf-8", "replace")
        headers = {"content-type": content_type} if body is not None else {}
        try:
            response = self._client.request(method, path, content=content, headers=headers)
        except httpx2.HTTPError as error:
            raise SyncError(f"{method} {path}: {type(error).__name__}") from error
        if response.status_code >= _ERROR_STATUS:
            raise _api_error(response, f"{method} {path}")
        answer: Manifest = response.json()
        return answer


def _api_error(response: httpx2.Response, request: str) -> SyncError:
    try:
        status = response.json()
    except ValueError:
        status = {}
    reason = str(status.get("reason") or "") or {404: NOT_FOUND}.get(response.status_code, "")
    message = status.get("message") or f"the server answered {response.status_code}"
    # The message may repeat values of a Secret that is not valid.
    return SyncError(str(message), logged=f"{request}: {response.status_code} {reason}", reason=reason)
