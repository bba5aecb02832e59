"""Keys and certificates: what kubeadm and kubectl expect of them, and that they follow from their entropy alone."""

import re
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from cryptography.x509.oid import NameOID

from hooks.settings import Settings
from hooks.vk8s.keys.kubeconfig import Issuer, build_kubeconfig, compute_renewal_time, parse_client_cert
from hooks.vk8s.keys.pki import AUTHORITIES, PKI_FILES, PkiError, build_pki, public_key_hash, read_secret
from hooks.vk8s.keys.pki_files import parse_pki
from hooks.vk8s.spec.cluster import build_cluster
from hooks.vk8s.spec.model import Spec
from hooks.vk8s.spec.network import Network
from hooks.wire import Metadata
from tests.world import NOW, UID, spec

ENTROPY = b"0123456789abcdef0123456789abcdef"
VALIDITY = timedelta(days=3650)
PKI = build_pki(ENTROPY, NOW, VALIDITY)
AUTHORITY = parse_pki(PKI).authority
CLUSTER = build_cluster(
    Metadata(name="demo", namespace="team-a", uid=UID), Spec.model_validate(spec()), Settings(), Network()
)


def test_the_files_are_those_that_a_master_copies() -> None:
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


def test_the_keys_all_differ() -> None:
    keys = [PKI[name] for name in PKI_FILES if name.endswith(".key")]
    assert len(set(keys)) == len(keys) == 4


def test_the_service_account_keys_are_a_pair() -> None:
    assert load_pem_private_key(PKI["sa.key"], None).public_key() == load_pem_public_key(PKI["sa.pub"])


def test_the_token_has_the_form_of_a_bootstrap_token() -> None:
    assert re.fullmatch(r"[a-z0-9]{6}\.[a-z0-9]{16}", PKI["token"].decode())


def test_the_same_entropy_gives_the_same_bytes_and_another_gives_others() -> None:
    assert build_pki(ENTROPY, NOW, VALIDITY) == PKI
    other = build_pki(ENTROPY[::-1], NOW, VALIDITY)
    assert all(other[name] != PKI[name] for name in PKI_FILES)


def test_the_hash_is_what_kubeadm_pins() -> None:
    # openssl x509 -pubkey -in ca.crt | openssl pkey -pubin -outform der | sha256sum
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", public_key_hash(AUTHORITY.cert))


def test_data_that_is_not_base64_is_named_without_its_content() -> None:
    with pytest.raises(PkiError, match=r"^its data is not base64$"):
        read_secret({"data": {"ca.crt": "a"}})


def issuer(now: datetime = NOW, validity: timedelta = timedelta(days=365)) -> Issuer:
    return Issuer(AUTHORITY, validity, now)


def build(by: Issuer | None = None) -> bytes:
    return build_kubeconfig(CLUSTER, by or issuer(), ENTROPY).text.encode()


def parse(kubeconfig: bytes, by: Issuer | None = None) -> x509.Certificate | None:
    return parse_client_cert(kubeconfig, CLUSTER, by or issuer())


def issue(by: Issuer) -> x509.Certificate:
    cert = parse(build(by), by)
    assert cert
    return cert


@pytest.mark.parametrize("name", ["y", "n", "yes", "off"])
def test_a_name_that_reads_like_a_boolean_is_quoted(name: str) -> None:
    cluster = replace(CLUSTER, identity=replace(CLUSTER.identity, name=name))
    text = build_kubeconfig(cluster, issuer(), ENTROPY).text
    assert f'name: "{name}"' in text.replace("'", '"')
    assert text.replace("'", '"').count(f'"{name}"') == 4


def test_the_kubeconfig_names_the_full_name_of_the_service_and_trusts_the_ca() -> None:
    parsed = yaml.safe_load(build())
    cluster = parsed["clusters"][0]["cluster"]
    assert cluster["server"] == "https://demo-api.team-a.svc.cluster.local:6443"
    assert cluster["tls-server-name"] == "demo-api.team-a.svc.cluster.local"
    assert read_secret({"data": {"ca": cluster["certificate-authority-data"]}})["ca"] == PKI["ca.crt"]


