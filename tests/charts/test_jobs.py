"""The Jobs of the chart: closed pods, and rights for what they do and no more, which end with them."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hooks.kubernetes.manifest import Manifest
from hooks.setup.api import Access, Api
from hooks.setup.guard import Clock, check_nothing_lives, delete_all
from hooks.setup.prepare import KeySource, Wish, prepare
from tests.charts.helm import CHART, CRD_CHART, REGISTRY, Helm, get_object, is_hook, list_containers, select_kind
from tests.unit.setup.fake_api import TOKEN, FakeApi, serve_api
from tests.unit.setup.test_metacontroller import CRDS, PATH

VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
DEPLOYMENTS = "/apis/apps/v1/namespaces/vk8s-system/deployments"
VK8S = "/apis/vk8s.sktelecom.com/v1alpha1/namespaces/team-a/vk8s/demo"
SOURCES: dict[str, KeySource] = {"job": "make", "certManager": "token", "existingSecret": "given"}


@pytest.fixture
def server() -> Iterator[FakeApi]:
    """A cluster in which the setup has everything to do, as the product runs there already with other settings."""
    with serve_api() as server:
        server.put(PATH, spec=CRDS["compositecontrollers.metacontroller.k8s.io"]["spec"])
        for each in ("vk8s-hooks", "metacontroller"):
            server.put(f"{DEPLOYMENTS}/{each}", spec={"template": {"spec": {"containers": []}}})
        yield server


def run_setup(server: FakeApi, **wish: str) -> None:
    """Twice: what is missing, then what differs."""
    for installer in ("first", "second"):
        given: Manifest = {"namespace": "vk8s-system", "kubeflow_installer": installer, **wish}
        prepare(Api(Access(server.url, TOKEN)), Wish(**given), datetime.now(UTC), lambda _: None)


def list_requests(server: FakeApi) -> Iterator[tuple[str, str, str, str, str]]:
    """Namespace, group, resource, name and verb of each call; discovery is everybody's right."""
    for call in server.calls:
        method, _, path = call.partition(" ")
        words = path.strip("/").split("/")
        group, rest = ("", words[2:]) if words[0] == "api" else (words[1], words[3:])
        namespace, rest = (rest[1], rest[2:]) if rest[:1] == ["namespaces"] else ("", rest)
        if rest:
            name = rest[1] if len(rest) > 1 else ""
            yield namespace, group, rest[0], name, VERBS.get(method, "get" if name else "list")


def allows(objects: list[Manifest], account: str, request: tuple[str, str, str, str, str]) -> bool:
    """Whether a role of that ServiceAccount allows the request."""
    namespace, group, resource, name, verb = request
    return any(
        group in rule["apiGroups"]
        and resource in rule["resources"]
        and verb in rule["verbs"]
        and (not rule.get("resourceNames") or name in rule["resourceNames"])
        for role in select_kind(objects, "Role", "ClusterRole")
        if role["metadata"]["name"] == account and role["metadata"].get("namespace", namespace) == namespace
        for rule in role["rules"]
    )


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("cidrs", ["", "10.0.0.0/8"], ids=["networks are looked for", "networks are given"])
def test_setup_may_do_all_that_it_does(newest: Helm, server: FakeApi, source: str, cidrs: str) -> None:
    run_setup(server, keys=SOURCES[source], host_cidrs=cidrs)
    secrets = {"existingSecret": "vk8s-hooks", "clientSecret": "vk8s-hooks-client"}
    tls = {"source": source, **(secrets if source == "existingSecret" else {})}
    objects = newest.render({"tls": tls, "hostCidrs": [cidrs] if cidrs else []})
    requests = list(list_requests(server))
    assert len(requests) > 10
    assert [each for each in requests if not allows(objects, "vk8s-setup", each)] == []


