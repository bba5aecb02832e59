#!/usr/bin/env bash
# What the Debian layer of the node image for kind wants beyond that of any image: finish.sh ROOT
set -euo pipefail
root=${1:?usage: finish.sh ROOT}

# As kind's Dockerfile does: a node starts what kind wants, and nothing of what a machine needs of devices and mounts.
silence_units() {
  local units=$root/lib/systemd/system
  rm -f "$units"/sysinit.target.wants/systemd-tmpfiles-setup.service "$units"/multi-user.target.wants/* \
    "$units"/local-fs.target.wants/* "$units"/sockets.target.wants/*{udev,initctl}* "$units"/basic.target.wants/* \
    "$root"/etc/systemd/system/*.wants/*
  # What it registers would be the whole machine's.
  ln -sf /dev/null "$root/etc/systemd/system/systemd-binfmt.service"
}

silence_units
rm -f "$root/etc/machine-id" # kind's entrypoint makes one in each node
rm -rf "$root/usr/share/bash-completion"
