"""What the lines of api-writer mean, and how a run of it begins, ends and is judged."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from testbed.kubectl import Kubectl
from tests.nested.api_writer import ApiWriter, Measurement, Outage, find_numbers, parse_log
from tests.nested.place import Place

# Writes and is answered all the time, until it is asked to end.
FAKE = """n=0
trap 'echo "{\\"requests\\": $n, \\"seconds\\": $n}"; exit' TERM
while true; do
  echo "{\\"number\\": $n, \\"begun\\": $n, \\"ended\\": $n.5}"
  n=$((n + 1))
  sleep 0.01
done"""


def build_lines(*answers: float | str, seconds: float) -> str:
    """What is printed of writes that are answered then, or with that error, and of the end."""
    lines = [
        f'{{"number": {number}, "begun": 0, "ended": {0 if isinstance(answer, str) else answer}'
        + (f', "error": "{answer}"}}' if isinstance(answer, str) else "}")
        for number, answer in enumerate(answers)
    ]
    return "\n".join([*lines, f'{{"requests": {len(answers)}, "seconds": {seconds}}}', ""])


@pytest.mark.parametrize(
    ("answers", "seconds", "gap"),
    [
        pytest.param([0.25, 1.25, 1.5], 1.75, 1.0, id="between two answers"),
        pytest.param([0.25, 1.5, 1.25], 1.75, 1.0, id="between two answers that came in another order"),
        pytest.param([2, 2.5], 3, 2.0, id="before the first answer"),
        pytest.param([0.5, 1], 4, 3.0, id="after the last answer"),
        pytest.param([0.5, "refused", 2], 2.25, 1.5, id="an error is no answer"),
        pytest.param([], 6, 6.0, id="without an answer"),
        pytest.param([0.5, 3], 1, 2.0, id="an answer after the last write had begun"),
    ],
)
def test_longest_gap_lies(answers: Sequence[float | str], seconds: float, gap: float) -> None:
    assert parse_log(build_lines(*answers, seconds=seconds)).compute_longest_gap() == gap


def test_half_a_line_does_not_count() -> None:
    text = build_lines(0.5, "timed out", "timed out", seconds=1)
    log = parse_log(text)
    assert (log.acknowledged, log.list_errors(), log.seconds) == (frozenset([0]), ["timed out"], 1.0)
    half = parse_log(text[: text.index("timed out")])
    assert (len(log.requests), len(half.requests)) == (3, 1)
    with pytest.raises(AssertionError, match="it still writes"):
        half.compute_longest_gap()


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[ApiWriter]:
    writer = ApiWriter(Place(), ["bash", "-c", FAKE], tmp_path / "log")
    writer.start()
    # Two answers at least.
    writer.wait_for_answer()
    yield writer
    writer.kill()


def test_writer_ends_on_a_signal_and_keeps_its_lines(writer: ApiWriter) -> None:
    before = len(writer.read().requests)
    writer.wait_for_answer()
    log = writer.stop()
    assert len(log.requests) == log.seconds
    assert len(log.requests) > before
    assert writer.read() == log


def test_writer_that_can_not_start_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.nested.api_writer.SECONDS", 0.2)
    with pytest.raises(TimeoutError, match="there is no kubeconfig"):
        ApiWriter(Place(), ["bash", "-c", "echo there is no kubeconfig >&2; exit 1"], tmp_path / "log").start()


@pytest.mark.parametrize(
    ("change", "lost"),
    [
        pytest.param(lambda numbers: numbers, lambda _: 0, id="nothing"),
        pytest.param(lambda numbers: numbers[1:], lambda _: 1, id="the first write"),
        pytest.param(lambda _: [], len, id="all"),
        pytest.param(lambda numbers: [*numbers, 10**6], lambda _: 1, id="one that nobody has written is there"),
    ],
)
def test_lost_writes_are_counted(
    writer: ApiWriter, change: Callable[[list[int]], list[int]], lost: Callable[[list[int]], int]
) -> None:
    answers = iter([None])
    measurement = Measurement(writer, lambda: next(answers, change(read_numbers(writer))))
    with pytest.raises(AssertionError, match="someone still writes"):
        _ = measurement.outage
    measurement.end()
    # The fake answers once a second, half a second after it was asked.
    assert measurement.outage == Outage(1.0, lost(read_numbers(writer)))


def read_numbers(writer: ApiWriter) -> list[int]:
    return [each.number for each in writer.read().requests]


def test_written_numbers_are_found_by_the_name_of_the_run(tmp_path: Path) -> None:
    fake = tmp_path / "kubectl"
    fake.write_text(
        '#!/bin/sh\n[ "$3" = --selector=api-writer=write-7a ] && echo configmap/write-7a-0 configmap/write-7a-12\n'
    )
    fake.chmod(0o755)
    assert find_numbers(Kubectl([str(fake)]), "write-7a") == [0, 12]
    assert find_numbers(Kubectl(["false"]), "write-7a") is None
