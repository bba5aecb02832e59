"""Credentials of hooks: what is read from Secrets and ConfigMaps and when, and which server is trusted."""

import base64
import ssl
from pathlib import Path
from typing import Any

import pytest

from testbed.metacontroller.composite import CompositeSpec
from testbed.metacontroller.detour import Address
from testbed.metacontroller.door import CONFIG_MAPS, SECRETS, Door, build_tls_context, read_door
from testbed.metacontroller.endpoints import Access
from testbed.metacontroller.errors import SyncError
from testbed.metacontroller.objects import Manifest
from testbed.metacontroller.resources import Resource
from testbed.metacontroller.webhook import Hooks, connect_hooks
from tests.authority import Authority
from tests.testbed.hook_server import HookServer, Reply
from tests.testbed.tls_server import tls_server, write_pair

NAME = "hooks.x"
AUTHORITY = Authority()
TOKEN = {"authorization": {"secretRef": {"name": "access", "namespace": "x", "key": "token"}}}
INLINE = {"caBundle": {"inline": AUTHORITY.pem.decode()}}
IN_SECRET = {"caBundle": {"secretRef": {"name": "access", "namespace": "x"}}}
IN_CONFIG_MAP = {"caBundle": {"configMapRef": {"name": "access", "namespace": "x", "key": "roots"}}}


class Cluster:
    """What there is, by kind and key."""

    def __init__(self, **values: bytes) -> None:
        self.values: dict[str, bytes] = {"ca.crt": AUTHORITY.pem, "token": b" s3cret\n", **values}
        self.reads: list[tuple[str, str]] = []

    def find(self, kind: Resource, key: str) -> Manifest | None:
        self.reads.append((kind.plural, key))
        if key != "x/access":
            return None
        if kind == CONFIG_MAPS:
            return {"data": {"roots": AUTHORITY.pem.decode(), "empty": ""}}
        return {"data": {name: base64.b64encode(value).decode() for name, value in self.values.items()}}


def access(**fields: Any) -> Access:
    return Access.model_validate(fields)


def build_spec(webhook: Manifest, *configs: Manifest) -> CompositeSpec:
    return CompositeSpec.model_validate(
        {
            "parentResource": {"apiVersion": "example.com/v1", "resource": "things"},
            "hooks": {"sync": {"version": "v2", "webhook": webhook}},
            "generateSelector": True,
            "endpointConfigs": list(configs),
        }
    )


def connect(server: HookServer, cluster: Cluster, webhook: Manifest, *configs: Manifest) -> Hooks:
    """A sync hook behind a Service, which the server is."""
    service = {"name": "hooks", "namespace": "x", "port": 443, "protocol": "https"}
    spec = build_spec({"service": service, "path": "/sync", "timeout": "5s", **webhook}, *configs)
    return connect_hooks(spec, {NAME: Address("127.0.0.1", server.server_address[1])}, cluster.find)


@pytest.mark.parametrize(
    ("bundle", "reads"),
    [(INLINE, []), (IN_SECRET, [("secrets", "x/access")]), (IN_CONFIG_MAP, [("configmaps", "x/access")])],
    ids=["inline", "a Secret", "a ConfigMap"],
)
def test_hook_is_trusted_by_its_name_wherever_it_is(
    tmp_path: Path, bundle: Manifest, reads: list[tuple[str, str]]
) -> None:
    cluster = Cluster()
    with tls_server(write_pair(tmp_path, AUTHORITY.issue(NAME)), Reply(200), Reply(200)) as server:
        call = connect(server, cluster, {**bundle, **TOKEN})
        call("sync", {})
        # Read once: another token is not noticed.
        cluster.values["token"] = b"another"
        call("sync", {})
        assert [headers["authorization"] for _, _, headers, _ in server.calls] == ["Bearer s3cret"] * 2
        assert [headers["host"] for _, _, headers, _ in server.calls] == ["hooks.x:443"] * 2
    assert cluster.reads == [*reads, ("secrets", "x/access")]


def test_entry_for_the_host_counts_for_a_hook_that_sets_nothing(tmp_path: Path) -> None:
    with tls_server(write_pair(tmp_path, AUTHORITY.issue(NAME)), Reply(200)) as server:
        connect(server, Cluster(), {}, {"host": "other", **TOKEN}, {"host": NAME, **INLINE, **TOKEN})("sync", {})
        assert server.calls[0][2]["authorization"] == "Bearer s3cret"


def test_hook_that_sets_something_takes_nothing_of_the_entry(tmp_path: Path) -> None:
    with tls_server(write_pair(tmp_path, AUTHORITY.issue(NAME)), Reply(200)) as server:
        connect(server, Cluster(), INLINE, {"host": NAME, **TOKEN})("sync", {})
        assert "authorization" not in server.calls[0][2]


