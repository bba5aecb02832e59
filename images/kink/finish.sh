#!/usr/bin/env bash
# What the Debian layer of the node image wants beyond that of any image: finish.sh ROOT
set -euo pipefail
root=${1:?usage: finish.sh ROOT}

# A node runs what its bootstrap starts, and nothing of its own accord: nor what a machine needs of modules, devices,
# mounts and kernel settings, which are the host's. That would be half a second of each boot.
silence_units() {
  local unit
  for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer \
    systemd-tmpfiles-clean.timer systemd-logind.service getty.target console-getty.service remote-fs.target \
    systemd-timesyncd.service systemd-update-utmp.service systemd-update-utmp-runlevel.service \
    nftables.service modprobe@.service systemd-modules-load.service systemd-tmpfiles-setup-dev.service \
    systemd-remount-fs.service systemd-sysctl.service systemd-sysusers.service systemd-journal-flush.service \
    systemd-user-sessions.service systemd-ask-password-console.path systemd-ask-password-wall.path \
    sys-kernel-debug.mount sys-kernel-tracing.mount sys-fs-fuse-connections.mount dev-hugepages.mount \
    dev-mqueue.mount proc-sys-fs-binfmt_misc.automount; do
    ln -sf /dev/null "$root/etc/systemd/system/$unit"
  done
  # containerd, too, is started by the bootstrap: only when the image store is linked.
  rm -f "$root"/etc/systemd/system/*.wants/*
  : >"$root/etc/machine-id" # systemd makes a new one in each pod
}

silence_units
rm -rf "$root/usr/share/bash-completion" # nobody lives in a node
