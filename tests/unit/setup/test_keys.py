"""The keys between Metacontroller and the hooks: what they are good for, and that install.sh makes the same."""

import re
import shutil
import ssl
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from hooks.server.certificate import build_server_context, watch_certificate
from hooks.server.tokens import watch_tokens
from hooks.setup.keys import CA, CERTIFICATE, KEY, TOKEN, TOKENS, VALIDITY, Keys, build_keys, build_tokens, list_names
from hooks.setup.pair import list_mismatches
from testbed.layout import ROOT
from tests.unit.setup.test_pair import encode

NOW = datetime.now(UTC).replace(microsecond=0)
NAMESPACE = "vk8s-system"


def read_files(directory: Path) -> Keys:
    """What install.sh has made."""
    hooks = {name: (directory / name).read_bytes() for name in (CERTIFICATE, KEY, TOKENS)}
    return Keys(hooks, {name: (directory / name).read_bytes() for name in (CA, TOKEN)})


def make_keys_by_shell(directory: Path) -> Keys:
    scripts = ROOT / "metacontroller" / "install"
    sources = " && ".join(f'. "{scripts}/{name}.sh"' for name in ("say", "cluster", "keys"))
    script = ["bash", "-euo", "pipefail", "-c", f'{sources} && make_keys "{directory}"']
    subprocess.run(script, check=True, capture_output=True)
    return read_files(directory)


def describe(content: bytes) -> dict[str, object]:
    """Everything of a certificate that is not another one each time."""
    cert = x509.load_pem_x509_certificate(content)
    hashes = (x509.SubjectKeyIdentifier, x509.AuthorityKeyIdentifier)
    extensions = {each.oid.dotted_string: each for each in cert.extensions}
    life = cert.not_valid_after_utc - cert.not_valid_before_utc
    return {
        "subject": cert.subject.rfc4514_string()[: len("CN=vk8s-hooks")],
        "extensions": {
            oid: (each.critical, None if isinstance(each.value, hashes) else each.value)
            for oid, each in extensions.items()
        },
        "signature": cert.signature_algorithm_oid.dotted_string,
        "key": cert.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )[:27],
        "days": life.days,
    }


@pytest.mark.skipif(shutil.which("openssl") is None, reason="install.sh makes keys with openssl")
def test_keys_are_those_that_the_installer_makes(tmp_path: Path) -> None:
    ours, theirs = build_keys(NOW, NAMESPACE), make_keys_by_shell(tmp_path)
    assert {CERTIFICATE: describe(ours.hooks[CERTIFICATE]), CA: describe(ours.client[CA])} == {
        CERTIFICATE: describe(theirs.hooks[CERTIFICATE]), CA: describe(theirs.client[CA])
    }  # fmt: skip
    for keys in (ours, theirs):
        assert (set(keys.hooks), set(keys.client)) == ({CERTIFICATE, KEY, TOKENS}, {CA, TOKEN})
        assert keys.hooks[KEY].startswith(b"-----BEGIN EC PRIVATE KEY-----\n")
        assert keys.hooks[TOKENS] == keys.client[TOKEN]
        assert re.fullmatch(rb"[0-9a-f]{64}\n", keys.client[TOKEN])
        assert not list(list_mismatches(encode(keys.hooks), encode(keys.client), ("hooks", "client")))


def test_hooks_accept_the_keys_and_metacontroller_trusts_them(tmp_path: Path) -> None:
    keys = build_keys(NOW, NAMESPACE)
    for name, content in {**keys.hooks, **keys.client}.items():
        (tmp_path / name).write_bytes(content)
    certificate = watch_certificate(tmp_path / CERTIFICATE, tmp_path / KEY)
    assert certificate.current().expiry == NOW + VALIDITY
    assert shake_hands(build_server_context(certificate), tmp_path / CA, list_names(NAMESPACE)[0])
    token = keys.client[TOKEN].decode().strip()
    assert watch_tokens(tmp_path / TOKENS).current().admit(f"Bearer {token}")


def shake_hands(server: ssl.SSLContext, authority: Path, name: str) -> bool:
    """Whether a client that trusts the authority accepts the certificate for that name."""
    client = ssl.create_default_context(cafile=authority)
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    one, other = client.wrap_bio(back, there, server_hostname=name), server.wrap_bio(there, back, server_side=True)
    for side in (one, other, one, other):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
    return one.getpeercert() is not None


@pytest.mark.parametrize("namespace", ["vk8s-system", "another"])
def test_certificate_has_the_names_of_the_service(namespace: str) -> None:
    cert = x509.load_pem_x509_certificate(build_keys(NOW, namespace).hooks[CERTIFICATE])
    names = cert.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    expected = [f"vk8s-hooks.{namespace}", f"vk8s-hooks.{namespace}.svc", "vk8s-hooks"]
    assert names.get_values_for_type(x509.DNSName) == expected


def test_keys_are_valid_for_a_host_whose_clock_is_late() -> None:
    keys = build_keys(NOW, NAMESPACE)
    for content in (keys.hooks[CERTIFICATE], keys.client[CA]):
        cert = x509.load_pem_x509_certificate(content)
        assert cert.not_valid_before_utc == NOW - timedelta(hours=1)


def test_keys_are_others_each_time() -> None:
    first, second = build_keys(NOW, NAMESPACE), build_keys(NOW, NAMESPACE)
    assert not set(first.hooks.values()) & set(second.hooks.values())
    assert not set(first.client.values()) & set(second.client.values())
    issuers = [x509.load_pem_x509_certificate(keys.client[CA]).subject for keys in (first, second)]
    assert issuers[0] != issuers[1]


def test_tokens_alone_are_the_same_on_both_sides() -> None:
    tokens = build_tokens()
    assert tokens.hooks.keys() == {TOKENS}
    assert tokens.client.keys() == {TOKEN}
    assert tokens.hooks[TOKENS] == tokens.client[TOKEN] != build_tokens().client[TOKEN]
