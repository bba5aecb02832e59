"""Settings from the environment."""

from datetime import timedelta
from ipaddress import IPv4Network

import pytest
from pydantic import ValidationError

from hooks.settings import Settings, parse_settings


def test_defaults_need_no_environment() -> None:
    settings = parse_settings({"PATH": "/bin"})
    assert settings.cluster_domain == "cluster.local"
    assert settings.ca_validity == timedelta(days=3650)
    assert settings.kubeconfig_validity == settings.node_certificate_validity == timedelta(days=365)


def test_each_setting_has_a_variable() -> None:
    assert parse_settings({"VK8S_SETTING_KUBECONFIG_DAYS": "7"}).kubeconfig_validity == timedelta(days=7)


def test_variables_that_the_host_cluster_sets_are_none_of_ours() -> None:
    assert parse_settings({"VK8S_HOOKS_SERVICE_HOST": "10.96.0.7"}) == parse_settings({})


@pytest.mark.parametrize(
    "text",
    ["a/*,b:v1", " a/* b:v1 ", "a/*,\n b:v1,", ",a/*,,b:v1"],
    ids=["a comma", "spaces", "a comma and a new line", "more commas than needed"],
)
def test_images_are_words_between_commas_and_white_space(text: str) -> None:
    assert parse_settings({"VK8S_SETTING_ALLOWED_IMAGES": text}).allowed_images == ("a/*", "b:v1")


@pytest.mark.parametrize("text", ["10.0.0.0/8,fd00::/8, 10.96.0.1,", "10.0.0.0/8 10.96.0.1/32 ::1"], ids=repr)
def test_networks_of_the_host_are_the_ipv4_ones(text: str) -> None:
    networks = parse_settings({"VK8S_SETTING_HOST_CIDRS": text}).host_cidrs
    assert networks == (IPv4Network("10.0.0.0/8"), IPv4Network("10.96.0.1/32"))


def test_defaults_reject_nothing_and_have_a_network_policy() -> None:
    settings = parse_settings({"VK8S_SETTING_ALLOWED_IMAGES": "", "VK8S_SETTING_HOST_CIDRS": " "})
    assert (settings.allowed_images, settings.host_cidrs, settings.network_policy) == ((), (), True)
    assert settings == parse_settings({}) == Settings(host_cidrs=())


def test_installer_of_kubeflow_is_another_one_for_each_version() -> None:
    image = "registry.example.com/vk8s/kubeflow-installer:{version}"
    assert parse_settings({"VK8S_SETTING_KUBEFLOW_INSTALLER_IMAGE": image}).kubeflow_installer_image == image
    with pytest.raises(ValidationError) as refused:
        parse_settings({"VK8S_SETTING_KUBEFLOW_INSTALLER_IMAGE": "registry.example.com/kubeflow:v1.11.0"})
    [problem] = refused.value.errors()
    assert problem["msg"] == f"write {{version}} where the version belongs, as in {image}"


def test_text_that_is_no_network_is_reported() -> None:
    with pytest.raises(ValidationError) as refused:
        parse_settings({"VK8S_SETTING_HOST_CIDRS": "10.0.0.0/8,10.0.0.1/8"})
    [problem] = refused.value.errors()
    assert problem["loc"] == ("host_cidrs",)
    assert problem["msg"] == "write networks such as 10.244.0.0/16,10.96.0.0/12; 10.0.0.1/8 has host bits set"


@pytest.mark.parametrize(
    "environ",
    [
        {"VK8S_SETTING_NETWORK_POLICY": "perhaps"},
        {"VK8S_SETTING_CA_DAYS": "0"},
        {"VK8S_SETTING_CLUSTER_DOMAIN": "-"},
        {"VK8S_SETTING_TYPO": "1"},
    ],
    ids=str,
)
def test_unusable_setting_is_rejected(environ: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        parse_settings(environ)


@pytest.mark.parametrize(("size", "bodies"), [("1", 64), ("100", 100), ("300", 300)], ids=["less", "more", "most"])
def test_body_of_any_allowed_size_has_room(size: str, bodies: int) -> None:
    settings = parse_settings({"VK8S_SETTING_MAX_BODY_MIB": size, "VK8S_SETTING_MAX_BODIES_MIB": "1"})
    assert settings.max_bodies_bytes == bodies * 1024 * 1024
