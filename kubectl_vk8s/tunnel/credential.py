"""`credential`: prints the client certificate of a virtual cluster, and makes sure that its tunnel is there.

kubectl runs it before it connects. The certificate is read from the Secret with the rights of the user, so that who
loses that right loses the virtual cluster; it is kept for some minutes, as kubectl asks with each call.
"""

import json
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from kubectl_vk8s.credentials import read_credentials
from kubectl_vk8s.kubectl import KubectlError
from kubectl_vk8s.problems import Exit, ProblemError
from kubectl_vk8s.tunnel.place import Tunnel, build_program, locked, parse_tunnel, write_private

_API_VERSION: Final = "client.authentication.k8s.io/v1"
# Programs ask again then, which is how the tunnel knows that it is used.
_LIFE: Final = timedelta(minutes=10)
_MARGIN: Final = timedelta(minutes=1)
_FORMAT: Final = "%Y-%m-%dT%H:%M:%SZ"
_START_SECONDS: Final = 30
_POLL_SECONDS: Final = 0.02


def main(arguments: Sequence[str]) -> int:
    """Prints the credential; the exit code. What is wrong goes to standard error, which kubectl shows."""
    tunnel = parse_tunnel(arguments)
    try:
        if tunnel.port:
            ensure_served(tunnel)
        sys.stdout.write(json.dumps(find_kept(tunnel) or read_new(tunnel)) + "\n")
    except ProblemError as problem:
        sys.stderr.write(f"kubectl vk8s: {problem}\n")
        return Exit.FAILED
    return Exit.DONE


def find_kept(tunnel: Tunnel) -> Mapping[str, Any] | None:
    """The credential that was read some minutes ago; None where it would soon end."""
    try:
        kept: dict[str, Any] = json.loads(tunnel.get_file("credential").read_text())
    except (OSError, ValueError):
        return None
    end = datetime.strptime(kept["status"]["expirationTimestamp"], _FORMAT).replace(tzinfo=UTC)
    return kept if datetime.now(UTC) + _MARGIN < end else None


def read_new(tunnel: Tunnel) -> Mapping[str, Any]:
    """The credential in the Secret, which is kept for a while."""
    credentials = read_credentials(tunnel.kubectl, tunnel.name)
    status = {
        "clientCertificateData": credentials.certificate,
        "clientKeyData": credentials.key,
        "expirationTimestamp": (datetime.now(UTC) + _LIFE).strftime(_FORMAT),
    }
    credential = {"apiVersion": _API_VERSION, "kind": "ExecCredential", "status": status}
    write_private(tunnel.get_file("credential"), json.dumps(credential))
    return credential


def ensure_served(tunnel: Tunnel) -> None:
    """Returns when the tunnel leads to the API server; starts it where nobody serves it. ProblemError if it can't."""
    tunnel.get_file("used").touch(mode=0o600)
    # Several kubectl at once start one tunnel.
    with locked(tunnel.get_file("start")):
        if tunnel.is_served:
            return
        check_state(tunnel)
        tunnel.get_file("report").unlink(missing_ok=True)
        command, environment = build_program()
        process = subprocess.Popen(
            # In a session of its own, and with none of our files: kubectl waits until they are closed.
            [*command, "tunnel", *tunnel.arguments], env=environment, start_new_session=True, close_fds=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        wait_until_served(tunnel, process)


def check_state(tunnel: Tunnel) -> None:
    """ProblemError where the virtual cluster is paused: nobody would answer."""
    try:
        vk8s = tunnel.kubectl.get("vk8s", tunnel.name)
    except KubectlError as error:
        if error.reason == "Forbidden":
            return
        raise
    if (vk8s.get("status") or {}).get("phase") == "Paused":
        where = f"--namespace {tunnel.namespace}"
        raise ProblemError(f"{tunnel.name} is paused: kubectl vk8s resume {tunnel.name} {where}")


def wait_until_served(tunnel: Tunnel, process: "subprocess.Popen[bytes]") -> None:
    """Returns when the tunnel says that it leads somewhere. ProblemError with what it says otherwise."""
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end:
        report = tunnel.read_report()
        if report.get("isReady"):
            # It goes on by itself, and is nobody's child any more when this process ends.
            process.returncode = 0
            return
        if process.poll() is not None:
            raise ProblemError(report.get("error") or f"the tunnel to {tunnel.name} ended at once.")
        time.sleep(_POLL_SECONDS)
    process.terminate()
    said = tunnel.read_report().get("error") or "its API server does not answer."
    raise ProblemError(f"{tunnel.name} can't be reached: {said}")
