"""Charts in a registry: what `vk8s-push` puts there is what Helm pulls."""

from datetime import UTC, datetime
from pathlib import Path

from hooks import VERSION
from release.assemble import Parts, assemble
from tests.charts.helm import CHART, CRD_CHART, Helm
from tests.release.archives import DEBIAN, write_docker_archive
from tests.release.conftest import write_command
from tests.release.registry import push, serve_registry


def test_helm_pulls_the_charts_that_were_pushed(helm: Helm, tmp_path: Path) -> None:
    packages = [package(helm, chart, tmp_path / "charts") for chart in (CHART, CRD_CHART)]
    image = write_docker_archive(tmp_path / "image", "vk8s/controller:1", [DEBIAN])
    out = tmp_path / "out"
    out.mkdir()
    parts = Parts(VERSION, datetime(2026, 11, 29, tzinfo=UTC), [[image]], packages, write_command(tmp_path / "cli"))
    assemble(out, parts, print)
    with serve_registry(tmp_path) as registry:
        assert push(out, registry.address).returncode == 0
        for chart in packages:
            name = chart.name.removesuffix(f"-{VERSION}.tgz")
            source = f"oci://{registry.address}/vk8s/charts/{name}"
            pulled = helm.run("pull", source, "--version", VERSION, "--plain-http", "--destination", str(tmp_path))
            assert pulled.returncode == 0, pulled.stderr
            assert (tmp_path / chart.name).read_bytes() == chart.read_bytes()


def package(helm: Helm, chart: Path, directory: Path) -> Path:
    """The chart as `make release` packages it."""
    packed = helm.run("package", str(chart), "--destination", str(directory))
    assert packed.returncode == 0, packed.stderr
    return directory / f"{chart.name}-{VERSION}.tgz"
