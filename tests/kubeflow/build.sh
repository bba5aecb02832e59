#!/usr/bin/env bash
# Prints the path of a docker archive with the image of Kubeflow in small; builds it if it is not in the cache.
#
# Built within the module of images/binaries, so that what it needs of others is what is there already, of that version.
set -euo pipefail
cd "$(dirname "$0")/../../images/binaries"
source=../../tests/kubeflow
reference=registry.example.com/vk8s/kubeflow-in-small:test
cache=${VK8S_CACHE:-$HOME/.cache/vk8s}
inputs=$({ go version && cat "$source/build.sh" "$source"/server/*.go go.mod go.sum ../archive.py; } | sha256sum)
archive=$cache/kubeflow-in-small-${inputs:0:16}.tar

if [[ ! -e $archive ]]; then
  mkdir -p "$cache"
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  CGO_ENABLED=0 GOFLAGS=-mod=readonly go build -trimpath -buildvcs=false -ldflags "-s -w" -o "$work/program" "$source"/server/*.go >&2
  python3 ../archive.py "$archive" "$reference" "$work/program:/kubeflow-in-small"
fi
echo "$archive"
