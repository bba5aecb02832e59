#!/usr/bin/env bash
# Makes the Debian root file system of the node image as a layer: rootfs.sh OUT.tar
#
# Packages come from where this machine's apt gets its own, with debootstrap's default where apt has none (not a Debian).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
layer=${1:?usage: rootfs.sh OUT.tar}
suite=bookworm

# Prints "URI suite component" of each Debian archive of our suite that this machine's apt knows; security and updates too.
list_archives() {
  command -v apt-get >/dev/null || return 0
  # shellcheck disable=SC2016 # the dollars are apt's
  apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' 'Origin: Debian' |
    awk -v suite="$suite" '($2 == suite || $2 ~ "^" suite "-") && $3 == "main"' | sort -u
}

list_packages() {
  sed 's/#.*//' "$here/packages.txt" | tr -s ' \n' ',' | sed 's/^,//; s/,$//'
}

install_packages() { # root
  local mirror
  mirror=$(list_archives | awk -v suite="$suite" '$2 == suite { print $1; exit }')
  debootstrap --variant=minbase --include="$(list_packages)" "$suite" "$1" ${mirror:+"$mirror"} >&2
}

# debootstrap knows one suite; fixes of security and updates come by apt, from inside.
upgrade_packages() { # root
  list_archives | sed 's/^/deb /' >"$work/sources.list"
  [[ -s $work/sources.list ]] || return 0
  cp "$1/etc/apt/sources.list" "$work/original.list"
  cp "$work/sources.list" "$1/etc/apt/sources.list"
  cp /etc/resolv.conf "$1/etc/resolv.conf"
  chroot "$1" apt-get -qq update >&2
  DEBIAN_FRONTEND=noninteractive chroot "$1" apt-get -qq -y upgrade >&2
  # Users add what they like with the names that debootstrap wrote, not with those of the machine of the build.
  cp "$work/original.list" "$1/etc/apt/sources.list"
}

# What nobody reads in a node; a third of the size.
remove_ballast() { # root
  rm -rf "$1"/usr/share/{doc,doc-base,man,info,locale,lintian,bug,zoneinfo,bash-completion,zsh,i18n} \
    "$1"/usr/lib/x86_64-linux-gnu/gconv "$1"/var/cache/apt/* "$1"/var/lib/apt/lists/* "$1"/var/log/* "$1"/var/cache/debconf/*-old
  find "$1" -name __pycache__ -prune -exec rm -rf {} +
}

# A node runs what its bootstrap starts, and nothing of its own accord.
silence_units() { # root
  local unit
  for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer \
    systemd-tmpfiles-clean.timer systemd-logind.service getty.target console-getty.service remote-fs.target \
    systemd-timesyncd.service systemd-update-utmp.service systemd-update-utmp-runlevel.service \
    nftables.service; do
    ln -sf /dev/null "$1/etc/systemd/system/$unit"
  done
  # containerd, too, is started by the bootstrap: only when the image store is linked.
  rm -f "$1"/etc/systemd/system/*.wants/*
  : >"$1/etc/machine-id" # systemd makes a new one in each pod
  rm -f "$1/etc/hostname" "$1/etc/resolv.conf"
}

work=$(mktemp -d)
trap 'rm -rf --one-file-system "$work"' EXIT
chmod 755 "$work"
install_packages "$work/root"
upgrade_packages "$work/root"
remove_ballast "$work/root"
silence_units "$work/root"
tar --create --file "$layer" --directory "$work/root" --one-file-system --numeric-owner --sort=name \
  --exclude='./dev/*' --exclude='./proc/*' --exclude='./sys/*' .
