"""Keys and certificates: what kubeadm and kubectl expect of them, and that they follow from their entropy alone."""

import re
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from hooks.vk8s.keys.pki import AUTHORITIES, PKI_FILES, PkiError, build_pki, public_key_hash, read_secret
from hooks.vk8s.keys.pki_files import parse_pki
from tests.world import NOW

ENTROPY = b"0123456789abcdef0123456789abcdef"
VALIDITY = timedelta(days=3650)
PKI = build_pki(ENTROPY, NOW, VALIDITY)
AUTHORITY = parse_pki(PKI).authority


def test_files_are_those_that_a_control_plane_node_copies() -> None:
    assert sorted(PKI) == sorted(PKI_FILES)


@pytest.mark.parametrize("name", AUTHORITIES)
def test_each_ca_signs_itself_and_its_key_is_its_own(name: str) -> None:
    cert = x509.load_pem_x509_certificate(PKI[f"{name}.crt"])
    cert.verify_directly_issued_by(cert)
    assert load_pem_private_key(PKI[f"{name}.key"], None).public_key() == cert.public_key()
    assert cert.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    # A clock that runs in local time is 14 hours ahead at most.
    assert cert.not_valid_before_utc == NOW - timedelta(days=2)
    assert cert.not_valid_after_utc == NOW + VALIDITY


def test_keys_all_differ() -> None:
    keys = [PKI[name] for name in PKI_FILES if name.endswith(".key")]
    assert len(set(keys)) == len(keys) == 4


def test_service_account_keys_are_a_pair() -> None:
    assert load_pem_private_key(PKI["sa.key"], None).public_key() == load_pem_public_key(PKI["sa.pub"])


def test_token_has_the_form_of_a_bootstrap_token() -> None:
    assert re.fullmatch(r"[a-z0-9]{6}\.[a-z0-9]{16}", PKI["token"].decode())


def test_same_entropy_gives_the_same_bytes_and_another_gives_others() -> None:
    assert build_pki(ENTROPY, NOW, VALIDITY) == PKI
    other = build_pki(ENTROPY[::-1], NOW, VALIDITY)
    assert all(other[name] != PKI[name] for name in PKI_FILES)


def test_hash_is_what_kubeadm_pins() -> None:
    # openssl x509 -pubkey -in ca.crt | openssl pkey -pubin -outform der | sha256sum
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", public_key_hash(AUTHORITY.cert))


def test_data_that_is_not_base64_is_named_without_its_content() -> None:
    with pytest.raises(PkiError, match=r"^its data is not base64$"):
        read_secret({"data": {"ca.crt": "a"}})
