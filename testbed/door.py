"""The locked door between Metacontroller and the hooks, with the keys that install.sh makes: as users have it."""

import subprocess
from collections.abc import Mapping

from testbed.host_cluster import HostCluster
from testbed.layout import ROOT, Testbed

_SCRIPTS = ROOT / "metacontroller" / "install"


def make_keys(testbed: Testbed) -> None:
    """The keys of a testbed; nothing if they are there."""
    if not testbed.keys.exists():
        testbed.keys.mkdir(parents=True)
        _run(f'make_keys "{testbed.keys}"')


def give_keys(host: HostCluster) -> None:
    """Makes the keys and the Secrets that hold them; the namespace has to be there."""
    make_keys(host.testbed)
    host.kubectl.run("apply", "--filename=-", stdin=_run(f'print_key_secrets "{host.testbed.keys}"', host))


def build_settings(testbed: Testbed) -> Mapping[str, str]:
    """The settings by which hooks use the keys."""
    files = {"TLS_CERT_FILE": "tls.crt", "TLS_KEY_FILE": "tls.key", "TOKEN_FILE": "tokens"}
    return {f"VK8S_SETTING_{setting}": str(testbed.keys / name) for setting, name in files.items()}


def _run(command: str, host: HostCluster | None = None) -> str:
    """What a function of install.sh prints."""
    sources = " && ".join(f'. "{_SCRIPTS}/{name}.sh"' for name in ("say", "cluster", "keys"))
    environment = {"KUBECTL": host.kubectl.command[0]} if host else {}
    script = ["bash", "-euo", "pipefail", "-c", f"{sources} && {command}"]
    path = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
    return subprocess.run(script, env={**path, **environment}, capture_output=True, text=True, check=True).stdout
