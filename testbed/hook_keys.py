"""The keys of TLS and of the token between Metacontroller and the hooks, created by install.sh as users have them."""

import subprocess
from collections.abc import Mapping

from testbed.host_cluster import HostCluster
from testbed.layout import ROOT, Testbed

_SCRIPTS = ROOT / "metacontroller" / "install"


def make_keys(testbed: Testbed) -> None:
    """Creates the keys of a testbed, unless they exist."""
    if not testbed.keys.exists():
        testbed.keys.mkdir(parents=True)
        _run(f'make_keys "{testbed.keys}"')


def give_keys(host: HostCluster) -> None:
    """Creates the keys, and the Secrets with them. The namespace must exist."""
    make_keys(host.testbed)
    host.kubectl.run("apply", "--filename=-", stdin=_run(f'print_key_secrets "{host.testbed.keys}"', host))


def build_settings(testbed: Testbed) -> Mapping[str, str]:
    """The settings of hooks that use the keys."""
    files = {"TLS_CERT_FILE": "tls.crt", "TLS_KEY_FILE": "tls.key", "TOKEN_FILE": "tokens"}
    return {f"VK8S_SETTING_{setting}": str(testbed.keys / name) for setting, name in files.items()}


def _run(command: str, host: HostCluster | None = None) -> str:
    """The output of a function of install.sh."""
    sources = " && ".join(f'. "{_SCRIPTS}/{name}.sh"' for name in ("say", "cluster", "keys"))
    environment = {"KUBECTL": host.kubectl.command[0]} if host else {}
    script = ["bash", "-euo", "pipefail", "-c", f"{sources} && {command}"]
    path = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
    return subprocess.run(script, env={**path, **environment}, capture_output=True, text=True, check=True).stdout
