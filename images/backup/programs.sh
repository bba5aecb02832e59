#!/usr/bin/env bash
# Builds restic and what takes backups, or finds them in the cache, and prints their directory. Progress goes to stderr.
#
# A module of their own: that of images/binaries exists once per version of Kubernetes, and backups depend on none.
set -euo pipefail
cd "$(dirname "$0")"
shopt -s extglob
cache=${VK8S_CACHE:-$HOME/.cache/vk8s}
export CGO_ENABLED=0 GOFLAGS=-mod=readonly
inputs=$({ go version && cat programs.sh go.mod go.sum tools.go ./*/!(*_test).go; } | sha256sum)
out=$cache/backup-programs-${inputs:0:16}

build() { # OUT_DIRECTORY
  go build -trimpath -buildvcs=false -o "$1/" -ldflags "-s -w" ./vk8s-backup github.com/restic/restic/cmd/restic
}

if [[ ! -e $out ]]; then
  echo "Building restic and vk8s-backup; the first time this takes some minutes, with a warm Go cache seconds." >&2
  mkdir -p "$cache"
  work=$(mktemp -d -p "$cache")
  trap 'rm -rf "$work"' EXIT
  mkdir "$work/programs"
  build "$work/programs" >&2
  mv -T "$work/programs" "$out" || [[ -d $out ]] # somebody else was faster
fi
echo "$out"
