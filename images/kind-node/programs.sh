#!/usr/bin/env bash
# Builds kind, and what its node image has next to Kubernetes, from one Go module, or finds them in the cache, and prints
# their directory. Progress goes to stderr.
#
# A module of their own: containerd wants newer versions of libraries than the Kubernetes of images/binaries.
set -euo pipefail
cd "$(dirname "$0")"
cache=${VK8S_CACHE:-$HOME/.cache/vk8s}
export CGO_ENABLED=0 GOFLAGS=-mod=readonly
inputs=$({ go version && cat programs.sh go.mod go.sum tools.go; } | sha256sum)
out=$cache/kind-programs-${inputs:0:16}

find_version() { # MODULE
  go list -m -f '{{.Version}}' "$1"
}

# Without the snapshotters that nobody here chooses, as in kind's own image.
build() { # OUT_DIRECTORY
  local containerd=github.com/containerd/containerd/v2 crictl=sigs.k8s.io/cri-tools
  local router=github.com/cloudnativelabs/kube-router/v2
  go build -trimpath -buildvcs=false -o "$1/" -tags no_btrfs,no_devmapper,no_zfs -ldflags "-s -w
    -X $containerd/version.Version=$(find_version $containerd)
    -X $crictl/pkg/version.Version=$(find_version $crictl)" \
    $containerd/cmd/{containerd,containerd-shim-runc-v2,ctr} $crictl/cmd/crictl $router/cmd/kube-router sigs.k8s.io/kind
  # What kind's own image has next to programs: entrypoint, units, containerd's configuration; and its name.
  local kind
  kind=$(go list -m -f '{{.Dir}}' sigs.k8s.io/kind)
  cp -r "$kind/images/base/files" "$1/files"
  chmod -R u+w "$1/files"
  sed -n 's/^const Image = "\(.*\)"$/\1/p' "$kind/pkg/apis/config/defaults/image.go" >"$1/default-node-image"
}

if [[ ! -e $out ]]; then
  echo "Building kind, containerd, crictl and kube-router; the first time this takes some minutes, with a warm Go cache seconds." >&2
  mkdir -p "$cache"
  work=$(mktemp -d -p "$cache")
  trap 'rm -rf "$work"' EXIT
  mkdir "$work/programs"
  build "$work/programs" >&2
  mv -T "$work/programs" "$out" || [[ -d $out ]] # somebody else was faster
fi
echo "$out"
