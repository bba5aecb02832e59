"""What is secret stays in Secrets, and a virtual cluster has one CA in its life."""

import json
from base64 import b64decode
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta

import yaml
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from hooks.kubernetes.manifest import Manifest
from hooks.settings import Settings
from hooks.vk8s.children.join_secret import CA_HASH
from hooks.vk8s.keys.ssh import CLIENT_PUB
from hooks.vk8s.observed.children import CONFIG_MAP, NETWORK_POLICY, SECRET, SERVICE
from tests.properties.host import Host
from tests.properties.others import OTHER_PKI
from tests.properties.walks import hosts, settled_hosts
from tests.simulation.answers import has_usable_pki, index, is_accepted
from tests.simulation.keys import list_children, list_keys, without
from tests.world import CONTEXT, NOW, World, observe

# Shorter words of a Secret are no secrets: field names of a kubeconfig, parts of a PEM header.
SHORTEST_SECRET = 20


@given(hosts())
def test_nothing_of_a_secret_is_outside_secrets(host: Host) -> None:
    shown = host.shown
    for answer in (shown.sync(), shown.finalize()):
        secrets = [child for child in [*answer.children, *_shown_secrets(shown)] if child["kind"] == "Secret"]
        outside = json.dumps([answer.status, *(child for child in answer.children if child["kind"] != "Secret")])
        assert [word for word in set(_list_words(secrets, shown.name)) if word in outside] == []


@given(settled_hosts(), st.data())
def test_a_cluster_that_has_lived_never_gets_a_second_ca(host: Host, data: st.DataObject) -> None:
    pki, *made = [("Secret.v1", f"{host.world.name}-{name}") for name in ("pki", "join", "kubeconfig")]
    others = sorted(set(list_keys(host.world)) - {pki})
    left = data.draw(st.lists(st.sampled_from(others), unique=True, max_size=3))
    shown = without(host.world, [pki, *(key for key in others if key not in left)])
    lived = any(key in made or key[0] in ("Pod.v1", "PersistentVolumeClaim.v1") for key in left)
    assert (pki in index(shown.sync())) is not lived


@given(hosts(), st.sampled_from([None, {}, {"data": {"ca.crt": "YQ=="}}]))
def test_nothing_is_made_from_a_ca_that_is_not_shown(host: Host, damaged: Manifest | None) -> None:
    name = f"{host.world.name}-pki"
    found = host.shown.children["Secret.v1"].get(name)
    rest = {key: value for key, value in found.items() if key != "data"} if found else {}
    shown = host.shown.with_child("Secret.v1", name, None if damaged is None or not found else {**rest, **damaged})
    made = index(shown.sync()).keys() - list_children(shown).keys()
    assert {kind for kind, _ in made} <= {CONFIG_MAP, NETWORK_POLICY, SERVICE, SECRET}
    assert {name for kind, name in made if kind == "Secret.v1"} <= {f"{shown.name}-pki"}


@given(hosts())
def test_every_certificate_is_signed_by_the_ca_that_is_shown(host: Host) -> None:
    name, shown = f"{host.world.name}-pki", host.shown
    if not has_usable_pki(shown) or not is_accepted(shown):
        return
    secrets = {key: child["data"] for (kind, key), child in index(shown.sync()).items() if kind == "Secret.v1"}
    ca = b64decode(shown.children["Secret.v1"][name]["data"]["ca.crt"])
    authority = x509.load_pem_x509_certificate(ca)
    assert b64decode(secrets[f"{shown.name}-join"]["ca.crt"]) == ca
    kubeconfig = _read_kubeconfig(secrets[f"{shown.name}-kubeconfig"])
    assert b64decode(kubeconfig["clusters"][0]["cluster"]["certificate-authority-data"]) == ca
    _get_client(kubeconfig).verify_directly_issued_by(authority)


@given(settled_hosts(), st.booleans(), st.booleans())
def test_nothing_is_made_with_another_ca_than_what_lives(host: Host, is_kept: bool, is_paused: bool) -> None:  # noqa: FBT001
    join, kubeconfig, pki = [("Secret.v1", f"{host.world.name}-{name}") for name in ("join", "kubeconfig", "pki")]
    world = replace(host.world, spec={**host.world.spec, "paused": is_paused})
    lost = [] if is_kept else [kubeconfig]
    swapped = without(world.with_child(*pki, {**world.children["Secret.v1"][pki[1]], **OTHER_PKI}), lost)
    answered = index(swapped.sync())
    assert answered[join]["data"] == world.children["Secret.v1"][join[1]]["data"]
    assert is_kept or kubeconfig not in answered
    assert not is_kept or answered[kubeconfig]["data"] == world.children["Secret.v1"][kubeconfig[1]]["data"]
    assert answered.keys() == list_children(swapped).keys()


@given(st.floats(-5000, 5000), st.floats(-5000, 5000), st.sampled_from([0.01, 30.0, 365.0, 9999.0]))
def test_no_certificate_outlives_its_ca_or_is_signed_again_at_once(made: float, now: float, days: float) -> None:
    context = replace(CONTEXT, settings=Settings(kubeconfig_days=days), now=NOW + timedelta(seconds=int(made * 86400)))
    world = World(context=context).steps(2)
    later = replace(context, now=NOW + timedelta(seconds=int(now * 86400)))
    once = _renew(replace(world, context=later))
    files = once.children["Secret.v1"]
    ca = x509.load_pem_x509_certificate(b64decode(files["demo-pki"]["data"]["ca.crt"]))
    client = _get_client(_read_kubeconfig(files["demo-kubeconfig"]["data"]))
    assert ca.not_valid_before_utc <= client.not_valid_before_utc < client.not_valid_after_utc
    assert client.not_valid_after_utc <= ca.not_valid_after_utc
    assert _renew(replace(once, context=replace(later, entropy=bytes(32)))).children["Secret.v1"] == files
    assert ca.not_valid_after_utc <= later.now or client.not_valid_after_utc > later.now


def _renew(world: World) -> World:
    """The world after Metacontroller has written the answered kubeconfig."""
    answered = index(world.sync())["Secret.v1", "demo-kubeconfig"]
    return world.with_child("Secret.v1", "demo-kubeconfig", observe(answered))


def _read_kubeconfig(data: Manifest) -> Manifest:
    kubeconfig: Manifest = yaml.safe_load(b64decode(data["value"]))
    return kubeconfig


def _get_client(kubeconfig: Manifest) -> x509.Certificate:
    return x509.load_pem_x509_certificate(b64decode(kubeconfig["users"][0]["user"]["client-certificate-data"]))


def _shown_secrets(shown: World) -> Iterable[Manifest]:
    return shown.children["Secret.v1"].values()


def _list_words(secrets: Iterable[Manifest], vk8s: str) -> Iterator[str]:
    """What of the Secrets nobody else may see, in base64 and decoded, by words.

    The address of the API, a public key and the hash of one are public.
    """
    for secret in secrets:
        for key, encoded in secret.get("data", {}).items():
            if key in (CLIENT_PUB, CA_HASH):
                continue
            words = [encoded, *b64decode(encoded).decode().split()]
            yield from (
                word
                for word in words
                if len(word) >= SHORTEST_SECRET and word != vk8s and f"{vk8s}-api.team-a" not in word
            )
