"""The way to Services for a process that has no DNS of a cluster: only the address differs, nothing that is said."""

from collections.abc import Mapping
from typing import NamedTuple

import httpx


class Address(NamedTuple):
    """Where to connect to. Without a port, the one of the URL."""

    host: str
    port: int | None


# By host name as URLs have it: `name.namespace`.
Addresses = Mapping[str, Address]


def parse_address(text: str) -> tuple[str, Address]:
    """`NAME.NAMESPACE=HOST[:PORT]`. Raises ValueError."""
    service, equals, target = text.partition("=")
    try:
        url = httpx.URL(f"http://{target}")
    except httpx.InvalidURL as error:
        raise ValueError(text) from error
    # A URL forgets a port that is the default one of its scheme.
    port = int(target.rpartition(":")[2]) if target.startswith(url.netloc.decode() + ":") else url.port
    if not service or not equals or not url.host:
        raise ValueError(text)
    return service.lower(), Address(url.host, port)


class Detour(httpx.BaseTransport):
    """Connects to the addresses of the table. Host header and certificate are those of the URL."""

    def __init__(self, transport: httpx.BaseTransport, addresses: Addresses) -> None:
        self._transport, self._addresses = transport, addresses

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """One request, redirected ones included."""
        address = self._addresses.get(request.url.host)
        if address is None:
            return self._transport.handle_request(request)
        url = request.url.copy_with(host=address.host, port=address.port or request.url.port)
        extensions = {**request.extensions, "sni_hostname": request.url.host}
        moved = httpx.Request(
            request.method, url, headers=request.headers, stream=request.stream, extensions=extensions
        )
        return self._transport.handle_request(moved)

    def close(self) -> None:
        """Closes all connections."""
        self._transport.close()
