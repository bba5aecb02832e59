#!/usr/bin/env bash
# What the Debian layer of the access image wants beyond that of any image: finish.sh ROOT
set -euo pipefail
root=${1:?usage: finish.sh ROOT}

# Made when the package was installed: an image with host keys would give them to everybody. The pod mounts its own.
rm -f "$root"/etc/ssh/ssh_host_*
