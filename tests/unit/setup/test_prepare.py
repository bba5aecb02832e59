"""What the setup makes, what it leaves alone, and what it refuses."""

from base64 import b64decode
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from hooks.setup.api import Api, NoAnswerError
from hooks.setup.metacontroller import CRD
from hooks.setup.objects import SetupProblem
from hooks.setup.prepare import Wish, prepare
from tests.unit.setup.fake_api import FakeApi
from tests.unit.setup.test_metacontroller import CRDS, PATH, put_workload

NOW = datetime(2026, 11, 29, tzinfo=UTC)
SYSTEM = "/api/v1/namespaces/vk8s-system"
HOOKS_SECRET, CLIENT_SECRET = f"{SYSTEM}/secrets/vk8s-hooks", f"{SYSTEM}/secrets/vk8s-hooks-client"
CONFIG_MAP = f"{SYSTEM}/configmaps/vk8s-hooks-host"
DEPLOYMENTS = "/apis/apps/v1/namespaces/vk8s-system/deployments"
HOOKS, METACONTROLLER = f"{DEPLOYMENTS}/vk8s-hooks", f"{DEPLOYMENTS}/metacontroller"
WAIT = "The pods that need it wait for it."
WISH = Wish(namespace="vk8s-system")
# A Secret that is missing, and a write that fails.
FAILURES = [
    (missing, call)
    for missing, other in ((HOOKS_SECRET, CLIENT_SECRET), (CLIENT_SECRET, HOOKS_SECRET))
    for call in (
        f"PUT {other}",
        f"POST {SYSTEM}/secrets",
        f"PUT {CONFIG_MAP}",
        f"PATCH {HOOKS}",
        f"PATCH {METACONTROLLER}",
    )
]
FILES = {"make": ({"tls.crt", "tls.key", "tokens"}, {"ca.crt", "token"}), "token": ({"tokens"}, {"token"})}


@pytest.fixture
def server(server: FakeApi) -> FakeApi:
    """A cluster with Metacontroller's CRDs, in which nothing is installed."""
    server.put(PATH, spec=CRDS[CRD]["spec"])
    server.put("/apis/networking.k8s.io/v1/servicecidrs/kubernetes", spec={"cidrs": ["10.96.0.0/12"]})
    addresses = [{"type": "InternalIP", "address": "192.168.7.9"}]
    server.put("/api/v1/nodes/one", spec={"podCIDRs": ["10.244.0.0/24"]}, status={"addresses": addresses})
    return server


def run(api: Api, **changes: Any) -> list[str]:
    """What the setup says."""
    said: list[str] = []
    prepare(api, replace(WISH, **changes), NOW, said.append)
    return said


def start(server: FakeApi, *paths: str) -> None:
    """Deployments that run."""
    for path in paths:
        spec = {"template": {"spec": {"containers": [{"image": "registry.example.com/vk8s/controller:1"}]}}}
        server.put(path, spec=spec)


def read_inputs(server: FakeApi, path: str) -> str | None:
    template = server.objects[path]["spec"]["template"]
    found: str | None = template.get("metadata", {}).get("annotations", {}).get("vk8s.sktelecom.com/inputs")
    return found


@pytest.mark.parametrize("keys", ["make", "token"])
def test_keys_and_settings_are_made(server: FakeApi, api: Api, keys: str) -> None:
    said = run(api, keys=keys)
    made = tuple(set(server.objects[path]["data"]) for path in (HOOKS_SECRET, CLIENT_SECRET))
    assert made == FILES[keys]
    tokens, token = server.objects[HOOKS_SECRET]["data"]["tokens"], server.objects[CLIENT_SECRET]["data"]["token"]
    assert b64decode(tokens) == b64decode(token)
    assert server.objects[CONFIG_MAP]["data"] == {
        "VK8S_SETTING_IP_MANAGER": "true",
        "VK8S_SETTING_NAMESPACE_RULES": "true",
        "VK8S_SETTING_HOST_CIDRS": "10.244.0.0/24,10.96.0.0/12,192.168.7.0/24",
        "VK8S_SETTING_HOST_CNI": "calico",
    }
    assert said[-1].endswith("10.244.0.0/24,10.96.0.0/12,192.168.7.0/24")


