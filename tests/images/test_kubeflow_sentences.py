"""When a step of the Kubeflow installer ends to be seen: sentences.sh in its image, with another clock."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.images.installer import IMAGE

SCRIPT = """
RUN={run} KUBEFLOW_TERMINATION_LOG={run}/message
. {files}/sentences.sh
seconds() {{ echo "$now"; }}
while read -r now kind sentence; do record_missing "$kind" "$sentence" >/dev/null; end_if_due; done
echo goes on
"""


def live(root: Path, *looks: str) -> str:
    """One container: what is missing at which second; its termination message, or that it goes on."""
    message = root / "message"
    message.unlink(missing_ok=True)
    script = SCRIPT.format(run=root, files=IMAGE / "files")
    result = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        env={"PATH": os.environ["PATH"]}, input="".join(f"{look}\n" for look in looks),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == (0 if result.stdout == "goes on\n" else 1), result.stderr
    return result.stdout.strip() or message.read_text()


def test_message_is_reported_after_twenty_seconds(tmp_path: Path) -> None:
    assert live(tmp_path, "1 objects 1 of 9", "19 objects 2 of 9") == "goes on"
    assert live(tmp_path, "19 objects 2 of 9", "20 objects 3 of 9", "21 objects 4 of 9") == "3 of 9"


def test_mere_counts_are_reported_less_and_less_often(tmp_path: Path) -> None:
    for after in (20, 60, 180, 600, 600):
        assert live(tmp_path, f"{after - 1} objects 1 of 9") == "goes on"
        assert live(tmp_path, f"{after} objects 2 of 9") == "2 of 9"


def test_another_message_is_reported_at_once(tmp_path: Path) -> None:
    live(tmp_path, "20 objects 1 of 9")
    assert live(tmp_path, "19 webhook refused") == "goes on"
    assert live(tmp_path, "21 objects 2 of 9", "25 webhook refused") == "refused"
    assert live(tmp_path, "59 webhook refused") == "goes on"
    assert live(tmp_path, "20 objects 3 of 9") == "3 of 9"


@pytest.mark.parametrize(("first", "second"), [("10.96.0.7:443", "10.96.12.7:443"), ("a1", "a22")])
def test_numbers_do_not_make_a_refusal_another(tmp_path: Path, first: str, second: str) -> None:
    live(tmp_path, f"20 {first} x")
    assert live(tmp_path, f"59 {second} y") == "goes on"
