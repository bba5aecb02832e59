"""Which CA a cluster was created with, as its Secrets say it; one that can't be read proves nothing."""

from base64 import b64decode
from datetime import timedelta

from cryptography import x509

from hooks.vk8s.keys.pki import build_pki, encode_data
from tests.unit.vk8s.plan.test_keys import (
    JOIN,
    KUBECONFIG,
    PKI,
    RUNNING,
    apply,
    data_of,
    read_cert,
    read_hash,
    read_problem,
    with_data,
    with_other_pki,
)
from tests.world import CONTEXT, NOW


def test_unreadable_secrets_prove_nothing() -> None:
    world = with_data(with_data(RUNNING, JOIN, {}), KUBECONFIG, {"config": "YQ==", "value": "YQ=="})
    assert read_problem(with_other_pki(world))[0] == "AllObserved"


def test_ca_with_the_same_key_and_another_end_is_the_same() -> None:
    files = build_pki(CONTEXT.entropy, NOW, timedelta(days=7300))
    longer = with_data(RUNNING, PKI, encode_data(files))
    assert read_problem(longer)[0] == "AllObserved"
    after = apply(longer)
    assert b64decode(data_of(after, JOIN)["ca.crt"]) == files["ca.crt"]
    assert b64decode(data_of(after, JOIN)["ca-hash"]).decode() == read_hash(RUNNING)
    read_cert(RUNNING).verify_directly_issued_by(x509.load_pem_x509_certificate(files["ca.crt"]))
