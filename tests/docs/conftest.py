"""The site, as `make docs` builds it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.shared_material import ROOT

# Not --quiet: warnings that are not logged don't count.
BUILD = (sys.executable, "-m", "mkdocs", "build", "--strict")


def build_site(configuration: Path, site: Path) -> "subprocess.CompletedProcess[str]":
    """A build by that configuration."""
    return subprocess.run(
        [*BUILD, f"--config-file={configuration}", f"--site-dir={site}"],
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site. The build fails for a broken link."""
    directory: Path = tmp_path_factory.mktemp("site")
    result = build_site(ROOT / "mkdocs.yml", directory)
    assert result.returncode == 0, result.stderr
    return directory
