"""HTTPS, with a certificate that is renewed while the hooks run."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from cryptography import x509

from hooks import __main__ as command
from tests.api.material import SERVER_NAME, client_context, make_pair, publish
from tests.api.server import Server, serve
from tests.world import World

BODY = World().request().model_dump(by_alias=True, mode="json")


@pytest.fixture(scope="module")
def mount(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the Secret is mounted."""
    path = tmp_path_factory.mktemp("secret") / "tls"
    publish(path, make_pair().files())
    return path


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, mount: Path) -> Iterator[Server]:
    settings = {"tls_cert_file": mount / "tls.crt", "tls_key_file": mount / "tls.key"}
    with serve(tmp_path_factory.mktemp("hooks") / "log", settings, client_context()) as server:
        yield server


def connect(server: Server, name: str | None = SERVER_NAME) -> ssl.SSLSocket:
    """A connection of a client that calls the server by that name; None: by its address, and names it nowhere."""
    context = client_context()
    if name is None:
        context.check_hostname = False
    return context.wrap_socket(server.connect(), server_hostname=name)


def read_serial(connection: ssl.SSLSocket) -> int:
    with connection:
        der = connection.getpeercert(binary_form=True)
        assert der
        return x509.load_der_x509_certificate(der).serial_number


def test_calls_are_answered_over_https_only(server: Server) -> None:
    assert httpx.post(f"{server.url}/vk8s/sync", json=BODY, verify=client_context()).status_code == 200
    with pytest.raises(httpx.TransportError):
        httpx.get(f"http://127.0.0.1:{server.port}/healthz")
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        httpx.get(f"{server.url}/healthz")


def test_tls_1_2_is_spoken_and_nothing_older(server: Server) -> None:
    context = client_context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with context.wrap_socket(server.connect(), server_hostname=SERVER_NAME) as connection:
        assert connection.version() == "TLSv1.2"
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    # Debian's OpenSSL does not even offer it at its usual level.
    context.set_ciphers("DEFAULT@SECLEVEL=0")
    with closing(server.connect()) as plain, pytest.raises((ssl.SSLError, ConnectionResetError)):
        context.wrap_socket(plain, server_hostname=SERVER_NAME)


@pytest.mark.parametrize("name", [SERVER_NAME, None])
def test_renewed_certificate_is_used_without_dropping_connections(
    server: Server, mount: Path, name: str | None
) -> None:
    with httpx.Client(verify=client_context()) as client:
        assert client.post(f"{server.url}/vk8s/sync", json=BODY).status_code == 200
        for _ in range(2):
            renewed = make_pair()
            publish(mount, renewed.files())
            assert read_serial(connect(server, name)) == renewed.serial
        answer = client.post(f"{server.url}/vk8s/sync", json=BODY)
        old = answer.extensions["network_stream"].get_extra_info("ssl_object").getpeercert(True)  # noqa: FBT003 it has no name
    assert answer.status_code == 200
    assert x509.load_der_x509_certificate(old).serial_number != renewed.serial


def test_mismatched_pair_leaves_the_previous_one_in_use(server: Server, mount: Path) -> None:
    before = read_serial(connect(server))
    renewed = make_pair()
    publish(mount, {**renewed.files(), "tls.key": make_pair().key})
    assert [read_serial(connect(server)) for _ in range(3)] == [before] * 3
    text = server.wait_for_line("key values mismatch. What was read before stays in use.")
    assert text.count("mismatch") == 1
    publish(mount, renewed.files())
    assert read_serial(connect(server)) == renewed.serial


def test_expiry_of_the_certificate_in_use_is_reported(server: Server, mount: Path) -> None:
    renewed = make_pair(days=5)
    publish(mount, renewed.files())
    text = httpx.get(f"{server.url}/metrics", verify=client_context()).text
    (line,) = [line for line in text.splitlines() if line.startswith("vk8s_hook_certificate_expiry_timestamp_seconds ")]
    assert float(line.split()[1]) == renewed.expiry.timestamp()
    assert 'vk8s_hook_file_rejected{file="certificate"} 0.0' in text


def test_call_that_is_not_tls_disturbs_nobody(server: Server) -> None:
    with server.connect() as connection:
        connection.sendall(b"POST /vk8s/sync HTTP/1.1\r\n\r\n")
        assert read_to_end(connection) == b""
    assert server.answers()


def read_to_end(connection: socket.socket) -> bytes:
    """What is readable of the answer to something that is not TLS: an alert at most."""
    content = connection.recv(1000)
    return b"" if content[:1] in (b"", b"\x15") else content


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"TLS_CERT_FILE": "/nowhere", "TLS_KEY_FILE": "/nowhere"}, "The certificate /nowhere with the key /nowhere"),
        ({"TLS_CERT_FILE": "/nowhere"}, "VK8S_SETTING_TLS_CERT_FILE and VK8S_SETTING_TLS_KEY_FILE belong together"),
        ({"TLS_KEY_FILE": "/nowhere"}, "VK8S_SETTING_TLS_CERT_FILE and VK8S_SETTING_TLS_KEY_FILE belong together"),
        ({"TOKEN_FILE": "/nowhere"}, "The token file /nowhere can't be read: No such file or directory."),
        ({"MAX_BODY_MIB": "0"}, "The environment variable VK8S_SETTING_MAX_BODY_MIB can't be used: "),
        ({"LOG_FORMAT": "xml"}, "The environment variable VK8S_SETTING_LOG_FORMAT can't be used: "),
    ],
    ids=str,
)
def test_unusable_pair_ends_the_process_with_a_message(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], settings: dict[str, str], sentence: str
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(f"VK8S_SETTING_{name}", value)
    assert command.main(["serve"]) == 2
    assert capsys.readouterr().err.startswith(sentence)
