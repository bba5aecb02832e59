"""The Secret with all that a worker may see of the PKI."""

from datetime import timedelta

import pytest

from hooks.vk8s.children.join_secret import build_join_secret, list_join_files
from hooks.vk8s.keys.pki import build_pki, read_secret
from hooks.vk8s.keys.pki_files import parse_pki
from tests.world import NOW, World

FILES = build_pki(b"entropy of thirty-two characters", NOW, timedelta(days=365))
OWN = {"kubelet-w.pem": b"certificate and key of w"}


@pytest.mark.parametrize("has_token", [False, True])
def test_secret_has_no_key_of_a_ca_and_a_token_only_for_earlier_pods(*, has_token: bool) -> None:
    secret = build_join_secret(World().cluster.identity, parse_pki(FILES), OWN, has_token=has_token)
    assert secret["metadata"]["name"] == "demo-join"
    found = read_secret(secret)
    token = {"token": FILES["token"]} if has_token else {}
    assert found == {"ca.crt": FILES["ca.crt"], "ca-hash": found["ca-hash"], **OWN, **token}
    assert found["ca-hash"].startswith(b"sha256:")


def test_worker_mounts_only_its_own_files() -> None:
    assert list_join_files("w") == {"ca.crt": "ca.crt", "kubelet-w.pem": "client.pem"}


def test_no_name_of_a_node_is_that_of_another_file() -> None:
    assert len({*list_join_files("ca"), *list_join_files("token"), "token", "ca-hash"}) == 5
