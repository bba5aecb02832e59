"""What the hooks would create: the only file that imports them, and only for `render`."""

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import hooks
from hooks.kubernetes.schema import read_crd
from hooks.offline.documents import ManifestError, read_objects
from hooks.offline.render import Rendering, render_all, write_yaml
from hooks.settings import parse_settings
from hooks.vk8s.scripts import build_scripts
from hooks.vk8s.situation import Context
from kubectl_vk8s.problems import Exit, ProblemError

_HOOKS = Path(hooks.__file__).parent
_ENTROPY_BYTES = 32


def render_text(text: str, environment: Mapping[str, str]) -> tuple[str, list[str]]:
    """The children of each Vk8s in a YAML text, and warnings. ProblemError with what would be rejected."""
    try:
        rendering = _render(text, environment)
    except ManifestError as error:
        raise ProblemError("\n".join(error.problems), Exit.NEEDS_YOU) from error
    return write_yaml(rendering.children), rendering.warnings


def _render(text: str, environment: Mapping[str, str]) -> Rendering:
    crd = read_crd((_HOOKS.parent / "crds" / "vk8s.yaml").read_text())
    files = {
        path.name: path.read_text() for path in sorted((_HOOKS / "vk8s" / "bootstrap").iterdir()) if path.is_file()
    }
    now = datetime.now(UTC).replace(microsecond=0)
    settings = parse_settings(environment)
    context = Context(settings, build_scripts(files), now, secrets.token_bytes(_ENTROPY_BYTES))
    return render_all(read_objects(text), crd, context)
