"""What the table says of each kind of child, in the forms that others need."""

import pytest

from hooks.vk8s.observed.children import CLAIM, CONFIG_MAP, JOB, NETWORK_POLICY, POD, SECRET, SERVICE, group_key
from hooks.vk8s.observed.kinds import CHILD_KINDS, REQUIRED_KINDS


@pytest.mark.parametrize(
    ("key", "api_version", "resource"),
    [
        (POD, "v1", "pods"),
        (JOB, "batch/v1", "jobs.batch"),
        (NETWORK_POLICY, "networking.k8s.io/v1", "networkpolicies.networking.k8s.io"),
    ],
)
def test_kind_has_the_forms_that_manifests_and_quotas_have(key: str, api_version: str, resource: str) -> None:
    kind = CHILD_KINDS[key]
    assert (kind.api_version, kind.resource) == (api_version, resource)
    assert group_key({"kind": kind.kind, "apiVersion": kind.api_version}) == key


def test_required_kinds_are_those_of_the_first_release() -> None:
    """One that came later has a `since`, or an upgrade of the hooks alone would refuse every call."""
    assert set(REQUIRED_KINDS) == {SECRET, CONFIG_MAP, SERVICE, CLAIM, POD, JOB}
