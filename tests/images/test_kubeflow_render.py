"""images/kubeflow-installer/render.py: what is in the image of what kustomize has made."""

import re
from pathlib import Path

import pytest
import yaml

from tests.images.installer import KUBEFLOW, render

PASSWORD = "kind: Secret\nmetadata:\n  name: dex-passwords\n"
GATEWAY = "name: istio-ingressgateway\n"


def read_objects(bundle: Path) -> str:
    return "".join(path.read_text() for path in sorted((bundle / "objects").iterdir()))


def test_objects_that_others_need_come_first(bundle: Path) -> None:
    assert [line.split(maxsplit=2)[2] for line in (bundle / "list").read_text().splitlines()] == [
        "Namespace auth",
        "Namespace kubeflow",
        "Secret auth/dex-passwords",
        "CustomResourceDefinition profiles.kubeflow.org",
        "ConfigMap auth/dex",
        "ConfigMap kubeflow/jupyter",
        "Deployment auth/dex",
        "Deployment kubeflow/jupyter",
        "StatefulSet kubeflow/metacontroller",
        "Service kubeflow/jupyter",
        "Service auth/jupyter",
        "Profile kubeflow-user-example-com",
    ]


def test_objects_are_listed_as_kubectl_calls_them(bundle: Path) -> None:
    names = {line.split()[1] for line in (bundle / "list").read_text().splitlines()}
    assert {"namespace/auth", "deployment.apps/dex", "profile.kubeflow.org/kubeflow-user-example-com"} <= names


def test_password_that_everybody_knows_is_nowhere(bundle: Path) -> None:
    assert not [path for path in bundle.rglob("*") if path.is_file() and "$2y$" in path.read_text()]


def test_gateway_has_a_place_for_its_port(bundle: Path) -> None:
    assert "istio-ingressgateway" not in read_objects(bundle)
    assert yaml.safe_load((bundle / "gateway.yaml").read_text())["spec"] == {
        "ports": [
            {"name": "status-port", "port": 15021},
            {"name": "http2", "port": 80, "targetPort": 8080, "nodePort": "KUBEFLOW_PORT"},
        ],
        "type": "NodePort",
    }


def test_gateway_without_http2_has_it_at_port_80(tmp_path: Path) -> None:
    render(KUBEFLOW.replace("name: http2", "name: web"), tmp_path / "kubeflow")
    ports = yaml.safe_load((tmp_path / "kubeflow" / "gateway.yaml").read_text())["spec"]["ports"]
    assert [port.get("nodePort") for port in ports] == [None, "KUBEFLOW_PORT"]


def test_nothing_else_changes_but_cookies(bundle: Path) -> None:
    rendered = KUBEFLOW.replace('COOKIES: "true"', 'COOKIES: "false"').replace(
        'COOKIES\n          value: "true"', 'COOKIES\n          value: "false"'
    )
    left_out = ("name: dex-passwords", GATEWAY.strip())
    expected = [text.strip() for text in re.split("^---\n", rendered, flags=re.MULTILINE)]
    found = [text.strip() for text in re.split("^---\n", read_objects(bundle), flags=re.MULTILINE)[1:]]
    assert sorted(found) == sorted(text for text in expected if not any(name in text for name in left_out))


def test_workloads_are_listed(bundle: Path) -> None:
    assert (bundle / "workloads").read_text().splitlines() == [
        "Deployment auth dex",
        "Deployment kubeflow jupyter",
        "StatefulSet kubeflow metacontroller",
    ]
    assert (bundle / "version").read_text() == "v1.10.2\n"


@pytest.mark.parametrize(
    ("rendered", "sentence"),
    [
        ("", "There is no Service istio-system/istio-ingressgateway in it"),
        (KUBEFLOW.replace(GATEWAY, "name: another\n"), "There is no Service istio-system/istio-ingressgateway in it"),
        (KUBEFLOW.replace(PASSWORD, PASSWORD.replace("dex", "odd")), "versions before v1.9 are not supported"),
        (KUBEFLOW.replace("DEX_USER_PASSWORD: $", "PASSWORD: $"), "has no key DEX_USER_PASSWORD"),
        (KUBEFLOW.replace("http2", "web").replace("port: 80\n", "port: 81\n"), "called http2, and no port 80"),
        (f"{KUBEFLOW}---\nkind: Odd\n", "no object with a name: 'kind: Odd"),
        (f"{KUBEFLOW}---\nodd\n", "no object with a name: 'odd"),
    ],
    ids=["nothing", "without gateway", "without password", "another password", "without port", "unnamed", "a word"],
)
def test_folder_without_kubeflow_is_rejected(tmp_path: Path, rendered: str, sentence: str) -> None:
    result = render(rendered, tmp_path / "kubeflow")
    assert result.returncode == 1
    assert result.stderr.startswith("An installer can't be made of what was rendered. ")
    assert sentence in result.stderr
    assert len(result.stderr.splitlines()) == 1
