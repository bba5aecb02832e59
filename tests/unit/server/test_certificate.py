"""The certificate with which the hooks serve. Handshakes: tests/api/test_tls.py."""

import ssl
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from hooks.server.certificate import build_server_context, watch_certificate
from hooks.server.files import FileProblem
from tests.api.material import make_pair
from tests.authority import Pair

PAIR, OTHER = make_pair(), make_pair()


def write(directory: Path, cert: bytes, key: bytes) -> tuple[Path, Path]:
    paths = directory / "tls.crt", directory / "tls.key"
    for path, content in zip(paths, (cert, key), strict=True):
        path.write_bytes(content)
    return paths


def lock(pair: Pair) -> bytes:
    """The key with a passphrase."""
    key = serialization.load_pem_private_key(pair.key, None)
    encryption = serialization.BestAvailableEncryption(b"passphrase")
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)


def test_date_of_the_certificate_itself_is_reported(tmp_path: Path) -> None:
    chain = PAIR.cert + OTHER.cert
    assert watch_certificate(*write(tmp_path, chain, PAIR.key)).current().expiry == PAIR.expiry


@pytest.mark.parametrize(
    ("cert", "key", "reason"),
    [
        (PAIR.cert, OTHER.key, "key values mismatch"),
        (PAIR.cert[:-60], PAIR.key, ""),
        (PAIR.cert, PAIR.key[:-60], ""),
        (b"", PAIR.key, ""),
        (PAIR.cert, b"", ""),
        (PAIR.cert, lock(PAIR), ""),
        (b"\xff\x00", b"\xff\x00", ""),
    ],
    ids=["another's key", "half a certificate", "half a key", "no certificate", "no key", "a passphrase", "not PEM"],
)
def test_invalid_pair_is_rejected_with_a_message(tmp_path: Path, cert: bytes, key: bytes, reason: str) -> None:
    with pytest.raises(FileProblem, match=f"tls.key can't be used: {reason or '[a-z ]+'}\\.") as caught:
        watch_certificate(*write(tmp_path, cert, key))
    assert PAIR.key.splitlines()[1].decode() not in str(caught.value)


def test_pair_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileProblem, match=r"tls.crt with the key .*tls.key can't be used: No such file"):
        watch_certificate(tmp_path / "tls.crt", tmp_path / "tls.key")


def test_nothing_older_than_tls_1_2_is_spoken(tmp_path: Path) -> None:
    watched = watch_certificate(*write(tmp_path, PAIR.cert, PAIR.key))
    contexts = [build_server_context(watched), watched.current().context]
    assert [context.minimum_version for context in contexts] == [ssl.TLSVersion.TLSv1_2] * 2


def test_half_written_pair_leaves_the_previous_one_in_use(tmp_path: Path) -> None:
    watched = watch_certificate(*write(tmp_path, PAIR.cert, PAIR.key))
    before = watched.current()
    write(tmp_path, OTHER.cert, PAIR.key)
    assert watched.current() is before
    write(tmp_path, OTHER.cert, OTHER.key)
    assert watched.current().expiry == OTHER.expiry
    assert watched.current() is not before
