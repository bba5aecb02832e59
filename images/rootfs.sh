#!/usr/bin/env bash
# Builds the Debian layer of an image, or finds it in the cache, and prints its path: rootfs.sh IMAGE [SUITE]
#
# IMAGE is a directory next to this script with two files: packages.txt, the packages beyond debootstrap's "minbase",
# and finish.sh, which is run with the root directory and does what only this image wants. Progress goes to stderr.
# SUITE is a release of Debian by its codename; without it, that of all images. Packages come from where this machine's
# apt gets its own, also those of another release, with debootstrap's default where apt has none (not a Debian). Their
# signatures are checked with this machine's keys of Debian: a release that these don't know is refused.
set -euo pipefail
cd "$(dirname "$0")"
image=${1:?usage: rootfs.sh IMAGE [SUITE]}
suite=${2:-bookworm}
cache=${VK8S_CACHE:-$HOME/.cache/vk8s}
inputs=$({ echo "$suite" && sha256sum rootfs.sh "$image/packages.txt" "$image/finish.sh"; } | sha256sum)
layer=$cache/debian-${inputs:0:16}.tar

# Prints "URI suite component" of each Debian archive of our suite, security and updates too: those that this machine's
# apt knows, and those of the machine's own release with the name of ours in its place, as a mirror has them all.
list_archives() {
  local own
  command -v apt-get >/dev/null || return 0
  # shellcheck source=/dev/null
  own=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
  # shellcheck disable=SC2016 # the dollars are apt's
  apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' 'Origin: Debian' |
    awk -v own="${own:-$suite}" -v suite="$suite" '
      $2 == own || index($2, own "-") == 1 { $2 = suite substr($2, length(own) + 1) }
      ($2 == suite || index($2, suite "-") == 1) && $3 == "main"' | sort -u
}

list_packages() {
  sed 's/#.*//' "$image/packages.txt" | tr -s ' \n' ',' | sed 's/^,//; s/,$//'
}

install_debootstrap() {
  ! command -v debootstrap >/dev/null || return 0
  echo "Installing debootstrap, which the build needs." >&2
  apt-get -qq update >&2
  apt-get -qq install -y --no-install-recommends debootstrap >&2
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
  # Or an upgraded package would start its service (sshd, for one) on the machine of the build.
  install -m 755 /dev/stdin "$1/usr/sbin/policy-rc.d" <<<$'#!/bin/sh\nexit 101'
  chroot "$1" apt-get -qq update >&2
  DEBIAN_FRONTEND=noninteractive chroot "$1" apt-get -qq -y upgrade >&2
  rm "$1/usr/sbin/policy-rc.d"
  # Users add what they like with the names that debootstrap wrote, not with those of the machine of the build.
  cp "$work/original.list" "$1/etc/apt/sources.list"
}

# Removes what nobody reads in a container, a third of the size, and what belongs to the building machine. Licences
# stay, as they have to be passed on with the image.
remove_ballast() { # root
  find "$1/usr/share/doc" -type f ! -name copyright -delete
  find "$1/usr/share/doc" -type d -empty -delete
  rm -rf "$1"/usr/share/{doc-base,man,info,locale,lintian,bug,zoneinfo,zsh,i18n} \
    "$1"/usr/lib/x86_64-linux-gnu/gconv "$1"/var/cache/apt/* "$1"/var/lib/apt/lists/* "$1"/var/log/* "$1"/var/cache/debconf/*-old
  find "$1" -name __pycache__ -prune -exec rm -rf {} +
  rm -f "$1/etc/hostname" "$1/etc/resolv.conf"
}

pack() { # root OUT.tar
  tar --create --file "$2" --directory "$1" --one-file-system --numeric-owner --sort=name \
    --exclude='./dev/*' --exclude='./proc/*' --exclude='./sys/*' .
}

build_layer() {
  install_debootstrap
  echo "Fetching and unpacking the Debian packages ($suite) of the $image image; this takes a minute or two." >&2
  work=$(mktemp -d)
  trap 'rm -rf --one-file-system "$work"' EXIT
  chmod 755 "$work"
  install_packages "$work/root"
  upgrade_packages "$work/root"
  remove_ballast "$work/root"
  "$image/finish.sh" "$work/root"
  # Next to its place first, so that a half-written layer is never found.
  pack "$work/root" "$layer.$$.partial"
  mv "$layer.$$.partial" "$layer"
}

mkdir -p "$cache"
[[ -e $layer ]] || build_layer
echo "$layer"
