"""Client certificates of any user: issuing them, and whether one that exists is still that of its user."""

from datetime import timedelta

import pytest
from cryptography import x509

from hooks.vk8s.keys.client import User, issue_client, parse_client
from hooks.vk8s.keys.kubeconfig import Issuer
from hooks.vk8s.keys.pki_files import parse_pki
from tests.unit.vk8s.keys.test_pki import ENTROPY, PKI
from tests.world import NOW

ANN = User("ann", "people", purpose="a test")
AUTHORITY = parse_pki(PKI).authority
ISSUER = Issuer(AUTHORITY, timedelta(days=365), NOW)
# openssl ecparam -name secp160r1 -genkey -noout
UNKNOWN_CURVE = b"""-----BEGIN EC PRIVATE KEY-----
MFECAQEEFQBw+Hhw1OWKK0PjOLLQBjK8eGpq2qAHBgUrgQQACKEsAyoABNVQ98kj
1OsA2DzQmV+Us0Xd/mxD2ooT1VK7V8v3A6pPmhHGL7VTcrk=
-----END EC PRIVATE KEY-----
"""
CLIENT = issue_client(ANN, ISSUER, ENTROPY)


def test_certificate_and_key_are_those_of_the_user() -> None:
    assert parse_client(CLIENT.cert, CLIENT.key, ANN, AUTHORITY) == x509.load_pem_x509_certificate(CLIENT.cert)
    assert CLIENT.renewal == NOW + timedelta(days=335)


@pytest.mark.parametrize(
    "user", [User("bob", "people", ANN.purpose), User("ann", "others", ANN.purpose)], ids=["name", "organization"]
)
def test_another_user_has_another_certificate(user: User) -> None:
    assert parse_client(CLIENT.cert, CLIENT.key, user, AUTHORITY) is None


def test_key_of_a_curve_that_the_library_does_not_know_is_none_of_the_user() -> None:
    assert parse_client(CLIENT.cert, UNKNOWN_CURVE, ANN, AUTHORITY) is None


def test_purposes_have_keys_of_their_own() -> None:
    assert issue_client(User("ann", "people", purpose="another"), ISSUER, ENTROPY).key != CLIENT.key
