"""Which settings count for a hook: its own, or those of its host, never both."""

import pytest

from testbed.metacontroller.endpoints import Access, EndpointConfig, is_host_of, read_access

BUNDLE = {"caBundle": {"inline": "mine"}}
AUTHORIZATION = {"authorization": {"secretRef": {"name": "a", "namespace": "b", "key": "c"}}}
URL = "https://hooks.x:8443/sync"


@pytest.mark.parametrize(
    ("host", "url", "is_it"),
    [
        ("hooks.x:8443", URL, True),
        ("Hooks.X:8443", "https://hOOks.x:8443/", True),
        ("hooks.x", URL, False),
        ("hooks.x:443", "https://hooks.x/", True),
        ("hooks.x", "https://hooks.x:443/", True),
        ("hooks.x", "http://hooks.x:80/", True),
        ("hooks.x:80", "http://hooks.x/", True),
        ("hooks.x:80", "https://hooks.x/", False),
        ("hooks.x", "http://hooks.x:443/", False),
        ("hooks.x", "https://me:secret@hooks.x/", True),
        ("[::1]:443", "https://[::1]/", True),
        ("hooks.x.svc", "https://hooks.x/", False),
    ],
    ids=[
        "host and port",
        "case does not count",
        "a host alone is its default port",
        "the URL has no port",
        "the entry has no port",
        "80 is the default of http",
        "80 is the default of http, if the URL has none",
        "80 is no default of https",
        "443 is no default of http",
        "a user is no part of a host",
        "an IPv6 address",
        "another name of the same Service",
    ],
)
def test_host_is_compared_with_that_of_the_url(host: str, url: str, is_it: bool) -> None:  # noqa: FBT001 - a column of the table
    assert is_host_of(host, url) is is_it


@pytest.mark.parametrize(
    ("own", "hosts", "wanted"),
    [
        ({}, ["hooks.x:8443"], "hooks.x:8443"),
        ({}, ["hooks.x"], ""),
        ({}, ["HOOKS.x:8443", "hooks.x:8443"], "HOOKS.x:8443"),
        (BUNDLE, ["hooks.x:8443"], "own"),
        (AUTHORIZATION, ["hooks.x:8443"], "own"),
    ],
    ids=["by host", "none for this host", "the first counts", "a bundle of its own", "an authorization of its own"],
)
def test_endpoints_that_count(own: dict[str, object], hosts: list[str], wanted: str) -> None:
    webhook = Access.model_validate(own)
    configs = [EndpointConfig.model_validate({"host": host, **BUNDLE, **AUTHORIZATION}) for host in hosts]
    found = read_access(webhook, URL, configs)
    if isinstance(found, EndpointConfig):
        assert found.host == wanted
    else:
        assert found == (webhook if wanted == "own" else Access())
