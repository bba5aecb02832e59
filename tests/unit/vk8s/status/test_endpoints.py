"""What the owner connects to, and until when the certificates for that are valid."""

from hooks.vk8s.keys.pki import encode_data
from tests.unit.vk8s.children.ports import LOW, WEB, with_node_ports
from tests.unit.vk8s.kubeflow.material import kubeflow_spec, running
from tests.world import ready_status, running_world, spec


def test_unreadable_secret_costs_only_its_own_date() -> None:
    world = running_world()
    secrets = world.children["Secret.v1"]
    pki = {**secrets["demo-pki"], "data": {"ca.crt": "x"}}
    no_date = encode_data({"value": b"client-certificate-data: x"})
    kubeconfig = {**secrets["demo-kubeconfig"], "data": no_date}
    shown = world.with_child("Secret.v1", "demo-pki", pki).sync().status
    assert list(shown["certificatesExpire"]) == ["kubeconfig"]
    shown = world.with_child("Secret.v1", "demo-kubeconfig", kubeconfig).sync().status
    assert list(shown["certificatesExpire"]) == ["ca"]


KUBEFLOW = {"name": "kubeflow", "port": 30080, "targetPort": 30080}


def test_status_shows_the_node_ports_of_the_host_cluster() -> None:
    world = with_node_ports(running_world(spec=spec(ports=[WEB, LOW, KUBEFLOW])), low=31234)
    assert world.sync().status["endpoints"] == {
        "api": "https://demo-api.team-a.svc.cluster.local:6443",
        "ports": [
            {"name": "web", "port": 30000, "nodePort": 30000},
            {"name": "low", "port": 8080, "nodePort": 31234},
            {"name": "kubeflow", "port": 30080, "nodePort": 30080},
        ],
    }


def test_kubeflow_url_is_at_the_control_planes_host_or_any() -> None:
    world = running(kubeflow_spec())
    opened = [{"name": "kubeflow", "port": 30080, "nodePort": 30080}]
    world = world.with_child("Service.v1", "demo", {**world.children["Service.v1"]["demo"], "spec": {"ports": opened}})
    assert "kubeflow" not in world.sync().status["endpoints"]
    world = world.with_pod_status("w", {**ready_status(), "hostIP": "192.0.2.8"})
    assert world.sync().status["endpoints"]["kubeflow"] == "http://192.0.2.8:30080"
    world = world.with_pod_status("m", {**ready_status(), "hostIP": "192.0.2.7"})
    assert world.sync().status["endpoints"]["kubeflow"] == "http://192.0.2.7:30080"