def test_setup_may_do_nothing_that_it_does_not_do(newest: Helm, server: FakeApi) -> None:
    """Each verb of each rule is used, for one of its resources at least."""
    del server.objects[f"{DEPLOYMENTS}/metacontroller"]
    for path in ("crd.projectcalico.org/v1/ippools", "kubeovn.io/v1/subnets", "networking.k8s.io/v1/servicecidrs"):
        server.served.add(f"/apis/{path}")
    run_setup(server)
    server.objects["/api/v1/namespaces/vk8s-system/secrets/vk8s-hooks"]["data"] = {}
    run_setup(server)
    used = {(group, resource, verb) for _, group, resource, _, verb in list_requests(server)}
    granted = {
        (group, resource, verb)
        for role in select_kind(newest.render(), "Role", "ClusterRole")
        if role["metadata"]["name"] == "vk8s-setup"
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }
    assert granted - used == set()


@pytest.mark.parametrize("deletes", [False, True])
def test_guard_may_do_what_it_does_and_no_more(newest: Helm, server: FakeApi, *, deletes: bool) -> None:
    api = Api(Access(server.url, TOKEN))
    if deletes:
        server.put(VK8S)
        delete_all(api, 1, Clock(lambda: 0, lambda _: None), lambda _: None)
    else:
        check_nothing_lives(api)
    objects = newest.render({"uninstall": {"deleteVirtualClusters": deletes}})
    requests = list(list_requests(server))
    assert [each for each in requests if not allows(objects, "vk8s-guard", each)] == []
    (rule,) = get_object(objects, "ClusterRole", "vk8s-guard")["rules"]
    assert set(rule["verbs"]) == {verb for *_, verb in requests}


def test_rights_of_jobs_end_with_them(helm: Helm) -> None:
    objects = helm.render()
    for each in objects:
        if each["metadata"]["name"] in ("vk8s-setup", "vk8s-guard"):
            assert is_hook(each)
            policy = each["metadata"]["annotations"]["helm.sh/hook-delete-policy"]
            assert policy == "before-hook-creation,hook-succeeded"
    subjects = {
        subject["name"]
        for each in select_kind(objects, "RoleBinding", "ClusterRoleBinding")
        for subject in each["subjects"]
        if subject["kind"] == "ServiceAccount"
    }
    assert subjects == {"metacontroller", "vk8s-setup", "vk8s-guard"}


def test_jobs_come_after_their_rights(helm: Helm) -> None:
    order = sorted(
        (each for each in helm.render() if is_hook(each)),
        key=lambda each: int(each["metadata"]["annotations"]["helm.sh/hook-weight"]),
    )
    kinds = [each["kind"] for each in order if each["metadata"]["name"] == "vk8s-setup"]
    assert kinds[0] == "ServiceAccount"
    assert kinds[-1] == "Job"


def test_job_of_an_evicted_pod_is_tried_again(helm: Helm) -> None:
    """The first rule that matches counts, and the exit code of such a pod would match the next."""
    for job in select_kind(helm.render(), "Job"):
        ignored, failed = job["spec"]["podFailurePolicy"]["rules"]
        assert ignored == {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}
        (container,) = job["spec"]["template"]["spec"]["containers"]
        codes = {"containerName": container["name"], "operator": "NotIn", "values": [3]}
        assert failed == {"action": "FailJob", "onExitCodes": codes}


def test_pods_are_as_closed_as_those_of_the_hooks(helm: Helm) -> None:
    containers = list(list_containers(helm.render()))
    assert len(containers) == 4
    for pod, container in containers:
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        closed = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
        assert container["securityContext"] == closed
        assert {"requests", "limits"} == set(container["resources"])


def test_no_key_is_in_a_render(helm: Helm) -> None:
    """A render that makes keys would make others each time."""
    for source in ("job", "certManager"):
        values = {"tls": {"source": source}}
        first, second = helm.render(values), helm.render(values)
        assert first == second
        assert not select_kind(first, "Secret")


@pytest.mark.parametrize("chart", [CHART, CRD_CHART], ids=["vk8s", "vk8s-crds"])
def test_lint_finds_nothing(helm: Helm, chart: Path) -> None:
    values = ["--set", f"image.registry={REGISTRY}"] if chart == CHART else []
    result = helm.run("lint", "--strict", str(chart), *values)
    assert result.returncode == 0, result.stdout
    assert "WARNING" not in result.stdout
