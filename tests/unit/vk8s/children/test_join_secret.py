"""The Secret with all that a worker may see of the PKI."""

from datetime import timedelta

from hooks.vk8s.children.join_secret import build_join_secret
from hooks.vk8s.keys.pki import build_pki, read_secret
from hooks.vk8s.keys.pki_files import parse_pki
from tests.world import NOW, World


def test_workers_get_certificate_token_and_hash_but_no_key() -> None:
    files = build_pki(b"entropy of thirty-two characters", NOW, timedelta(days=365))
    secret = build_join_secret(World().cluster.identity, files, parse_pki(files).authority)
    assert secret["metadata"]["name"] == "demo-join"
    found = read_secret(secret)
    assert found == {"ca.crt": files["ca.crt"], "token": files["token"], "ca-hash": found["ca-hash"]}
    assert found["ca-hash"].startswith(b"sha256:")
