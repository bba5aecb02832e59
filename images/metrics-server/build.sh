#!/usr/bin/env bash
# Builds metrics-server (https://github.com/kubernetes-sigs/metrics-server), or finds it in the cache, and prints a directory:
# image.tar, which has the name of its release, and the manifests of that release. For tests of examples/inside alone.
set -euo pipefail
cd "$(dirname "$0")"
module=sigs.k8s.io/metrics-server
cache=${VK8S_CACHE:-$HOME/.cache/vk8s}
export CGO_ENABLED=0 GOFLAGS=-mod=readonly
inputs=$({ go version && cat build.sh go.mod go.sum tools.go ../archive.py; } | sha256sum)
out=$cache/metrics-server-${inputs:0:16}

build() { # OUT_DIRECTORY WORK_DIRECTORY
  local version
  version=$(go list -m -f '{{.Version}}' $module)
  go build -trimpath -buildvcs=false -o "$2/metrics-server" -ldflags "-s -w" $module/cmd/metrics-server
  python3 ../archive.py "$1/image.tar" "registry.k8s.io/metrics-server/metrics-server:$version" \
    "$2/metrics-server:/metrics-server"
  cp -r "$(go list -m -f '{{.Dir}}' $module)/manifests" "$1/"
  chmod -R u+w "$1"
}

if [[ ! -e $out ]]; then
  echo "Building metrics-server for tests; the first time this takes some minutes, with a warm Go cache seconds." >&2
  mkdir -p "$cache"
  work=$(mktemp -d -p "$cache")
  trap 'rm -rf "$work"' EXIT
  mkdir "$work/out"
  build "$work/out" "$work" >&2
  mv -T "$work/out" "$out" || [[ -d $out ]] # somebody else was faster
fi
echo "$out"
