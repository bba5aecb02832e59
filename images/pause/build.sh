#!/usr/bin/env bash
# Prints the path of a docker archive with the pause image; builds it if it is not in the cache.
set -euo pipefail
cd "$(dirname "$0")"
reference=$(<reference) # the name that the nodes' kubeadm and containerd ask for
cache=${VK8S_CACHE:-$HOME/.cache/vk8s}
inputs=$(cat build.sh reference pause.c ../archive.py | sha256sum)
archive=$cache/pause-${inputs:0:16}.tar

if [[ ! -e $archive ]]; then
  command -v "${CC:-gcc}" >/dev/null || apt-get install -y --no-install-recommends gcc libc6-dev >&2
  mkdir -p "$cache"
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  "${CC:-gcc}" -Os -static -o "$work/pause" pause.c
  python3 ../archive.py "$archive" "$reference" "$work/pause:/pause"
fi
echo "$archive"
