"""The Kubeflow installer, as its image has it."""

from pathlib import Path

import pytest

from tests.images.installer import KUBEFLOW, Installer, render


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What /kubeflow is in the image: of a small Kubeflow."""
    path = tmp_path_factory.mktemp("image") / "kubeflow"
    result = render(KUBEFLOW, path)
    assert (result.returncode, result.stderr) == (0, "")
    return path


@pytest.fixture
def installer(bundle: Path, tmp_path: Path) -> Installer:
    return Installer(tmp_path, bundle)
