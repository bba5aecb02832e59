"""Whether the Secrets of the hooks and of Metacontroller belong together: no call is answered if they don't."""

from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence

from cryptography.exceptions import InvalidSignature
from cryptography.x509 import Certificate, load_pem_x509_certificates

from hooks.setup.keys import CA, CERTIFICATE, TOKEN, TOKENS

Data = Mapping[str, str]


def list_mismatches(hooks: Data, client: Data, names: tuple[str, str]) -> Iterator[str]:
    """What keeps Metacontroller from calling the hooks, as sentences. `names`: of the Secrets with these data.

    Both have a token; whether they have certificates is the same for both.
    """
    empty = [(name, key) for name, data in zip(names, (hooks, client), strict=True) for key in data if not data[key]]
    if empty:
        yield from (f"Key {key} of Secret {name} is empty." for name, key in empty)
        return
    if _read(client, TOKEN).strip() not in [line.strip() for line in _read(hooks, TOKENS).splitlines()]:
        yield f"The {TOKEN} of Secret {names[1]} is not among the {TOKENS} of Secret {names[0]}."
    if CA in client and not _is_trusted(_read(hooks, CERTIFICATE), _read(client, CA)):
        yield f"{CERTIFICATE} of Secret {names[0]} is not by {CA} of Secret {names[1]}."


def _read(data: Data, key: str) -> bytes:
    return b64decode(data[key])


def _is_trusted(server: bytes, authorities: bytes) -> bool:
    """Whether a chain of certificates, the first of which is that of a server, ends with an authority."""
    try:
        chain, trusted = load_pem_x509_certificates(server), load_pem_x509_certificates(authorities)
    except ValueError:
        return False
    for each in reversed(chain):
        if _is_by_one_of(each, trusted):
            trusted = [*trusted, each]
    return chain[0] in trusted


def _is_by_one_of(certificate: Certificate, authorities: Sequence[Certificate]) -> bool:
    return any(_is_by(certificate, each) for each in authorities)


def _is_by(certificate: Certificate, authority: Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(authority)
    except (InvalidSignature, TypeError, ValueError):
        return False
    return True
