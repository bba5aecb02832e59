"""Settings of the kernel that kubelets change for the whole machine: kept as they were, and put back."""

import json
from pathlib import Path

from testbed.layout import Testbed

# What a kubelet sets when it starts, host's and nested ones alike (pkg/kubelet/cm, setupKernelTunables).
_SETTINGS = (
    "kernel/keys/root_maxbytes",
    "kernel/keys/root_maxkeys",
    "kernel/panic",
    "kernel/panic_on_oops",
    "vm/overcommit_memory",
    "vm/panic_on_oom",
)
_DIRECTORY = Path("/proc/sys")


def save(testbed: Testbed) -> None:
    """Notes the settings, unless another testbed runs and has noted them."""
    file = _find_file(testbed)
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({name: (_DIRECTORY / name).read_text() for name in _SETTINGS}))


def restore(testbed: Testbed) -> None:
    """Puts them back when the last testbed is gone; nothing where none has noted them."""
    file = _find_file(testbed)
    if not file.exists() or [path for path in file.parent.iterdir() if path.is_dir()]:
        return
    for name, value in json.loads(file.read_text()).items():
        if (_DIRECTORY / name).read_text() != value:
            (_DIRECTORY / name).write_text(value)
    file.unlink()


def _find_file(testbed: Testbed) -> Path:
    """One for all testbeds of the machine."""
    return testbed.state.parent / "kernel.json"