def test_setup_again_changes_nothing(server: FakeApi, api: Api) -> None:
    run(api)
    start(server, HOOKS, METACONTROLLER)
    # As after install.sh or an earlier version of the chart: it takes notes, and restarts nothing.
    assert len(run(api)) == 1
    assert (read_inputs(server, HOOKS), read_inputs(server, METACONTROLLER)) == (None, None)
    server.calls.clear()
    assert len(run(api)) == 1
    assert server.list_writes() == []


@pytest.mark.parametrize(("path", "file"), [(HOOKS_SECRET, None), (CLIENT_SECRET, None), (CLIENT_SECRET, "token")])
def test_half_of_the_keys_is_replaced_by_whole_ones(server: FakeApi, api: Api, path: str, file: str | None) -> None:
    run(api)
    before = {each: dict(server.objects[each]["data"]) for each in (HOOKS_SECRET, CLIENT_SECRET)}
    if file:
        del server.objects[path]["data"][file]
    else:
        del server.objects[path]
    run(api)
    for each, data in before.items():
        now = server.objects[each]["data"]
        assert now.keys() == data.keys()
        assert not set(now.values()) & set(data.values())


def test_new_keys_restart_both_programs(server: FakeApi, api: Api) -> None:
    start(server, HOOKS, METACONTROLLER)
    said = run(api)
    assert [sentence.split(",")[0] for sentence in said[-2:]] == ["Restarting the hooks", "Restarting Metacontroller"]
    assert read_inputs(server, HOOKS)
    assert read_inputs(server, METACONTROLLER)


@pytest.mark.parametrize("is_noted", [True, False], ids=["after earlier setups", "after an earlier version"])
@pytest.mark.parametrize(("missing", "call"), FAILURES)
def test_next_try_restarts_what_a_failed_one_did_not(
    server: FakeApi, api: Api, missing: str, call: str, *, is_noted: bool
) -> None:
    """Whichever write fails, keys that both programs have in memory are replaced once, and both start again."""
    run(api)
    start(server, HOOKS, METACONTROLLER)
    if is_noted:
        run(api)
    del server.objects[missing]
    server.instead[call] = lambda: (503, b"{}")
    with pytest.raises(NoAnswerError):
        run(api, host_cidrs="10.0.0.0/8")
    del server.instead[call]
    run(api, host_cidrs="10.0.0.0/8")
    assert read_inputs(server, HOOKS)
    assert read_inputs(server, METACONTROLLER)
    server.calls.clear()
    run(api, host_cidrs="10.0.0.0/8")
    assert server.list_writes() == []


def test_keys_stay_while_the_networks_cannot_be_read(server: FakeApi, api: Api) -> None:
    server.instead["GET /api/v1/nodes"] = lambda: (503, b"{}")
    with pytest.raises(NoAnswerError):
        run(api)
    assert server.list_writes() == []


def test_both_secrets_deleted_by_hand_mean_new_keys_for_both(server: FakeApi, api: Api) -> None:
    run(api)
    start(server, HOOKS, METACONTROLLER)
    del server.objects[HOOKS_SECRET], server.objects[CLIENT_SECRET]
    run(api)
    assert read_inputs(server, HOOKS)
    assert read_inputs(server, METACONTROLLER)


@pytest.mark.parametrize("keys", ["make", "token"])
def test_keys_that_do_not_match_are_reported_and_stay(server: FakeApi, api: Api, keys: str) -> None:
    """As after a backup of one Secret alone was restored."""
    run(api, keys=keys)
    former = server.objects.pop(HOOKS_SECRET)
    run(api, keys=keys)
    server.objects[HOOKS_SECRET] = former
    server.calls.clear()
    with pytest.raises(SetupProblem) as caught:
        run(api, keys=keys)
    assert str(caught.value).startswith("The keys in namespace vk8s-system can't be used. The token of Secret vk8s-")
    assert str(caught.value).endswith("kubectl delete secret --namespace=vk8s-system vk8s-hooks vk8s-hooks-client")
    assert server.list_writes() == []