def test_the_client_certificate_is_an_administrators_and_signed_by_the_ca() -> None:
    user = yaml.safe_load(build())["users"][0]["user"]
    files = read_secret({"data": {"crt": user["client-certificate-data"], "key": user["client-key-data"]}})
    cert = x509.load_pem_x509_certificate(files["crt"])
    cert.verify_directly_issued_by(AUTHORITY.cert)
    assert cert.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value == "kubeadm:cluster-admins"
    assert load_pem_private_key(files["key"], None).public_key() == cert.public_key()


@pytest.mark.parametrize(
    ("validity", "before_end"),
    [
        (timedelta(days=365), timedelta(days=30)),
        (timedelta(days=30), timedelta(days=10)),
        (timedelta(seconds=90), timedelta(seconds=30)),
    ],
    ids=["30 days before the end of a year", "a third of a month", "a third of seconds"],
)
def test_renewal_time(validity: timedelta, before_end: timedelta) -> None:
    by = issuer(validity=validity)
    assert build_kubeconfig(CLUSTER, by, ENTROPY).renewal == NOW + validity - before_end


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"clusters: []", b"\xff"],
    ids=["nothing", "no YAML", "a list", "no cluster", "no text"],
)
def test_what_is_no_kubeconfig_is_not_right(content: bytes) -> None:
    assert parse(content) is None


def test_a_kubeconfig_for_another_ca_or_server_is_not_right() -> None:
    other = parse_pki(build_pki(ENTROPY[::-1], NOW, VALIDITY)).authority
    assert parse(build(), replace(issuer(), authority=other)) is None
    moved = replace(CLUSTER, cluster_domain=Settings(cluster_domain="example.org").cluster_domain)
    assert parse_client_cert(build(), moved, issuer()) is None


class TestTimes:
    """A client certificate lives in the time of its CA, and no clock takes it for one of the future."""

    def test_it_starts_with_its_ca(self) -> None:
        assert issue(issuer()).not_valid_before_utc == AUTHORITY.cert.not_valid_before_utc

    @pytest.mark.parametrize("days", [-400, 3300, 3649, 3651, 9999])
    def test_it_ends_with_its_ca_at_the_latest(self, days: int) -> None:
        cert = issue(issuer(NOW + timedelta(days=days)))
        assert AUTHORITY.cert.not_valid_before_utc < cert.not_valid_after_utc <= AUTHORITY.cert.not_valid_after_utc

    @pytest.mark.parametrize("days", [3300, 3649, 3651])
    def test_one_that_ends_with_its_ca_is_not_renewed(self, days: int) -> None:
        by = issuer(NOW + timedelta(days=days))
        assert build_kubeconfig(CLUSTER, by, ENTROPY).renewal is None

    def test_two_hooks_of_which_one_is_400_days_ahead_agree_on_one(self) -> None:
        ahead = issuer(NOW + timedelta(days=400))
        cert = parse(build(ahead))
        assert cert
        assert (
            compute_renewal_time(cert.not_valid_after_utc, issuer())
            == build_kubeconfig(CLUSTER, ahead, ENTROPY).renewal
        )

    @pytest.mark.parametrize(
        ("start", "end"),
        [(timedelta(hours=1), timedelta(days=365)), (timedelta(0), VALIDITY + timedelta(days=1))],
        ids=["from the future", "outlives its CA"],
    )
    def test_one_that_earlier_hooks_have_made_and_that_is_not_right(self, start: timedelta, end: timedelta) -> None:
        longer = parse_pki(build_pki(ENTROPY, NOW + start + timedelta(days=2), end)).authority
        foreign = yaml.safe_load(build(replace(issuer(NOW + start, end), authority=longer)))
        mixed = yaml.safe_load(build())
        assert parse(yaml.safe_dump({**mixed, "users": foreign["users"]}).encode()) is None
