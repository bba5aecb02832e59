#!/usr/bin/env bash
# Builds the image that takes backups, or finds it in the cache, and prints the path of its docker archive. Progress goes
# to stderr.
#
# It has two programs and the certificate authorities that Debian trusts, and no distribution. It is the same for every
# version of Kubernetes. Needs what the node image needs.
set -euo pipefail
cd "$(dirname "$0")"
cache=${VK8S_CACHE:-$HOME/.cache/vk8s}
version=$(sed -n 's/^version = "\(.*\)"/\1/p' ../../pyproject.toml)
reference=${VK8S_BACKUP_IMAGE:-registry.example.com/vk8s/backup:$version}
programs=$(./programs.sh)
debian=$(bash ../rootfs.sh kink) # any Debian with these authorities; this one is needed anyway
inputs=$({ echo "$reference ${programs##*/} ${debian##*/}" && cat build.sh ../archive.py; } | sha256sum)
archive=$cache/backup-${inputs:0:16}.tar

build_image() {
  local authorities=etc/ssl/certs/ca-certificates.crt
  work=$(mktemp -d -p "$cache")
  trap 'rm -rf "$work"' EXIT
  tar --extract --file "$debian" --directory "$work" "./$authorities"
  echo "Writing $archive." >&2
  python3 ../archive.py "$archive" "$reference" "$programs/vk8s-backup:/usr/local/bin/vk8s-backup" \
    "$programs/restic:/usr/local/bin/restic" "$work/$authorities:/$authorities"
}

[[ -e $archive ]] || build_image
echo "$archive"