@pytest.mark.parametrize(
    ("webhook", "name", "in_subject", "why"),
    [
        ({}, NAME, False, "self.signed certificate|unable to get local issuer"),
        ({"caBundle": {"inline": Authority().pem.decode()}}, NAME, False, "CERTIFICATE_VERIFY_FAILED"),
        (INLINE, "hooks.x.svc", False, "not valid for 'hooks.x'"),
        (INLINE, "127.0.0.1", False, "not valid for 'hooks.x'"),
        (INLINE, NAME, True, "not valid for 'hooks.x'"),
    ],
    ids=["the system's authorities", "another authority", "the long name", "the address", "a name in the subject"],
)
def test_hook_is_not_trusted(tmp_path: Path, webhook: Manifest, name: str, in_subject: bool, why: str) -> None:  # noqa: FBT001 - a column of the table
    pair = AUTHORITY.issue(subject=name) if in_subject else AUTHORITY.issue(name)
    certificate = write_pair(tmp_path, pair)
    with tls_server(certificate, Reply(200)) as server:
        with pytest.raises(SyncError, match=rf'http error: Post "https://hooks.x:443/sync": .*(?:{why})'):
            connect(server, Cluster(), {**webhook, **TOKEN})("sync", {})
        assert server.calls == []


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
def test_tls_is_of_version_1_2_or_newer(tmp_path: Path) -> None:
    certificate = write_pair(tmp_path, AUTHORITY.issue(NAME))
    with tls_server(certificate, Reply(200), newest=ssl.TLSVersion.TLSv1_2) as server:
        assert connect(server, Cluster(), INLINE)("sync", {}) == b"{}"
    with tls_server(certificate, Reply(200), newest=ssl.TLSVersion.TLSv1_1) as server:
        call = connect(server, Cluster(), INLINE)
        with pytest.raises(SyncError, match=r"PROTOCOL_VERSION|protocol version"):
            call("sync", {})


def test_plain_http_to_an_https_hook_is_an_error(tmp_path: Path) -> None:
    with tls_server(write_pair(tmp_path, AUTHORITY.issue(NAME)), Reply(200)) as server:
        plain = {"service": {"name": "hooks", "namespace": "x"}}
        with pytest.raises(SyncError, match="http error"):
            connect(server, Cluster(), plain)("sync", {})
        assert server.calls == []


@pytest.mark.parametrize("of", [Reply(401, b"no"), Reply(403, b"no")], ids=["401", "403"])
def test_closed_port_is_an_error_like_any_other(tmp_path: Path, of: Reply) -> None:
    sentence = f"unsupported status code: {of.status} body: no"
    with (
        tls_server(write_pair(tmp_path, AUTHORITY.issue(NAME)), of) as server,
        pytest.raises(SyncError, match=sentence),
    ):
        connect(server, Cluster(token=b"wrong"), {**INLINE, **TOKEN})("sync", {})


def test_value_that_no_header_can_have_is_not_repeated(tmp_path: Path) -> None:
    with tls_server(write_pair(tmp_path, AUTHORITY.issue(NAME))) as server:
        call = connect(server, Cluster(token=b"hun\nter2"), {**INLINE, **TOKEN})
        with pytest.raises(SyncError, match="invalid header field value") as caught:
            call("sync", {})
    assert "ter2" not in f"{caught.value} {caught.value.logged}"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"caBundle": {}}, "can't resolve caBundle: caBundle: exactly one of inline, secretRef, or configMapRef"),
        ({"caBundle": {**INLINE["caBundle"], **IN_SECRET["caBundle"]}}, "exactly one of"),
        ({"caBundle": {"secretRef": {"name": "none", "namespace": "x"}}}, 'Secret "x/none" not found'),
        ({"caBundle": {"configMapRef": {"name": "none", "namespace": "x"}}}, 'ConfigMap "x/none" not found'),
        (
            {"caBundle": {"configMapRef": {"name": "access", "namespace": "x"}}},
            'key "ca.crt" not found in ConfigMap x/access',
        ),
        (
            {"caBundle": {"configMapRef": {"name": "access", "namespace": "x", "key": "empty"}}},
            'key "empty" in ConfigMap x/access is empty',
        ),
        (
            {"authorization": {"secretRef": {"name": "access", "namespace": "x", "key": "none"}}},
            'can\'t resolve authorization: key "none" not found in Secret x/access',
        ),
        ({"authorization": {**TOKEN["authorization"], "type": " bAsic"}}, 'type " bAsic" is not supported'),
    ],
    ids=[
        "no source",
        "two sources",
        "no Secret",
        "no ConfigMap",
        "no key",
        "an empty value",
        "no key of the Authorization",
        "basic",
    ],
)
def test_unreadable_settings_are_rejected(fields: Manifest, sentence: str) -> None:
    with pytest.raises(SyncError) as caught:
        read_door(access(**fields), Cluster().find)
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("scheme", "header"), [("Token", b"Token s3cret"), (" ", b"Bearer s3cret")], ids=["another", "a blank one"]
)
def test_scheme_of_an_authorization(scheme: str, header: bytes) -> None:
    door = read_door(access(authorization={**TOKEN["authorization"], "type": scheme}), Cluster().find)
    assert door == Door(authorization=header)
    assert "s3cret" not in repr(door)


def test_empty_bundle_is_none_and_so_the_systems_authorities_count() -> None:
    assert read_door(access(caBundle={"inline": ""}), Cluster().find) == Door()


@pytest.mark.parametrize("pem", [b"x", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_bundle_without_a_certificate_is_rejected(pem: bytes) -> None:
    with pytest.raises(SyncError, match="no valid PEM-encoded certificates"):
        build_tls_context(pem)


def test_bundle_entry_that_is_no_certificate_is_skipped() -> None:
    broken = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    context = build_tls_context(b"words\n" + broken + AUTHORITY.pem + Authority("second").pem)
    assert context.cert_store_stats()["x509"] == 2


def test_error_names_the_hook() -> None:
    with pytest.raises(SyncError, match="can't resolve endpoint config for sync hook: can't resolve authorization: "):
        connect_hooks(build_spec({"url": "https://x/", **TOKEN}), {}, lambda *_: None)


def test_secrets_and_config_maps_are_the_kinds_that_are_children_too() -> None:
    assert (SECRETS.group_key, CONFIG_MAPS.group_key) == ("Secret.v1", "ConfigMap.v1")
