"""The example of metrics-server for a virtual cluster: what it takes from where, and what it adds."""

import yaml

from tests.shared_material import ROOT

MODULE = "sigs.k8s.io/metrics-server"
EXAMPLE = yaml.safe_load((ROOT / "examples" / "inside" / "metrics-server" / "kustomization.yaml").read_text())


def test_example_installs_the_release_that_was_tried() -> None:
    """The module that the nested test builds is that of the release."""
    modules = (ROOT / "images" / "metrics-server" / "go.mod").read_text().splitlines()
    (version,) = [line.split()[2] for line in modules if line.startswith(f"require {MODULE} ")]
    (resource,) = EXAMPLE["resources"]
    assert resource == (
        f"https://github.com/kubernetes-sigs/metrics-server/releases/download/{version}/components.yaml"
    )


def test_example_lets_metrics_server_trust_certificates_of_kubelets() -> None:
    """They have signed these themselves, as in every kubeadm cluster."""
    (patch,) = EXAMPLE["patches"]
    assert patch["target"] == {"kind": "Deployment", "name": "metrics-server", "namespace": "kube-system"}
    (operation,) = yaml.safe_load(patch["patch"])
    assert operation == {
        "op": "add",
        "path": "/spec/template/spec/containers/0/args/-",
        "value": "--kubelet-insecure-tls",
    }
