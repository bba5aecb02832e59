"""The kubeconfig of the owner: whom it trusts, as whom it logs in, and when it is renewed."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import NameOID

from hooks.settings import Settings
from hooks.vk8s.keys.kubeconfig import Issuer, build_kubeconfig, compute_renewal_time, parse_client_cert
from hooks.vk8s.keys.pki import build_pki, read_secret
from hooks.vk8s.keys.pki_files import parse_pki
from hooks.vk8s.spec.cluster import build_cluster
from hooks.vk8s.spec.model import Spec
from hooks.vk8s.spec.network import Network
from hooks.wire import Metadata
from tests.unit.vk8s.keys.test_pki import AUTHORITY, ENTROPY, PKI, VALIDITY
from tests.world import NOW, UID, spec

CLUSTER = build_cluster(
    Metadata(name="demo", namespace="team-a", uid=UID), Spec.model_validate(spec()), Settings(), Network()
)


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
def test_name_that_reads_like_a_boolean_is_quoted(name: str) -> None:
    cluster = replace(CLUSTER, identity=replace(CLUSTER.identity, name=name))
    text = build_kubeconfig(cluster, issuer(), ENTROPY).text
    assert f'name: "{name}"' in text.replace("'", '"')
    assert text.replace("'", '"').count(f'"{name}"') == 4


def test_kubeconfig_has_the_full_service_name_and_trusts_the_ca() -> None:
    parsed = yaml.safe_load(build())
    cluster = parsed["clusters"][0]["cluster"]
    assert cluster["server"] == "https://demo-api.team-a.svc.cluster.local:6443"
    assert cluster["tls-server-name"] == "demo-api.team-a.svc.cluster.local"
    assert read_secret({"data": {"ca": cluster["certificate-authority-data"]}})["ca"] == PKI["ca.crt"]


def test_client_certificate_is_an_administrators_and_of_the_ca() -> None:
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
def test_renewal_time_leaves_a_month_or_a_third(validity: timedelta, before_end: timedelta) -> None:
    by = issuer(validity=validity)
    assert build_kubeconfig(CLUSTER, by, ENTROPY).renewal == NOW + validity - before_end


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"clusters: []", b"\xff"],
    ids=["nothing", "no YAML", "a list", "no cluster", "no text"],
)
def test_text_that_is_no_kubeconfig_is_rejected(content: bytes) -> None:
    assert parse(content) is None


def test_kubeconfig_for_another_ca_or_server_is_rejected() -> None:
    other = parse_pki(build_pki(ENTROPY[::-1], NOW, VALIDITY)).authority
    assert parse(build(), replace(issuer(), authority=other)) is None
    moved = replace(CLUSTER, cluster_domain=Settings(cluster_domain="example.org").cluster_domain)
    assert parse_client_cert(build(), moved, issuer()) is None


class TestTimes:
    """A client certificate lives in the time of its CA, and no clock takes it for one of the future."""

    def test_certificate_starts_with_its_ca(self) -> None:
        assert issue(issuer()).not_valid_before_utc == AUTHORITY.cert.not_valid_before_utc

    @pytest.mark.parametrize("days", [-400, 3300, 3649, 3651, 9999])
    def test_certificate_ends_with_its_ca_at_the_latest(self, days: int) -> None:
        cert = issue(issuer(NOW + timedelta(days=days)))
        assert AUTHORITY.cert.not_valid_before_utc < cert.not_valid_after_utc <= AUTHORITY.cert.not_valid_after_utc

    @pytest.mark.parametrize("days", [3300, 3649, 3651])
    def test_certificate_that_ends_with_its_ca_is_not_renewed(self, days: int) -> None:
        by = issuer(NOW + timedelta(days=days))
        assert build_kubeconfig(CLUSTER, by, ENTROPY).renewal is None

    def test_hooks_with_clocks_400_days_apart_agree_on_a_certificate(self) -> None:
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
    def test_certificate_of_earlier_hooks_is_replaced(self, start: timedelta, end: timedelta) -> None:
        longer = parse_pki(build_pki(ENTROPY, NOW + start + timedelta(days=2), end)).authority
        foreign = yaml.safe_load(build(replace(issuer(NOW + start, end), authority=longer)))
        mixed = yaml.safe_load(build())
        assert parse(yaml.safe_dump({**mixed, "users": foreign["users"]}).encode()) is None
