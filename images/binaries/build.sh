#!/usr/bin/env bash
# Builds every binary of the node image and of the testbed's host cluster from its Go module: build.sh OUT_DIR
#
# One module and one set of flags, so that Go's build cache serves every later build in seconds.
set -euo pipefail
out=$(realpath -m "${1:?usage: build.sh OUT_DIR}")
cd "$(dirname "$0")"
version=$(go list -m -f '{{.Version}}' k8s.io/kubernetes)
minor=${version#v1.}
minor=${minor%%.*}
mkdir -p "$out"
CGO_ENABLED=0 GOFLAGS=-mod=readonly go build -trimpath -buildvcs=false -o "$out/" -ldflags "-s -w
  -X k8s.io/component-base/version.gitVersion=$version
  -X k8s.io/component-base/version.gitMajor=1
  -X k8s.io/component-base/version.gitMinor=$minor" \
  ./coredns ./flanneld ./local-storage \
  k8s.io/kubernetes/cmd/{kube-apiserver,kube-controller-manager,kube-proxy,kube-scheduler,kubeadm,kubectl,kubelet}
CGO_ENABLED=0 GOFLAGS=-mod=readonly go build -trimpath -buildvcs=false -o "$out/etcd" -ldflags "-s -w" go.etcd.io/etcd/server/v3
