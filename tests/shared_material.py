"""Reference material that may lie beside a checkout; tests that need it are skipped where it does not."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared"

needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the reference material is not beside this checkout")
