"""The access pod: what is mounted into it."""

from hooks.vk8s.keys.ssh import HOST_KEY
from tests.unit.vk8s.plan.test_access import world


def test_private_key_of_the_owner_is_not_in_the_pod() -> None:
    pod = world().steps(4).children["Pod.v1"]["demo-access-pod"]
    volume = next(volume for volume in pod["spec"]["volumes"] if volume["name"] == "ssh")
    assert [item["key"] for item in volume["secret"]["items"]] == [HOST_KEY]
