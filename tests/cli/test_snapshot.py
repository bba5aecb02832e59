"""`snapshot`: what it asks of kubectl, what it waits for, and how it says that there is no snapshot."""

import io

import pytest

from hooks.kubernetes.manifest import Manifest
from kubectl_vk8s.problems import Exit
from tests.backups_world import CLAIM
from tests.cli.conftest import Run
from tests.cli.fake_kubectl import FakeKubectl
from tests.cli.objects import items, running
from tests.cli.test_change import GET, PATCH, read_patch

ANNOTATION = "vk8s.sktelecom.com/snapshot"
LAST = {"snapshot": "5fd3658b", "lastSuccessTime": "2026-01-02T02:00:02Z"}
STORED = {"value": "one", "phase": "Succeeded", "snapshot": "5fd3658b"}


def backed_up(request: Manifest | None = None, **spec: object) -> Manifest:
    """One that is Running, with backups."""
    vk8s = running()
    backup = {"backup": {"request": request}} if request else {}
    return {**vk8s, "spec": {**vk8s["spec"], "backup": CLAIM, **spec}, "status": {**vk8s["status"], **backup}}


def answer(kubectl: FakeKubectl, request: Manifest) -> None:
    """The request is carried out, and ends like this."""
    kubectl.answer(GET, backed_up(request))
    kubectl.answer(PATCH, backed_up())
    kubectl.watch(backed_up(), backed_up({"value": "one", "phase": "Running"}), backed_up(request))


def test_snapshot_is_named_when_it_is_stored(kubectl: FakeKubectl, run: Run) -> None:
    answer(kubectl, STORED)
    ended = run("snapshot", "demo", "--request", "one")
    assert ended.code == Exit.DONE, ended.err
    assert ended.out.splitlines()[-1] == "Snapshot 5fd3658b of demo is stored."
    assert read_patch(kubectl)["metadata"]["annotations"] == {ANNOTATION: "one"}


def test_reason_of_a_failure_is_shown(kubectl: FakeKubectl, run: Run) -> None:
    answer(kubectl, {"value": "one", "phase": "Failed", "message": "the claim: it has no room left."})
    ended = run("snapshot", "demo", "--request", "one")
    assert ended.code == Exit.FAILED
    assert ended.err.splitlines()[-1] == "No snapshot of demo is stored: the claim: it has no room left."


COPIED = {**STORED, "message": "4 volumes of 2 nodes, 200 bytes."}


@pytest.mark.parametrize(
    ("end", "code", "words"),
    [
        (COPIED, Exit.DONE, "Snapshot 5fd3658b of demo is stored with 4 volumes of 2 nodes, 200 bytes."),
        (STORED, Exit.DONE, "Snapshot 5fd3658b of demo is stored."),
        (
            {"value": "one", "phase": "Failed", "message": "volumes of w: no room."},
            Exit.FAILED,
            "No cold backup of demo is stored: volumes of w: no room.",
        ),
    ],
    ids=["stored", "stored without a word", "failed"],
)
def test_cold_backup_is_waited_for_and_named(
    kubectl: FakeKubectl, run: Run, end: Manifest, code: int, words: str
) -> None:
    answer_cold(kubectl, end)
    ended = run("snapshot", "demo", "--volumes", "--request", "one")
    assert ended.code == code
    assert words in [*ended.out.splitlines(), *ended.err.splitlines()]
    assert read_patch(kubectl)["metadata"]["annotations"] == {"vk8s.sktelecom.com/cold-backup": "one"}


def answer_cold(kubectl: FakeKubectl, end: Manifest) -> None:
    """The cold backup is taken, and ends like this."""
    before = backed_up()
    running, over = (
        {**before, "status": {**before["status"], "backup": {"cold": cold}}}
        for cold in ({"value": "one", "phase": "Running"}, end)
    )
    kubectl.answer(GET, over)
    kubectl.answer(PATCH, before)
    kubectl.watch(before, running, over)


def test_end_of_an_earlier_request_is_none_of_this_one(kubectl: FakeKubectl, run: Run) -> None:
    answer(kubectl, {**STORED, "value": "another"})
    assert run("snapshot", "demo", "--request", "one", "--timeout", "1s").code == Exit.NOT_READY


def test_request_without_a_name_is_named_after_the_time(kubectl: FakeKubectl, run: Run) -> None:
    answer(kubectl, STORED)
    assert run("snapshot", "demo", "--no-wait").code == Exit.DONE
    assert read_patch(kubectl)["metadata"]["annotations"][ANNOTATION].endswith("Z")


def test_status_shows_the_newest_snapshot(kubectl: FakeKubectl, run: Run) -> None:
    vk8s = backed_up()
    last = {"snapshot": "5fd3658b", "lastSuccessTime": "2026-01-02T02:00:02Z", "size": 4404019, "encrypted": True}
    kubectl.answer(GET, {**vk8s, "status": {**vk8s["status"], "backup": last}})
    assert "SNAPSHOT 5fd3658b   TAKEN 2026-01-02T02:00:02Z   SIZE 4.2 MiB" in run("status", "demo").out.splitlines()


def test_status_says_that_there_is_no_snapshot(kubectl: FakeKubectl, run: Run) -> None:
    kubectl.answer(GET, backed_up())
    assert "No snapshot has been stored so far." in run("status", "demo").out.splitlines()


KEPT = "Its snapshots stay, in claim backups; the last one is 5fd3658b, of 2026-01-02T02:00:02Z."


def stored(spec: Manifest, last: Manifest | None = None) -> Manifest:
    """One with these fields in its spec, and this last snapshot."""
    vk8s = running()
    return {**vk8s, "spec": {**vk8s["spec"], **spec}, "status": {**vk8s["status"], "backup": last or {}}}


@pytest.mark.parametrize(
    ("vk8s", "words"),
    [
        pytest.param(stored({"backup": CLAIM}, LAST), KEPT, id="stored"),
        pytest.param(stored({"backup": CLAIM}), "No snapshot of it is known.", id="none so far"),
        pytest.param(stored({}, LAST), "No snapshot of it is known.", id="none any more"),
        pytest.param(stored({"storage": {"retain": True}}), "Its volumes stay (storage.retain), and", id="retained"),
    ],
)
def test_deletion_says_what_is_left(
    kubectl: FakeKubectl, run: Run, monkeypatch: pytest.MonkeyPatch, vk8s: Manifest, words: str
) -> None:
    kubectl.answer(GET, vk8s)
    kubectl.answer("get persistentvolumeclaims", items())
    monkeypatch.setattr("sys.stdin", io.StringIO("\n"))
    assert words in run("delete", "demo").err


@pytest.mark.parametrize(
    ("vk8s", "words"),
    [
        (running(), "demo has no spec.backup, which says where snapshots go: docs/how-to/backup.md."),
        (backed_up(paused=True), "demo is paused, and has no etcd: kubectl vk8s resume demo"),
    ],
    ids=["no backup", "paused"],
)
def test_snapshot_that_would_not_be_taken_is_refused(
    kubectl: FakeKubectl, run: Run, vk8s: Manifest, words: str
) -> None:
    kubectl.answer(GET, vk8s)
    ended = run("snapshot", "demo")
    assert ended.code == Exit.FAILED
    assert words in ended.err
