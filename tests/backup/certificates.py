"""Certificates of an etcd as kubeadm makes them, from a PKI of the hooks; that of the client is the hooks' own."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from hooks.vk8s.keys.pki import Authority, build_pki, encode_cert, encode_key
from hooks.vk8s.keys.pki_files import parse_authority

ENTROPY = bytes(range(32))


@dataclass(frozen=True)
class Material:
    """A directory with the certificates of a server, and its authority."""

    directory: Path
    authority: Authority

    def write_server(self, *names: str) -> None:
        """Writes server.crt and server.key for 127.0.0.1 and these names."""
        key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
        alternatives = [x509.IPAddress(ip_address("127.0.0.1")), *(x509.DNSName(name) for name in names)]
        usages = [x509.oid.ExtendedKeyUsageOID.SERVER_AUTH, x509.oid.ExtendedKeyUsageOID.CLIENT_AUTH]
        cert = (
            x509.CertificateBuilder()
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(hours=1))
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "server")]))
            .issuer_name(self.authority.cert.subject)
            .public_key(key.public_key())
            .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
            .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
            .sign(self.authority.key, hashes.SHA256())
        )
        (self.directory / "server.crt").write_bytes(encode_cert(cert))
        (self.directory / "server.key").write_bytes(encode_key(key))


def build_material(directory: Path, entropy: bytes = ENTROPY) -> Material:
    """A new authority in `directory`, as ca.crt, and a certificate of a server."""
    directory.mkdir(parents=True)
    files = build_pki(entropy, datetime.now(UTC).replace(microsecond=0), timedelta(days=1))
    (directory / "ca.crt").write_bytes(files["etcd-ca.crt"])
    authority = parse_authority(files, "etcd-ca")
    assert authority
    material = Material(directory, authority)
    material.write_server("localhost")
    return material
