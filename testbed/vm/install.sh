#!/usr/bin/env bash
# Installs what a guest needs beyond the testbed's own, with that.
set -euo pipefail
exec "$(dirname "$0")/../install.sh" qemu-system-x86_64:qemu-system-x86 mke2fs:e2fsprogs debugfs:e2fsprogs
