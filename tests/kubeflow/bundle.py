"""Kubeflow in small: manifests like those of Kubeflow's releases, and the one image that all of its pods run."""

import base64
import shutil
from datetime import UTC, datetime
from pathlib import Path

import yaml
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from testbed import builds

MANIFESTS = Path(__file__).with_name("manifests")
WEBHOOK = "kubeflow-trainer-controller-manager.kubeflow.svc"
# Nobody's secret, and always the same, as are the days: so the same version is the same bytes, and is built once.
_SEED = bytes(32)
_BEGIN, _END = datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


def build_image() -> Path:
    """The image of its pods as a docker archive, for nodes that have no registry to ask."""
    return builds.run_build("../tests/kubeflow/build.sh")


def build_installer(version: str, directory: Path) -> Path:
    """The image that installs it, as a docker archive; `directory` is for its checkout, and is not there yet."""
    return builds.build_kubeflow_installer(write_checkout(version, directory), version)


def write_checkout(version: str, directory: Path) -> Path:
    """Makes `directory` what a checkout of that version's tag would be."""
    shutil.copytree(MANIFESTS, directory)
    _set(directory / "common/kubeflow-namespace/version.yaml", ["data", "version"], version)
    key = Ed25519PrivateKey.from_private_bytes(_SEED)
    certificate = _encode(_certify(key).public_bytes(Encoding.PEM))
    private = _encode(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    _set(directory / "common/cert/certificate.yaml", ["data", "tls.crt"], certificate)
    _set(directory / "common/cert/certificate.yaml", ["data", "tls.key"], private)
    _set(directory / "apps/trainer/manager/webhook.yaml", ["webhooks", 0, "clientConfig", "caBundle"], certificate)
    return directory


def _certify(key: Ed25519PrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "webhook")])
    names = x509.SubjectAlternativeName([x509.DNSName(WEBHOOK)])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, _BEGIN, _END)
    authority = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    return authority.add_extension(names, critical=False).sign(key, None)


def _encode(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _set(file: Path, path: list[str | int], value: str) -> None:
    """Changes one value of a manifest."""
    manifest = yaml.safe_load(file.read_text())
    *parents, last = path
    place = manifest
    for step in parents:
        place = place[step]
    place[last] = value
    file.write_text(yaml.safe_dump(manifest))
