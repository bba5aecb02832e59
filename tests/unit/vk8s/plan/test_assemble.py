"""Which children a virtual cluster has at each step of its life: in which order they are created."""

from tests.world import World, names

BOOTSTRAP = f"ConfigMap/{World().boot_files}"
FIRST = [BOOTSTRAP, "NetworkPolicy/demo", "Secret/demo-pki", "Service/demo-api"]
CLAIMS = ["PersistentVolumeClaim/m-state", "PersistentVolumeClaim/w-state"]
SECRETS = ["Secret/demo-join", "Secret/demo-kubeconfig"]
PODS = ["Pod/m", "Pod/w"]


def test_first_answer_has_only_what_needs_no_pki() -> None:
    assert names(World().sync()) == sorted(FIRST)


def test_all_but_pods_are_created_once_the_pki_is_observed() -> None:
    assert names(World().step().sync()) == sorted([*FIRST, *SECRETS, *CLAIMS])


def test_pods_are_created_once_all_that_they_mount_is_observed() -> None:
    assert names(World().steps(2).sync()) == sorted([*FIRST, *SECRETS, *CLAIMS, *PODS])
