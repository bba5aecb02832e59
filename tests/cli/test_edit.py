"""`create --edit`: the Vk8s in the editor of the user, and what becomes of what they write."""

from pathlib import Path

import pytest

from kubectl_vk8s.problems import Exit
from tests.cli.conftest import Run
from tests.cli.fake_kubectl import FakeKubectl
from tests.cli.objects import untouched

DRY_RUN = "create --dry-run=client --output=yaml --filename="
CREATE = "create --filename=- --output=json"
IMAGE = ("--image", "r/vk8s/kink:v1.34.4")


@pytest.fixture
def editor(kubectl: FakeKubectl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The script of an editor, which a test writes; kubectl shows and creates a Vk8s."""
    kubectl.answer(DRY_RUN, "kind: Vk8s\n")
    kubectl.answer(CREATE, untouched())
    script = tmp_path / "editor"
    monkeypatch.setenv("EDITOR", "false")
    monkeypatch.setenv("KUBE_EDITOR", f"bash {script}")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    return script


def test_text_that_is_saved_in_the_editor_is_created(editor: Path, kubectl: FakeKubectl, run: Run) -> None:
    editor.write_text('echo "metadata: {}" >>"$1"\n')
    assert run("create", "demo", *IMAGE, "--edit", "--no-wait").code == Exit.DONE
    assert kubectl.stdin == "kind: Vk8s\nmetadata: {}\n"


def test_file_is_edited_as_kubectl_shows_it(editor: Path, kubectl: FakeKubectl, run: Run) -> None:
    editor.write_text('echo "kind: Vk8s" >"$1"\n')
    assert run("create", "-f", "demo.yaml", "--edit", "--dry-run").out == "kind: Vk8s\n"
    assert [call.rpartition("=")[2] for call in kubectl.calls] == ["demo.yaml", "-"]


@pytest.mark.parametrize("script", ["true", 'echo >"$1"'], ids=["it is left as it was", "it is emptied"])
def test_editor_that_saves_nothing_creates_nothing(script: str, editor: Path, kubectl: FakeKubectl, run: Run) -> None:
    editor.write_text(f"{script}\n")
    ended = run("create", "demo", *IMAGE, "--edit")
    assert ended.code == Exit.FAILED
    assert ended.err == "error: Nothing was saved in the editor, so nothing has been created.\n"
    assert not [call for call in kubectl.calls if CREATE in call]


def test_text_that_is_rejected_is_kept(editor: Path, kubectl: FakeKubectl, run: Run) -> None:
    editor.write_text('echo "kind: Vk9s" >"$1"\n')
    kubectl.refuse_first(CREATE, "BadRequest", "no kind Vk9s")
    ended = run("create", "demo", *IMAGE, "--edit")
    assert ended.code == Exit.FAILED
    assert "no kind Vk9s\nWhat you have written is kept: kubectl vk8s create --edit -f " in ended.err
    assert Path(ended.err.split()[-1]).read_text() == "kind: Vk9s\n"


def test_rejection_of_what_nobody_edited_keeps_nothing(editor: Path, kubectl: FakeKubectl, run: Run) -> None:
    kubectl.refuse_first(CREATE, "BadRequest", "no")
    assert run("create", "demo", *IMAGE).err == "error: no\n"
    assert not editor.exists()
    assert not list(editor.parent.glob("*.yaml"))


def test_editor_needs_the_standard_input(kubectl: FakeKubectl, run: Run) -> None:
    ended = run("create", "-f", "-", "--edit")
    assert ended.code == Exit.USAGE
    assert "--edit needs the standard input for your editor" in ended.err
    assert kubectl.calls == []
