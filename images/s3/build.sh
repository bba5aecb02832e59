#!/usr/bin/env bash
# Builds an S3 server whose buckets are directories (https://github.com/versity/versitygw), or finds it in the cache, and
# prints its directory. Progress goes to stderr. For tests alone: no image has it.
set -euo pipefail
cd "$(dirname "$0")"
cache=${VK8S_CACHE:-$HOME/.cache/vk8s}
export CGO_ENABLED=0 GOFLAGS=-mod=readonly
inputs=$({ go version && cat build.sh go.mod go.sum tools.go; } | sha256sum)
out=$cache/s3-${inputs:0:16}

if [[ ! -e $out ]]; then
  echo "Building an S3 server for tests; the first time this takes some minutes, with a warm Go cache seconds." >&2
  mkdir -p "$cache"
  work=$(mktemp -d -p "$cache")
  trap 'rm -rf "$work"' EXIT
  mkdir "$work/programs"
  go build -trimpath -buildvcs=false -o "$work/programs/" -ldflags "-s -w" github.com/versity/versitygw/cmd/versitygw >&2
  mv -T "$work/programs" "$out" || [[ -d $out ]] # somebody else was faster
fi
echo "$out"
