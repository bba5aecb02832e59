#!/usr/bin/env bash
# What the Debian layer of the guest wants beyond that of any image: finish.sh ROOT
set -euo pipefail
root=${1:?usage: finish.sh ROOT}

# The guest runs the test and nothing of its own accord: what starts later would look like a cgroup that was left
# behind.
silence_units() {
  local unit
  for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer \
    systemd-tmpfiles-clean.timer systemd-logind.service getty.target systemd-timesyncd.service containerd.service nftables.service; do
    ln -sf /dev/null "$root/etc/systemd/system/$unit"
  done
}

silence_units
: >"$root/etc/machine-id" # systemd makes one when it boots
echo vm >"$root/etc/hostname"
echo "127.0.0.1 localhost vm" >"$root/etc/hosts"
: >"$root/etc/resolv.conf" # there is no network, and the kubelet wants the file
