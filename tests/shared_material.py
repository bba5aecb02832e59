"""The examples, and reference material that may be next to a checkout; tests that need that are skipped without it."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared"
VK8S_EXAMPLES = [path for path in sorted((ROOT / "examples").glob("*.yaml")) if "kind: Vk8s" in path.read_text()]

needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the reference material is not next to this checkout")
