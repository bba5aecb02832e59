"""Who may do what in a host cluster: one administrator, by token, whom every program of the testbed uses."""

import json
import secrets

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from testbed.layout import API_PORT, Testbed

TOKENS, ACCOUNT_KEY, ACCOUNT_PUBLIC_KEY = "tokens.csv", "service-accounts.key", "service-accounts.pub"
CERTIFICATES = "certificates"


def create(testbed: Testbed) -> None:
    """Writes token, service-account keys and kubeconfig; nothing if they are there."""
    if testbed.kubeconfig.exists():
        return
    testbed.state.mkdir(parents=True, exist_ok=True, mode=0o700)
    token = secrets.token_hex(16)
    (testbed.state / TOKENS).write_text(f'{token},admin,admin,"system:masters"\n')
    _write_account_keys(testbed)
    # Last, as its presence says that all is there.
    testbed.kubeconfig.write_text(json.dumps(_build_kubeconfig(testbed, token), indent=2))


def _write_account_keys(testbed: Testbed) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    (testbed.state / ACCOUNT_KEY).write_bytes(private)
    (testbed.state / ACCOUNT_PUBLIC_KEY).write_bytes(public)


def _build_kubeconfig(testbed: Testbed, token: str) -> dict[str, object]:
    # The API server signs its certificate itself when it starts for the first time.
    authority = testbed.state / CERTIFICATES / "apiserver.crt"
    cluster = {"server": f"https://{testbed.address}:{API_PORT}", "certificate-authority": str(authority)}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": testbed.network, "cluster": cluster}],
        "users": [{"name": "admin", "user": {"token": token}}],
        "contexts": [{"name": testbed.network, "context": {"cluster": testbed.network, "user": "admin"}}],
        "current-context": testbed.network,
    }