def test_keys_that_another_job_has_mixed_with_its_own_are_reported(server: FakeApi, api: Api) -> None:
    run(api)
    theirs = server.objects.pop(HOOKS_SECRET)
    del server.objects[CLIENT_SECRET]

    def replace_at_once() -> tuple[int, bytes]:
        del server.instead[f"POST {SYSTEM}/secrets"]
        server.objects[HOOKS_SECRET] = theirs
        return 201, b"{}"

    server.instead[f"POST {SYSTEM}/secrets"] = replace_at_once
    with pytest.raises(SetupProblem, match="The token of Secret vk8s-hooks-client is not among"):
        run(api)


def test_new_settings_restart_the_hooks_alone(server: FakeApi, api: Api) -> None:
    run(api)
    start(server, HOOKS, METACONTROLLER)
    run(api, host_cidrs="10.0.0.0/8")
    assert read_inputs(server, HOOKS)
    assert read_inputs(server, METACONTROLLER) is None


def test_metacontroller_of_others_is_not_restarted(server: FakeApi, api: Api) -> None:
    start(server, METACONTROLLER)
    run(api, uses_other=True)
    assert read_inputs(server, METACONTROLLER) is None


def test_networks_that_are_given_are_not_looked_for(server: FakeApi, api: Api) -> None:
    run(api, host_cidrs="10.0.0.0/8")
    assert server.objects[CONFIG_MAP]["data"]["VK8S_SETTING_HOST_CIDRS"] == "10.0.0.0/8"
    assert not any("servicecidrs" in call or "nodes" in call for call in server.calls)


def test_settings_name_kube_ovn_and_the_domain(server: FakeApi, api: Api) -> None:
    server.objects["/apis/kubeovn.io/v1"] = {}
    server.put("/api/v1/namespaces/kube-system/configmaps/kubelet-config", data={"kubelet": "clusterDomain: a.b\n"})
    run(api)
    data = server.objects[CONFIG_MAP]["data"]
    assert (data["VK8S_SETTING_HOST_CNI"], data["VK8S_SETTING_CLUSTER_DOMAIN"]) == ("kube-ovn", "a.b")


def test_installer_of_kubeflow_stays_until_another_is_named(server: FakeApi, api: Api) -> None:
    image = "registry.example.com/vk8s/kubeflow-installer:{version}"
    for given, expected in ((image, image), ("", image), ("other:{version}", "other:{version}")):
        run(api, kubeflow_installer=given)
        assert server.objects[CONFIG_MAP]["data"]["VK8S_SETTING_KUBEFLOW_INSTALLER_IMAGE"] == expected


def test_keys_of_others_are_left_alone(server: FakeApi, api: Api) -> None:
    server.put(f"{SYSTEM}/secrets/mine", data={"tls.crt": "", "tls.key": "", "tokens": ""})
    server.put(f"{SYSTEM}/secrets/theirs", data={"ca.crt": "", "token": ""})
    assert len(run(api, keys="given", hooks_secret="mine", client_secret="theirs")) == 1
    assert server.list_writes() == [f"POST {SYSTEM}/configmaps"]


def test_keys_of_others_that_are_missing_are_named(server: FakeApi, api: Api) -> None:
    server.put(f"{SYSTEM}/secrets/mine", data={"tls.crt": ""})
    said = run(api, keys="given", hooks_secret="mine", client_secret="theirs")
    assert said[:2] == [
        f"Secret mine in namespace vk8s-system needs the keys tls.crt, tls.key, tokens. {WAIT}",
        f"There is no Secret theirs in namespace vk8s-system. {WAIT}",
    ]


def test_other_metacontroller_is_refused_unless_it_is_to_be_used(server: FakeApi, api: Api) -> None:
    put_workload(server, "other", "statefulsets", "metacontrollerio/metacontroller:v4.17.2")
    with pytest.raises(SetupProblem, match=r"metacontroller\.existing\.namespace=other, or"):
        run(api)
    assert server.list_writes() == []
    run(api, uses_other=True)
    assert CONFIG_MAP in server.objects


def test_cluster_without_metacontrollers_crds_is_refused(server: FakeApi, api: Api) -> None:
    del server.objects[PATH]
    with pytest.raises(SetupProblem, match="Metacontroller's CRDs are not in this cluster"):
        run(api)
    assert server.list_writes() == []
