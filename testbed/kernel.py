"""Settings of the kernel for the whole machine that a testbed changes: kept as they were, and put back."""

import json
from pathlib import Path

from testbed.layout import Testbed

# What hosts are advised to set (docs/troubleshooting.md): a node takes some twenty of the kernel's own 128.
_INOTIFY, _INOTIFY_INSTANCES = "fs/inotify/max_user_instances", 8192
_SETTINGS = (
    _INOTIFY,
    # What a kubelet sets when it starts, host's and nested ones alike (pkg/kubelet/cm, setupKernelTunables).
    "kernel/keys/root_maxbytes",
    "kernel/keys/root_maxkeys",
    "kernel/panic",
    "kernel/panic_on_oops",
    "vm/overcommit_memory",
    "vm/panic_on_oom",
)
_DIRECTORY = Path("/proc/sys")


def prepare(testbed: Testbed) -> None:
    """Saves the settings, unless another running testbed has saved them, and changes those that nodes need."""
    file = _get_file(testbed)
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({name: (_DIRECTORY / name).read_text() for name in _SETTINGS}))
    if int((_DIRECTORY / _INOTIFY).read_text()) < _INOTIFY_INSTANCES:
        (_DIRECTORY / _INOTIFY).write_text(str(_INOTIFY_INSTANCES))


def restore(testbed: Testbed) -> None:
    """Restores the saved settings, if any, when the last testbed is gone."""
    file = _get_file(testbed)
    if not file.exists() or [path for path in file.parent.iterdir() if path.is_dir()]:
        return
    for name, value in json.loads(file.read_text()).items():
        if (_DIRECTORY / name).read_text() != value:
            (_DIRECTORY / name).write_text(value)
    file.unlink()


def _get_file(testbed: Testbed) -> Path:
    """One for all testbeds of the machine."""
    return testbed.state.parent / "kernel.json"
