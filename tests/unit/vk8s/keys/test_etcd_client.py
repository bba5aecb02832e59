"""The client certificate for etcd: who signs it, when it stays, and when it is renewed."""

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from hooks.vk8s.keys.etcd_client import build_etcd_client, parse_etcd_client
from hooks.vk8s.keys.kubeconfig import Issuer
from hooks.vk8s.keys.pki import ETCD_CA, Authority
from hooks.vk8s.keys.pki_files import parse_authority
from tests.unit.vk8s.keys.test_pki import ENTROPY, PKI
from tests.world import NOW


def issuer(name: str = ETCD_CA) -> Issuer:
    authority = parse_authority(PKI, name)
    assert isinstance(authority, Authority)
    return Issuer(authority, timedelta(days=365), NOW)


FILES = build_etcd_client(issuer(), ENTROPY).files


def test_certificate_is_a_client_of_etcd_alone() -> None:
    cert = x509.load_pem_x509_certificate(FILES["tls.crt"])
    cert.verify_directly_issued_by(x509.load_pem_x509_certificate(PKI["etcd-ca.crt"]))
    usages = cert.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usages) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert cert.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == "vk8s-backup"
    key = load_pem_private_key(FILES["tls.key"], None)
    assert key.public_key() == cert.public_key()


def test_no_key_of_a_ca_is_among_the_files() -> None:
    assert sorted(FILES) == ["ca.crt", "tls.crt", "tls.key"]
    assert FILES["ca.crt"] == PKI["etcd-ca.crt"]


def test_certificate_is_renewed_a_month_before_its_end() -> None:
    assert build_etcd_client(issuer(), ENTROPY).renewal == NOW + timedelta(days=335)


def test_certificate_in_the_files_stays() -> None:
    assert parse_etcd_client(FILES, issuer().authority) == x509.load_pem_x509_certificate(FILES["tls.crt"])


@pytest.mark.parametrize(
    "files",
    [
        {},
        {**FILES, "ca.crt": PKI["ca.crt"]},
        {**FILES, "tls.key": b""},
        {**FILES, "tls.key": PKI["ca.key"]},
        {**FILES, "tls.crt": b"no certificate"},
        {**FILES, "tls.crt": PKI["ca.crt"], "tls.key": PKI["ca.key"]},
    ],
    ids=["nothing", "another CA", "no key", "another key", "no certificate", "signed by another CA"],
)
def test_files_that_are_not_whole_are_replaced(files: dict[str, bytes]) -> None:
    assert parse_etcd_client(files, issuer().authority) is None


def test_client_of_etcd_has_another_key_than_the_kubeconfig() -> None:
    assert FILES["tls.key"] != build_etcd_client(issuer("ca"), bytes(32)).files["tls.key"]
