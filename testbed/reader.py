"""What `kubectl get` shows, asked over one connection: waits ask so often that a process each time would cost most."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import httpx2
import yaml
from lightkube.config.client_adapter import Client, ConnectionParams
from lightkube.config.kubeconfig import KubeConfig
from lightkube.core.exceptions import ConfigError

Manifest = dict[str, Any]
_REQUEST_SECONDS: Final = 30
_ERROR_STATUS: Final = 400
_DISCOVERY: Final = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
_PARAMETERS: Final = {"--selector": "labelSelector", "--field-selector": "fieldSelector"}


class ReadError(Exception):
    """There is no such thing, or no answer; the message is what kubectl would say."""


@dataclass(frozen=True)
class Question:
    """The arguments of one `kubectl get`. `namespace`: empty for all, None for the usual one."""

    kinds: Sequence[str]
    names: Sequence[str]
    namespace: str | None
    parameters: dict[str, str]


@dataclass(frozen=True)
class Resource:
    """A kind in the version that the API server prefers."""

    api_version: str
    plural: str
    kind: str
    is_namespaced: bool

    def build_path(self, namespace: str, name: str = "") -> str:
        """The path of an object or a collection; without a namespace, that of all namespaces."""
        root = "apis" if "/" in self.api_version else "api"
        scope = ["namespaces", namespace] if self.is_namespaced and namespace else []
        return "/".join(["", root, self.api_version, *scope, self.plural, *([name] if name else [])])


class Reader:
    """One API server; `namespace` is the usual one."""

    def __init__(self, client: httpx2.Client, namespace: str) -> None:
        self._client, self._namespace = client, namespace
        self._resources: dict[str, Resource] = {}

    def read(self, question: Question) -> Manifest:
        """The object if there is one name, else a list. Raises ReadError."""
        namespace = self._namespace if question.namespace is None else question.namespace
        resources = [self._get_resource(kind) for kind in question.kinds]
        named = [(each, name) for each in resources for name in question.names]
        objects = [_strip(self._send(each.build_path(namespace, name))) for each, name in named]
        if len(named) == 1:
            return objects[0]
        listed = [] if named else resources
        items = [item for each in listed for item in self._list(each, namespace, question.parameters)]
        return {"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": ""}, "items": [*objects, *items]}

    def _list(self, resource: Resource, namespace: str, parameters: dict[str, str]) -> list[Manifest]:
        answer = self._send(resource.build_path(namespace), parameters)
        kinds = {"apiVersion": resource.api_version, "kind": resource.kind}
        return [_strip({**kinds, **item}) for item in answer["items"]]

    def _get_resource(self, kind: str) -> Resource:
        # A CRD may have come since.
        if kind.lower() not in self._resources:
            self._resources = self._discover()
        try:
            return self._resources[kind.lower()]
        except KeyError:
            raise ReadError(f'error: the server doesn\'t have a resource type "{kind}"') from None

    def _discover(self) -> dict[str, Resource]:
        """Every kind by all its names. Where two have the same, it is that of the first group, as for kubectl."""
        groups = [group for path in ("/api", "/apis") for group in self._send(path, accept=_DISCOVERY)["items"]]
        found: dict[str, Resource] = {}
        for group in groups:
            for name, resource in _list_names(group["metadata"].get("name", ""), group["versions"]):
                found.setdefault(name, resource)
        return found

    def _send(self, path: str, parameters: dict[str, str] | None = None, accept: str = "application/json") -> Manifest:
        try:
            try:
                response = self._ask(path, parameters, accept)
            except (httpx2.NetworkError, httpx2.RemoteProtocolError):
                # A connection that was kept may have ended since; a process would have had a new one.
                response = self._ask(path, parameters, accept)
        except httpx2.HTTPError as error:
            raise ReadError(f"{type(error).__name__}: {error}") from error
        if response.status_code >= _ERROR_STATUS:
            raise ReadError(_describe(response))
        answer: Manifest = response.json()
        return answer

    def _ask(self, path: str, parameters: dict[str, str] | None, accept: str) -> httpx2.Response:
        return self._client.get(path, params=parameters or {}, headers={"accept": accept})


def parse_question(arguments: Sequence[str]) -> Question | None:
    """What these arguments of `kubectl get` ask; None for any that only kubectl itself understands."""
    words = [each for each in arguments if not each.startswith("-")]
    options = dict(each.split("=", 1) for each in arguments if each.startswith("--") and "=" in each)
    flags = [each for each in arguments if each.startswith("-") and "=" not in each]
    known = {*_PARAMETERS, "--namespace"}
    kinds = words[0].split(",") if words else []
    is_plain = set(flags) <= {"--all-namespaces"} and options.keys() <= known and not any("/" in each for each in words)
    if not kinds or not is_plain or (len(words) > 1 and len(kinds) > 1):
        return None
    parameters = {_PARAMETERS[name]: value for name, value in options.items() if name in _PARAMETERS}
    return Question(kinds, words[1:], "" if flags else options.get("--namespace"), parameters)


def get_reader(kubeconfig: Path) -> Reader:
    """The reader for the cluster of a kubeconfig, as that is now. Raises ReadError."""
    try:
        return _open(kubeconfig.read_text())
    except (OSError, ConfigError) as error:
        raise ReadError(str(error)) from error


# By its content: another testbed has another token in the same file.
@cache
def _open(kubeconfig: str) -> Reader:
    config = KubeConfig.from_dict(yaml.safe_load(kubeconfig)).get()
    if config is None:
        raise ReadError("there is no current context")
    parameters = ConnectionParams(timeout=httpx2.Timeout(_REQUEST_SECONDS), trust_env=False)
    return Reader(Client(config, parameters), config.namespace)


def _list_names(group: str, versions: list[Manifest]) -> list[tuple[str, Resource]]:
    found = []
    for version in versions:
        api_version = f"{group}/{version['version']}" if group else version["version"]
        for each in version.get("resources", []):
            kind, plural = each["responseKind"]["kind"], each["resource"]
            resource = Resource(api_version, plural, kind, is_namespaced=each["scope"] == "Namespaced")
            names = {plural, f"{plural}.{group}", kind, each.get("singularResource") or plural}
            found += [(name.lower(), resource) for name in sorted({*names, *each.get("shortNames", [])})]
    return found


def _strip(obj: Manifest) -> Manifest:
    """The object without what kubectl does not show."""
    metadata = {name: value for name, value in obj["metadata"].items() if name != "managedFields"}
    return {**obj, "metadata": metadata}


def _describe(response: httpx2.Response) -> str:
    try:
        status = response.json()
    except json.JSONDecodeError:
        status = {}
    return f"Error from server ({status.get('reason', response.status_code)}): {status.get('message', response.text)}"
