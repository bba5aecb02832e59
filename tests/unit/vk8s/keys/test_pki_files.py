"""What a `pki` Secret must hold to be used, and that what is wrong with it is named without its content."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from hooks.vk8s.keys.pki import AUTHORITIES, PkiError, build_pki
from hooks.vk8s.keys.pki_files import parse_pki, read_ca_end
from tests.world import NOW

PKI = build_pki(b"0123456789abcdef0123456789abcdef", NOW, timedelta(days=3650))
OTHER = build_pki(b"fedcba9876543210fedcba9876543210", NOW, timedelta(days=10))
RSA = rsa.generate_private_key(65537, 2048)
UNREADABLE = b"MARKER"


def make_rsa(*, is_ca: bool | None) -> dict[str, bytes]:
    """Certificate and key as another tool might make them; without a word on whether it is a CA where that is None."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "made elsewhere")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .serial_number(7)
        .not_valid_before(NOW)
        .not_valid_after(NOW + timedelta(days=1))
        .public_key(RSA.public_key())
    )
    if is_ca is not None:
        builder = builder.add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    key = RSA.private_bytes(pem, form, serialization.NoEncryption())
    return {"crt": builder.sign(RSA, hashes.SHA256()).public_bytes(pem), "key": key}


def public(key: rsa.RSAPublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"ca.key": b""}, "it has no ca.key"),
        ({"token": b"", "sa.pub": b""}, "it has no sa.pub, token"),
        ({"ca.crt": UNREADABLE}, "ca.crt or ca.key is not PEM that can be read"),
        ({"ca.key": PKI["etcd-ca.key"]}, "ca.key is not the key of ca.crt"),
        ({"etcd-ca.key": UNREADABLE}, "etcd-ca.crt or etcd-ca.key is not PEM that can be read"),
        ({"etcd-ca.crt": OTHER["etcd-ca.crt"]}, "etcd-ca.key is not the key of etcd-ca.crt"),
        (
            {"front-proxy-ca.key": OTHER["front-proxy-ca.key"]},
            "front-proxy-ca.key is not the key of front-proxy-ca.crt",
        ),
        ({"sa.pub": UNREADABLE}, "sa.key or sa.pub is not PEM that can be read"),
        ({"sa.key": OTHER["sa.key"]}, "sa.key and sa.pub are not a pair"),
        ({"sa.key": UNREADABLE}, "sa.key or sa.pub is not PEM that can be read"),
        (
            {"token": UNREADABLE},
            "token is not a bootstrap token, which is 6 and 16 lower-case letters and digits with a dot between",
        ),
        (
            {"etcd-ca.crt": make_rsa(is_ca=False)["crt"], "etcd-ca.key": make_rsa(is_ca=False)["key"]},
            "etcd-ca.crt is not the certificate of a CA",
        ),
        (
            {"etcd-ca.crt": make_rsa(is_ca=None)["crt"], "etcd-ca.key": make_rsa(is_ca=None)["key"]},
            "etcd-ca.crt is not the certificate of a CA",
        ),
        ({"ca.crt": make_rsa(is_ca=True)["crt"], "ca.key": make_rsa(is_ca=True)["key"]}, "ca.key is not an ECDSA key"),
        (
            {"sa.key": OTHER["sa.key"], "ca.key": OTHER["ca.key"]},
            "ca.key is not the key of ca.crt, and sa.key and sa.pub are not a pair",
        ),
    ],
)
def test_pki_that_cannot_be_used_is_named_without_its_content(change: dict[str, bytes], sentence: str) -> None:
    with pytest.raises(PkiError) as raised:
        parse_pki({**PKI, **change})
    assert str(raised.value) == sentence


def test_keys_of_another_kind_serve_where_kubeadm_takes_them() -> None:
    made = make_rsa(is_ca=True)
    files = {"front-proxy-ca.crt": made["crt"], "front-proxy-ca.key": made["key"], "sa.key": made["key"]}
    assert parse_pki({**PKI, **files, "sa.pub": public(RSA.public_key())}).files["sa.key"] == made["key"]


def test_token_that_was_written_by_hand_may_end_with_a_newline() -> None:
    assert parse_pki({**PKI, "token": PKI["token"] + b"\n"}).authority.cert.subject


def test_time_of_all_cas_counts() -> None:
    mixed = {**PKI, "etcd-ca.crt": OTHER["etcd-ca.crt"], "etcd-ca.key": OTHER["etcd-ca.key"]}
    assert parse_pki(mixed).end == read_ca_end(mixed) == NOW + timedelta(days=10)
    late = build_pki(bytes(32), NOW + timedelta(days=5), timedelta(days=3650))
    mixed = {**PKI, "etcd-ca.crt": late["etcd-ca.crt"], "etcd-ca.key": late["etcd-ca.key"]}
    assert parse_pki(mixed).start == NOW + timedelta(days=3)


def test_end_is_that_of_the_cas_that_can_be_read() -> None:
    assert read_ca_end({}) is None
    assert read_ca_end({f"{name}.crt": UNREADABLE for name in AUTHORITIES}) is None
    assert read_ca_end({"ca.crt": PKI["ca.crt"]}) == datetime(2035, 12, 31, 3, 4, 5, tzinfo=UTC)
