#!/usr/bin/env bash
# Builds every binary of the node image and of the testbed's host cluster from its Go module, or finds them in the
# cache, and prints their directory. Progress goes to stderr.
#
# One module and one set of flags, so that Go's build cache serves every later build in seconds. With
# VK8S_GO_MOD=next.mod or previous.mod it is the same with another version of Kubernetes, for tests of upgrades.
set -euo pipefail
cd "$(dirname "$0")"
shopt -s extglob
cache=${VK8S_CACHE:-$HOME/.cache/vk8s}
modules=${VK8S_GO_MOD:-go.mod}
export CGO_ENABLED=0 GOFLAGS=-mod=readonly
[[ $modules = go.mod ]] || GOFLAGS+=" -modfile=$modules"
inputs=$({ go version && cat build.sh "$modules" "${modules%.mod}.sum" tools.go ./*/!(*_test).go; } | sha256sum)
out=$cache/binaries-${inputs:0:16}

build() { # OUT_DIRECTORY
  local version minor
  version=$(go list -m -f '{{.Version}}' k8s.io/kubernetes)
  minor=${version#v1.}
  minor=${minor%%.*}
  go build -trimpath -buildvcs=false -o "$1/" -ldflags "-s -w
    -X k8s.io/component-base/version.gitVersion=$version
    -X k8s.io/component-base/version.gitMajor=1
    -X k8s.io/component-base/version.gitMinor=$minor" \
    ./api-proxy ./cni-list ./coredns ./etcd-member ./flanneld ./local-storage \
    k8s.io/kubernetes/cmd/{kube-apiserver,kube-controller-manager,kube-proxy,kube-scheduler,kubeadm,kubectl,kubelet}
  go build -trimpath -buildvcs=false -o "$1/etcd" -ldflags "-s -w" go.etcd.io/etcd/server/v3
  go build -trimpath -buildvcs=false -o "$1/etcdctl" -ldflags "-s -w" go.etcd.io/etcd/etcdctl/v3
  go build -trimpath -buildvcs=false -o "$1/etcdutl" -ldflags "-s -w" go.etcd.io/etcd/etcdutl/v3
  go build -trimpath -buildvcs=false -o "$1/" -ldflags "-s -w" ./api-writer # for tests, and in no image
}

if [[ ! -e $out ]]; then
  echo "Building the binaries; the first time this takes some ten minutes, with a warm Go cache half a minute." >&2
  mkdir -p "$cache"
  work=$(mktemp -d -p "$cache")
  trap 'rm -rf "$work"' EXIT
  build "$work/bin" >&2
  mv -T "$work/bin" "$out" || [[ -d $out ]] # somebody else was faster
fi
echo "$out"
