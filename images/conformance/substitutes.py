# ruff: noqa: INP001 - a script of the image builds, not part of a package
"""The images that Kubernetes' own tests use, of what stands in for them.

Called as `substitutes.py OUT REFERENCES LAYERS`. OUT becomes a docker archive with an image for each reference in the
file REFERENCES (a line each, as `e2e.test --list-images` prints them) whose name is known here. LAYERS is the directory
with the layers, as tar files.
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from archive import SEARCH_PATH, Image, write_archive


@dataclass(frozen=True)
class Substitute:
    """What an image has: layers by name, lowest first, and settings as in the `config` object of OCI."""

    layers: Sequence[str]
    settings: Mapping[str, object] = field(default_factory=dict)


def _expose(*ports: int) -> Mapping[str, object]:
    return {"ExposedPorts": {f"{port}/tcp": {} for port in ports}}


_AGNHOST_PORTS = _expose(80, 8080, 8081, 9376, 5000)
_AGNHOST: Mapping[str, object] = {"Entrypoint": ["/agnhost"], "WorkingDir": "/", **_AGNHOST_PORTS}
_SHELL: Mapping[str, object] = {"Cmd": ["/bin/sh"]}
# By the last part of the original's name. Whatever tag is asked for, the substitute is the same.
SUBSTITUTES: Mapping[str, Substitute] = {
    "agnhost": Substitute(["debian", "agnhost"], {**_AGNHOST, "Cmd": ["pause"]}),
    "busybox": Substitute(["busybox"], {"Cmd": ["sh"]}),
    "etcd": Substitute(["etcd"], {"Entrypoint": ["/usr/local/bin/etcd"]}),
    "httpd": Substitute(
        ["debian", "httpd"],
        {"Cmd": ["httpd-foreground"], "WorkingDir": "/usr/local/apache2", **_expose(80)},
    ),
    "ipc-utils": Substitute(["debian"], _SHELL),
    "jessie-dnsutils": Substitute(["debian"], _SHELL),
    "kitten": Substitute(["debian", "agnhost", "kitten"], {**_AGNHOST, "Cmd": ["test-webserver"]}),
    "nautilus": Substitute(["debian", "agnhost", "nautilus"], {**_AGNHOST, "Cmd": ["test-webserver"]}),
    "nginx": Substitute(
        ["debian", "nginx"], {"Cmd": ["nginx", "-g", "daemon off;"], "StopSignal": "SIGQUIT", **_expose(80)}
    ),
    "nonewprivs": Substitute(["debian", "nonewprivs"], {"Cmd": ["nnp"]}),
    "nonroot": Substitute(["debian"], {**_SHELL, "User": "1234"}),
    "regression-issue-74839": Substitute(["regression-issue-74839"], {"Entrypoint": ["/regression-issue-74839"]}),
    "resource-consumer": Substitute(["debian", "resource-consumer"], {"Entrypoint": ["/consumer"], **_expose(8080)}),
    "sample-apiserver": Substitute(["sample-apiserver"], {"Entrypoint": ["/sample-apiserver"]}),
}


def main(out: Path, references: Path, layers: Path) -> None:
    """Writes the archive, and says what is in it."""
    images = [
        (build_image(reference), [layers / f"{layer}.tar" for layer in SUBSTITUTES[get_name(reference)].layers])
        for reference in sorted(references.read_text().split())
        if get_name(reference) in SUBSTITUTES
    ]
    write_archive(out, images)
    sys.stdout.write("".join(f"  {image.reference}\n" for image, _ in images))


def get_name(reference: str) -> str:
    """The last part of the repository: `agnhost` of `registry.k8s.io/e2e-test-images/agnhost:2.56`."""
    return reference.rpartition("/")[2].partition(":")[0]


def build_image(reference: str) -> Image:
    """The settings of the substitute, and a label, so that no two images of the same layers are the same."""
    labels = {"org.opencontainers.image.ref.name": reference}
    settings = SUBSTITUTES[get_name(reference)].settings
    return Image(reference, {"Env": [SEARCH_PATH], "Labels": labels, **settings})


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
