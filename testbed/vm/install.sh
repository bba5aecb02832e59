#!/usr/bin/env bash
# Installs what a guest needs beyond the testbed's own, with that: install.sh COMMAND:PACKAGE, of its QEMU.
set -euo pipefail
exec "$(dirname "$0")/../install.sh" "$@" mke2fs:e2fsprogs debugfs:e2fsprogs
