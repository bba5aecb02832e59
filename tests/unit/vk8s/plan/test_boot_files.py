"""The ConfigMaps that nodes boot from: those of other versions go once nothing can need them."""

from dataclasses import replace

from hooks.vk8s.observed.children import JOB, POD
from hooks.vk8s.scripts import build_scripts
from tests.unit.vk8s.plan.test_assemble import BOOTSTRAP
from tests.unit.vk8s.plan.test_node_pods import paused
from tests.unit.vk8s.plan.test_removals import leaving_world
from tests.unit.vk8s.plan.test_replacements import replaced, three_nodes, with_new_scripts
from tests.world import CONTEXT, names, running_world


def test_without_a_usable_pki_nothing_is_pruned() -> None:
    world = running_world()
    unused = world.children["ConfigMap.v1"][
        next(name for name in world.children["ConfigMap.v1"] if "bootstrap" in name)
    ]
    unused = {**unused, "metadata": {**unused["metadata"], "name": "demo-bootstrap-00000000"}}
    pki = {**world.children["Secret.v1"]["demo-pki"], "data": {}}
    broken = world.with_child("ConfigMap.v1", "demo-bootstrap-00000000", unused)
    assert "ConfigMap/demo-bootstrap-00000000" not in names(broken.sync())
    assert "ConfigMap/demo-bootstrap-00000000" in names(broken.with_child("Secret.v1", "demo-pki", pki).sync())


class TestBootstrapVersions:
    """Bootstrap files of an older version stay while a pod may need them."""

    new = replace(CONTEXT, scripts=build_scripts({"entrypoint.sh": "#!/bin/bash\ntrue\n"}))

    def test_old_files_stay_while_pods_mount_them(self) -> None:
        answer = replace(running_world(), context=self.new).sync()
        assert BOOTSTRAP in names(answer)

    def test_old_files_go_once_every_pod_runs_from_the_new_ones(self) -> None:
        old = running_world()
        world = replace(old, context=self.new).step().with_child("Pod.v1", "m", None).with_child("Pod.v1", "w", None)
        renewed = world.step()
        assert BOOTSTRAP in names(renewed.sync())
        assert BOOTSTRAP not in names(renewed.with_ready_pods().sync())


def test_pause_prunes_no_bootstrap_files() -> None:
    world = running_world()
    old = {**next(iter(world.children["ConfigMap.v1"].values()))}
    old = {**old, "metadata": {**old["metadata"], "name": "demo-bootstrap-old"}}
    assert "ConfigMap/demo-bootstrap-old" in names(
        paused(world.with_child("ConfigMap.v1", "demo-bootstrap-old", old), "field").sync()
    )


LOOPING = {"containerStatuses": [{"name": "node", "state": {"waiting": {"reason": "CrashLoopBackOff"}}}]}


def test_crashing_boot_gets_the_new_bootstrap_files_once() -> None:
    crashing = three_nodes().with_pod_status("w", LOOPING)
    assert replaced(crashing) == []
    upgraded = with_new_scripts(crashing).step()
    # The new bootstrap files are there first.
    assert replaced(upgraded) == ["w"]
    again = upgraded.step().step().with_pod_status("w", LOOPING)
    assert replaced(again) == []


def test_upgrade_restarts_nobody() -> None:
    assert replaced(with_new_scripts(three_nodes()).step()) == []


def test_bootstrap_files_stay_while_a_removal_uses_them() -> None:
    world = leaving_world()
    old = next(name for name in world.children["ConfigMap.v1"] if "bootstrap" in name)
    newer = {**world.children["ConfigMap.v1"][old], "metadata": {**world.children["ConfigMap.v1"][old]["metadata"]}}
    newer["metadata"]["name"] = "demo-bootstrap-older000"
    world = world.with_child("ConfigMap.v1", "demo-bootstrap-older000", newer)
    assert "ConfigMap/demo-bootstrap-older000" not in names(world.sync())
    pod = world.children[POD]["w"]
    volumes = [{"name": "boot", "configMap": {"name": "demo-bootstrap-older000"}}]
    kept = world.with_child(POD, "w", {**pod, "spec": {**pod["spec"], "volumes": volumes}})
    assert "ConfigMap/demo-bootstrap-older000" in names(kept.sync())
    job = world.children[JOB]["w-leave"]
    template = {"spec": {**job["spec"]["template"]["spec"], "volumes": volumes}}
    kept = world.with_child(JOB, "w-leave", {**job, "spec": {**job["spec"], "template": template}})
    assert "ConfigMap/demo-bootstrap-older000" in names(kept.sync())
