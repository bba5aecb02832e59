"""Where the hooks listen, and with which certificate. How the process ends: tests/api/test_process.py."""

import socket
from pathlib import Path

import pytest

from hooks.server.main import create_app
from hooks.server.serve import Address, ListenProblem, build_config, listen, open_certificate
from hooks.settings import Settings
from tests.world import CONTEXT

LOOPBACK = "127.0.0.1"


def test_socket_at_any_free_port_takes_calls() -> None:
    with listen(Address(LOOPBACK, 0)) as listener, socket.create_connection(listener.getsockname()) as client:
        assert client.getpeername()[0] == LOOPBACK


def test_host_that_is_no_address_is_reported() -> None:
    with pytest.raises(ListenProblem, match="this is not an address"):
        listen(Address("a" * 70 + ".example.com", 0))


@pytest.mark.parametrize("given", [{}, {"tls_cert_file": Path("tls.crt")}, {"tls_key_file": Path("tls.key")}], ids=str)
def test_hooks_serve_http_without_a_whole_pair(given: dict[str, Path]) -> None:
    assert open_certificate(Settings().model_copy(update=given)) is None


def test_idle_connections_outlive_those_of_metacontrollers_client() -> None:
    config = build_config(create_app(Settings(), CONTEXT.scripts), Address(LOOPBACK, 0), None)
    assert config.timeout_keep_alive > 90
    assert config.access_log is False
