"""What can be set for a hook in addition to its URL: the CA to trust, and the token to send. Pure."""

import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from testbed.metacontroller.strict_json import Strict

DEFAULT_CA_KEY: Final = "ca.crt"
DEFAULT_AUTHORIZATION_TYPE: Final = "Bearer"
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


class CertificateReference(Strict):
    """A key of a ConfigMap or of a Secret with the certificates of an authority."""

    name: str
    namespace: str
    key: str = DEFAULT_CA_KEY


class SecretReference(Strict):
    """A key of a Secret."""

    name: str
    namespace: str
    key: str


class CaBundle(Strict):
    """Whom to trust instead of the system's authorities. That it has exactly one source is checked when it is read."""

    inline: str | None = None
    secret_ref: CertificateReference | None = None
    config_map_ref: CertificateReference | None = None


class Authorization(Strict):
    """What is said to be let in."""

    type: str = DEFAULT_AUTHORIZATION_TYPE
    secret_ref: SecretReference


class Access(Strict):
    """What a webhook and an entry of endpointConfigs have in common. No clientTLS and no basicAuth."""

    ca_bundle: CaBundle | None = None
    authorization: Authorization | None = None


class EndpointConfig(Access):
    """The access to all hooks on one host that set none themselves."""

    host: str


def read_access(webhook: Access, url: str, configs: Sequence[EndpointConfig]) -> Access:
    """What counts for a hook with this URL: what the webhook sets, else the first entry for its host; never both."""
    if webhook.ca_bundle is not None or webhook.authorization is not None:
        return webhook
    return next((config for config in configs if is_host_of(config.host, url)), Access())


def is_host_of(host: str, url: str) -> bool:
    """Whether a `host` or `host:port` is that of the URL. Case does not count, nor does a default port."""
    parts = urlsplit(url)
    given = parts.netloc.rpartition("@")[2]
    return _with_port(host, parts.scheme) == _with_port(given, parts.scheme)


def _with_port(host: str, scheme: str) -> str:
    has_port = re.search(r":[0-9]+$", host) is not None
    return host.lower() if has_port or scheme not in _DEFAULT_PORTS else f"{host.lower()}:{_DEFAULT_PORTS[scheme]}"
