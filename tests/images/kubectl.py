"""Stands in for kubectl: a cluster that is a directory. Copied to a PATH by tests of the Kubeflow installer."""

import base64
import os
import re
import sys
import time
from pathlib import Path
from typing import Any

CLUSTER = Path(os.environ["CLUSTER"])
API_DOWN = "Unable to connect to the server: dial tcp 10.0.0.1:6443: connect: connection refused"


def read(name: str) -> str:
    path = CLUSTER / name
    return path.read_text() if path.exists() else ""


def get_title(document: dict[str, Any]) -> str:
    metadata = document["metadata"]
    return " ".join([document["kind"], "/".join(filter(None, [metadata.get("namespace"), metadata["name"]]))])


def apply() -> int:
    """Accepts what is not refused; says of which object nothing but its name, and of a refusal not even that."""
    import yaml  # noqa: PLC0415 - it takes longer than all that the others do

    refusals = []
    refused = yaml.safe_load(read("refused") or "{}")
    for document in yaml.load_all(sys.stdin, yaml.BaseLoader):
        title = get_title(document)
        with (CLUSTER / "tried").open("a") as tried:
            tried.write(f"{title}\n")
        refusal = refused.get(title)
        if refusal and refusal.startswith("hangs "):
            time.sleep(float(refusal.split()[1]))
        elif refusal:
            refusals.append(refusal)
        else:
            path = CLUSTER / "applied" / title.replace("/", "+")
            path.parent.mkdir(exist_ok=True)
            path.write_text(yaml.safe_dump(document))
            group, _, version = document["apiVersion"].rpartition("/")
            kind = f"{document['kind'].lower()}{'.' if version and group else ''}{group}"
            sys.stdout.write(f"{kind}/{document['metadata']['name']} serverside-applied\n")
    sys.stderr.write("".join(f"{refusal}\n" for refusal in refusals))
    return 1 if refusals else 0


def get(what: str) -> int:
    if what == "secret":
        sys.stdout.write("".join(re.findall("DEX_USER_PASSWORD: (.*)", read("applied/Secret auth+dex-passwords"))))
        if stored := read("stored-hash"):
            sys.stdout.write(base64.b64encode(stored.encode()).decode())
    elif what == "secret/dex-passwords":
        sys.stdout.write(" 41 42")
    else:
        sys.stdout.write(read(what))
    return 0


def main() -> int:
    words = [word for word in sys.argv[1:] if not word.startswith("--request-timeout")]
    with (CLUSTER / "calls").open("a") as calls:
        calls.write(f"kubectl {' '.join(words)}\n")
    if read("down"):
        sys.stderr.write(f"{read('down')}\n")
        return 1
    if words[0] == "apply":
        return apply()
    return get(words[1]) if words[0] == "get" else 0


if __name__ == "__main__":
    sys.exit(main())
