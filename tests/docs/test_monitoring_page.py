"""docs/how-to/monitoring.md: each alert has an action, and what it says to write fits what is installed."""

import re
from typing import Any

import yaml

from docs.tools.chart import read_schema
from hooks.setup.keys import list_names
from tests.contract.test_manifests import get_manifest
from tests.contract.test_monitoring import RULES
from tests.shared_material import ROOT

PAGE = (ROOT / "docs" / "how-to" / "monitoring.md").read_text()
LABEL = "__meta_kubernetes_pod_label_app_kubernetes_io_name"
PORT = "__meta_kubernetes_pod_container_port_name"


def read_yaml(first: str) -> Any:
    """The block of YAML that begins with these words."""
    (block,) = re.findall(rf"^ *```yaml\n( *{re.escape(first)}.*?)^ *```$", PAGE, re.MULTILINE | re.DOTALL)
    return yaml.safe_load(block)


def test_every_alert_has_an_action() -> None:
    rows = re.findall(r"^\| `(\w+)` \| .+ \| .+ \|$", PAGE, re.MULTILINE)
    assert sorted(rows) == sorted(rule["alert"] for rule in RULES)


def test_scrape_jobs_find_what_is_installed() -> None:
    jobs = {job["job_name"]: job for job in read_yaml("- job_name: vk8s-hooks")}
    assert len(jobs) == 2
    for name, job in jobs.items():
        template = get_manifest("Deployment", name)["spec"]["template"]
        kept = {rule["source_labels"][0]: rule["regex"] for rule in job["relabel_configs"]}
        assert kept[LABEL] == template["metadata"]["labels"]["app.kubernetes.io/name"]
        (container,) = template["spec"]["containers"]
        assert kept[PORT] in [port["name"] for port in container["ports"]]
        assert job["kubernetes_sd_configs"] == [{"role": "pod", "namespaces": {"names": ["vk8s-system"]}}]


def test_server_name_is_one_that_the_certificate_has() -> None:
    service = get_manifest("Service", "vk8s-hooks")["metadata"]
    jobs = {job["job_name"]: job for job in read_yaml("- job_name: vk8s-hooks")}
    name = f"{service['name']}.{service['namespace']}.svc"
    assert jobs["vk8s-hooks"]["tls_config"]["server_name"] == name
    assert name in list_names(service["namespace"])


def test_values_are_values_of_the_chart() -> None:
    schema = read_schema()["properties"]["monitoring"]["properties"]
    values = read_yaml("# values.yaml")["monitoring"]
    assert values.keys() == schema.keys()
    assert all(own.keys() <= schema[name]["properties"].keys() for name, own in values.items())


def test_label_of_the_page_opens_the_network_policy() -> None:
    (rule,) = get_manifest("NetworkPolicy", "vk8s-hooks")["spec"]["ingress"]
    ((key, value),) = rule["from"][1]["namespaceSelector"]["matchLabels"].items()
    assert f"kubectl label namespace monitoring {key}={value}" in PAGE
