"""Settings from the environment."""

from datetime import timedelta

import pytest
from pydantic import ValidationError

from hooks.settings import parse_settings


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
    "environ",
    [{"VK8S_SETTING_CA_DAYS": "0"}, {"VK8S_SETTING_CLUSTER_DOMAIN": "-"}, {"VK8S_SETTING_TYPO": "1"}],
    ids=str,
)
def test_what_is_no_setting_is_refused(environ: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        parse_settings(environ)
