"""What bench reports about the memory of processes."""

import mmap
import os
import subprocess
import sys
from pathlib import Path

from bench.processes import count_inotify, read_maps, read_memory
from testbed.waiting import wait_for

MB = 1_000_000
SECONDS = 10


def test_memory_that_a_process_takes_is_its_own_and_of_no_file() -> None:
    before = read_maps([os.getpid()])
    with mmap.mmap(-1, 20 * MB, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as taken:
        for _ in range(20):
            taken.write(b"x" * MB)
        after = read_maps([os.getpid()])
    grown = {name: value - before[name] for name, value in after.items()}
    assert all(19 < value < 30 for value in grown.values()), grown


def test_file_that_two_processes_map_is_divided_between_them(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"x" * 20 * MB)
    program = (
        "import mmap, os, sys; m = mmap.mmap(os.open(sys.argv[1], os.O_RDONLY), 0, prot=mmap.PROT_READ);"
        "sum(m[::4096]); print(flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", program, str(file)]
    processes = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    try:
        for process in processes:
            assert process.stdout
            process.stdout.readline()
        found = read_maps(process.pid for process in processes)
    finally:
        for process in processes:
            process.communicate()
    assert found["rss"] - found["pss"] > 19
    assert found["private"] < found["pss"]
    assert found["anon"] <= found["private"]


def test_inotify_instances_are_counted() -> None:
    # That is how it waits for more.
    with subprocess.Popen(["tail", "--follow", __file__], stdout=subprocess.DEVNULL) as process:
        try:
            wait_for("an instance", lambda: count_inotify([process.pid]) == 1, SECONDS)
        finally:
            process.terminate()


def test_process_that_has_ended_has_no_memory() -> None:
    with subprocess.Popen(["/bin/true"]) as process:
        process.wait()
    assert read_memory([process.pid]) == 0
    assert set(read_maps([process.pid]).values()) == {0}
