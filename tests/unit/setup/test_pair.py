"""Which Secrets of hooks and Metacontroller belong together, and what is said of those that don't."""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from hooks.setup.keys import build_keys
from hooks.setup.pair import Data, list_mismatches
from hooks.vk8s.keys.pki import encode_cert

NOW = datetime(2026, 11, 29, tzinfo=UTC)
NAMES = ("mine", "theirs")
TOKEN = "The token of Secret theirs is not among the tokens of Secret mine."
CA = "tls.crt of Secret mine is not by ca.crt of Secret theirs."


def make() -> tuple[Data, Data]:
    """The data of both Secrets, as Kubernetes has them."""
    keys = build_keys(NOW, "vk8s-system")
    return encode(keys.hooks), encode(keys.client)


def encode(files: Mapping[str, bytes]) -> Data:
    return {name: b64encode(content).decode() for name, content in files.items()}


HOOKS, CLIENT = make()
OTHER_HOOKS, OTHER_CLIENT = make()


def build_chain(*names: str) -> list[str]:
    """Certificates, each by the one before; the first by itself."""
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in names]
    certificates = []
    for name, key, issuer, signer in zip(names, keys, [names[0], *names], [keys[0], *keys], strict=False):
        builder = x509.CertificateBuilder().subject_name(describe(name)).issuer_name(describe(issuer))
        builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
        signed = builder.not_valid_before(NOW).not_valid_after(NOW + timedelta(days=1)).sign(signer, hashes.SHA256())
        certificates.append(b64encode(encode_cert(signed)).decode())
    return certificates


def describe(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def join(*values: str) -> str:
    return b64encode(b"".join(b64decode(value) for value in values)).decode()


@pytest.mark.parametrize(
    ("hooks", "client"),
    [
        (HOOKS, CLIENT),
        ({**HOOKS, "tokens": join(OTHER_HOOKS["tokens"], HOOKS["tokens"])}, CLIENT),
        (HOOKS, {**CLIENT, "ca.crt": join(OTHER_CLIENT["ca.crt"], CLIENT["ca.crt"])}),
        ({"tokens": HOOKS["tokens"]}, {"token": CLIENT["token"]}),
        ({**HOOKS, "tls.crt": CLIENT["ca.crt"]}, CLIENT),
    ],
    ids=["as made", "two tokens", "two CAs", "certificates by somebody else", "certificate that is trusted itself"],
)
def test_pair_that_belongs_together_has_no_mismatch(hooks: Data, client: Data) -> None:
    assert list(list_mismatches(hooks, client, NAMES)) == []


def test_certificate_may_be_by_an_authority_between() -> None:
    """In `tls.crt`, those between follow, in the order in which TLS sends them."""
    root, second, third, server = build_chain("root", "second", "third", "server")
    client = {**CLIENT, "ca.crt": root}
    assert list(list_mismatches({**HOOKS, "tls.crt": join(server, third, second)}, client, NAMES)) == []
    assert list(list_mismatches({**HOOKS, "tls.crt": join(server, second)}, client, NAMES)) == [CA]


@pytest.mark.parametrize(
    ("hooks", "client", "expected"),
    [
        (HOOKS, OTHER_CLIENT, [TOKEN, CA]),
        (HOOKS, {**CLIENT, "token": OTHER_CLIENT["token"]}, [TOKEN]),
        ({**HOOKS, "tls.crt": OTHER_HOOKS["tls.crt"]}, CLIENT, [CA]),
        ({**HOOKS, "tls.crt": HOOKS["tokens"]}, CLIENT, [CA]),
        (HOOKS, {**CLIENT, "ca.crt": CLIENT["token"]}, [CA]),
        ({**HOOKS, "tls.key": ""}, CLIENT, ["Key tls.key of Secret mine is empty."]),
        (HOOKS, {**CLIENT, "token": ""}, ["Key token of Secret theirs is empty."]),
    ],
    ids=["other pair", "other token", "other CA", "no certificate", "no CA", "empty key", "empty token"],
)
def test_mismatch_is_named(hooks: Data, client: Data, expected: list[str]) -> None:
    assert list(list_mismatches(hooks, client, NAMES)) == expected
