# ruff: noqa: INP001 - a script of the image builds, not part of a package
"""Makes of a rendered Kubeflow what the installer applies: one file per object, and lists of what there is.

Documents stay as kustomize wrote them, except for what has to change: parsed and written again, they might mean
something else.
"""

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

# The objects that the installer makes itself. Kubeflow's own Secret has the hash of a password that everybody knows.
PASSWORD, PASSWORD_KEY = ("Secret", "auth", "dex-passwords"), "DEX_USER_PASSWORD"
GATEWAY = ("Service", "istio-system", "istio-ingressgateway")
# Stands for the number that the installer writes.
PORT = "KUBEFLOW_PORT"
EARLY = ("Namespace", "CustomResourceDefinition")
WORKLOADS = ("Deployment", "StatefulSet")
# Browsers don't send a secure cookie over plain HTTP. The setting is in ConfigMaps, and in the Deployments that
# kustomize has copied it to.
SECURE_COOKIES = re.compile(
    r'^( +(?:[A-Z]+_)?APP_SECURE_COOKIES: |( +)(?:- )?name: APP_SECURE_COOKIES\n\2 *value: )"?true"?$', re.MULTILINE
)


class RefusedError(Exception):
    """Why an installer can't be made of what was rendered, as a sentence."""


@dataclass(frozen=True)
class Document:
    """An object: its text, and what was read from it."""

    text: str
    content: dict[str, Any]

    @property
    def key(self) -> tuple[str, str, str]:
        """Kind, namespace ("" without one) and name."""
        metadata = self.content["metadata"]
        return self.content["kind"], metadata.get("namespace", ""), metadata["name"]

    @property
    def printed(self) -> str:
        """As kubectl calls it when it has applied it."""
        group, _, version = self.content["apiVersion"].rpartition("/")
        kind, _, name = self.key
        return f"{kind.lower()}{'.' if group and version else ''}{group}/{name}"

    @property
    def title(self) -> str:
        """As a sentence calls it."""
        kind, namespace, name = self.key
        return f"{kind} {namespace}/{name}" if namespace else f"{kind} {name}"


def parse_documents(text: str) -> list[Document]:
    """All objects of a rendered text, in its order; what they contain as strings, numbers too."""
    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # the other one takes minutes
    pieces = (piece for piece in re.split(r"^---\n", text, flags=re.MULTILINE) if piece.strip())
    return [_build_document(piece, yaml.load(piece, loader)) for piece in pieces]  # noqa: S506 - strings do no harm


def _build_document(text: str, content: object) -> Document:
    if (
        not isinstance(content, dict)
        or not {"apiVersion", "kind"} <= content.keys()
        or "name" not in content.get("metadata", {})
    ):
        raise RefusedError(f"Something in it is no object with a name: {text[:80]!r}.")
    return Document(text, content)


def get(documents: Sequence[Document], key: tuple[str, str, str], reason: str) -> Document:
    """The object that has to be there."""
    for document in documents:
        if document.key == key:
            return document
    kind, namespace, name = key
    raise RefusedError(f"There is no {kind} {namespace}/{name} in it{reason}.")


def order(documents: Sequence[Document]) -> list[Document]:
    """What others need first; else as kustomize has it."""
    early = [document for kind in EARLY for document in documents if document.key[0] == kind]
    return [*early, *(document for document in documents if document.key[0] not in EARLY)]


def build_gateway(document: Document) -> str:
    """The gateway's Service with a port at each node, instead of one that only the cluster reaches."""
    content = yaml.safe_load(document.text)
    spec = content["spec"]
    ports = spec["ports"]
    chosen = next((port for port in ports if port.get("name") == "http2"), None)
    chosen = chosen or next((port for port in ports if port["port"] == 80), None)  # noqa: PLR2004 - HTTP's
    if chosen is None:
        raise RefusedError(f"{document.title} has no port that is called http2, and no port 80.")
    numbered = [{**port, "nodePort": PORT} if port is chosen else port for port in ports]
    gateway = {**content, "spec": {**spec, "ports": numbered, "type": "NodePort"}}
    return yaml.safe_dump(gateway, sort_keys=False)


def list_objects(objects: Sequence[Document]) -> Iterator[str]:
    """A line for each object: its file or `password`, as kubectl calls it, as a sentence calls it.

    The password's Secret has its place where its namespace is there, and Dex is not.
    """
    namespaces = sum(document.key[0] == "Namespace" for document in objects)
    kind, namespace, name = PASSWORD
    for number, document in enumerate(objects):
        if number == namespaces:
            yield f"password {kind.lower()}/{name} {kind} {namespace}/{name}"
        yield f"{number:04} {document.printed} {document.title}"


def write_bundle(text: str, version: str, out: Path) -> None:
    """Writes what /kubeflow is in the image."""
    documents = parse_documents(text)
    gateway = get(
        documents, GATEWAY, ": the checkout is not of Kubeflow's manifests, or of a version that is not known"
    )
    password = get(documents, PASSWORD, ": versions before v1.9 are not supported")
    if PASSWORD_KEY not in {**password.content.get("data", {}), **password.content.get("stringData", {})}:
        raise RefusedError(f"{password.title} has no key {PASSWORD_KEY}: this version of Kubeflow is not known.")
    objects = order([document for document in documents if document not in (gateway, password)])
    (out / "objects").mkdir(parents=True)
    for number, document in enumerate(objects):
        changed = SECURE_COOKIES.sub(r'\g<1>"false"', document.text)
        (out / "objects" / f"{number:04}.yaml").write_text(f"---\n{changed.rstrip()}\n", encoding="utf-8")
    lists = {
        "gateway.yaml": build_gateway(gateway),
        "list": "".join(f"{line}\n" for line in list_objects(objects)),
        "version": f"{version}\n",
        "workloads": "".join(f"{' '.join(each.key)}\n" for each in objects if each.key[0] in WORKLOADS),
    }
    for name, content in lists.items():
        (out / name).write_text(content, encoding="utf-8")


def main() -> None:
    """Reads the rendered text from standard input."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("version")
    parser.add_argument("out", type=Path)
    given = parser.parse_args()
    try:
        write_bundle(sys.stdin.read(), given.version, given.out)
    except RefusedError as error:
        sys.exit(f"An installer can't be made of what was rendered. {error}")


if __name__ == "__main__":
    main()
