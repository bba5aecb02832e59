"""Both versions of Helm that are in use, built from their modules."""

import pytest

from tests.charts.helm import VERSIONS, Helm, build_helm


@pytest.fixture(scope="session", params=VERSIONS)
def helm(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Helm:
    """Each of them; three minutes the first time. They need Go 1.26, which an older Go fetches by itself."""
    return build_helm(request.param, tmp_path_factory.mktemp("helm"))


@pytest.fixture(scope="session")
def newest(tmp_path_factory: pytest.TempPathFactory) -> Helm:
    """Helm 4 alone, for what both do in the same way: each render takes a third of a second."""
    return build_helm(VERSIONS[-1], tmp_path_factory.mktemp("helm"))
