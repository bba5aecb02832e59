"""The certificate with which a worker joins: whose it is, and when it is replaced."""

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from hooks.vk8s.keys import kubelet_client
from hooks.vk8s.keys.kubeconfig import Issuer
from hooks.vk8s.keys.kubelet_client import build_kubelet_client, parse_kubelet_client
from hooks.vk8s.keys.pki import Authority, ignore_long_names
from hooks.vk8s.keys.pki_files import parse_authority
from tests.unit.vk8s.keys.test_pki import ENTROPY, PKI
from tests.world import NOW

LONGEST = "n" * 63


def issuer(name: str = "ca") -> Issuer:
    authority = parse_authority(PKI, name)
    assert isinstance(authority, Authority)
    return Issuer(authority, timedelta(days=365), NOW)


CLIENT = build_kubelet_client("w", issuer(), ENTROPY)


@pytest.mark.parametrize("node", ["w", LONGEST])
def test_certificate_is_the_kubelet_of_that_node_alone(node: str) -> None:
    cert = parse_kubelet_client(build_kubelet_client(node, issuer(), ENTROPY).pem, node, issuer().authority)
    assert cert is not None
    with ignore_long_names():
        assert cert.subject.rfc4514_string() == f"CN=system:node:{node},O=system:nodes"
    usages = cert.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usages) == [ExtendedKeyUsageOID.CLIENT_AUTH]


def test_workers_have_different_keys() -> None:
    assert build_kubelet_client("x", issuer(), ENTROPY).pem[-200:] != CLIENT.pem[-200:]


def test_certificate_is_renewed_a_month_before_its_end() -> None:
    assert CLIENT.renewal == NOW + timedelta(days=335)


def test_known_certificates_are_forgotten_before_they_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kubelet_client, "MOST_CHECKED", 2)
    for number in range(5):
        node = f"w{number}"
        pem = build_kubelet_client(node, issuer(), ENTROPY).pem
        first = parse_kubelet_client(pem, node, issuer().authority)
        assert first is not None
        assert parse_kubelet_client(pem, node, issuer().authority) is first, "it is not checked again"
        assert len(kubelet_client.CHECKED) <= 2


@pytest.mark.parametrize(
    ("pem", "node"),
    [
        (b"", "w"),
        (CLIENT.pem, "x"),
        (CLIENT.pem.partition(b"-----BEGIN EC")[0], "w"),
        (CLIENT.pem.partition(b"-----BEGIN EC")[0] + PKI["ca.key"], "w"),
        (build_kubelet_client("w", issuer("etcd-ca"), ENTROPY).pem, "w"),
    ],
    ids=["nothing", "another node", "no key", "another key", "another CA"],
)
def test_files_that_are_not_whole_are_none(pem: bytes, node: str) -> None:
    assert parse_kubelet_client(pem, node, issuer().authority) is None
