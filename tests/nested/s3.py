"""A real S3 server in the network of the testbed, which pods of the host cluster reach at the address of its node."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from testbed import builds, programs
from testbed.host_cluster import HostCluster
from testbed.waiting import wait_for
from tests.backup.processes import ACCESS_KEY, SECRET_KEY, answers

BUCKET, PORT = "backups", 9000
KEYS = {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}
_NAME, _SECONDS = "s3", 60


@contextmanager
def run_s3(machine: HostCluster) -> Iterator[str]:
    """The URL of a server with an empty bucket; server and bucket are gone afterwards."""
    testbed = machine.testbed
    buckets = testbed.state / _NAME
    (buckets / BUCKET).mkdir(parents=True)
    command = [
        str(builds.build_s3_server() / "versitygw"),
        f"--port={testbed.address}:{PORT}",
        f"--access={ACCESS_KEY}",
        f"--secret={SECRET_KEY}",
        "--quiet",
        "posix",
        str(buckets),
    ]
    programs.start(testbed, programs.Program(_NAME, command))
    try:
        wait_for(
            "the S3 server",
            lambda: answers(PORT, testbed.address),
            _SECONDS,
            lambda: programs.read_log(testbed, _NAME),
        )
        yield f"http://{testbed.address}:{PORT}"
    finally:
        programs.stop(testbed, _NAME)
        shutil.rmtree(buckets)
