#!/usr/bin/env bash
# Builds Kubernetes' own tests (e2e.test, and ginkgo, which runs it) and the programs of the images that they use, or finds
# them in the cache, and prints their directory. Progress goes to stderr. For tests alone: no image of the product has them.
#
# Every version is that of images/binaries, and so are the flags, so that Go's build cache has most of it already. With
# VK8S_GO_MOD=next.mod it is the same with the next minor version of Kubernetes.
set -euo pipefail
cd "$(dirname "$0")"
cache=${VK8S_CACHE:-$HOME/.cache/vk8s}
modules=${VK8S_GO_MOD:-go.mod}
export CGO_ENABLED=0 GOFLAGS=-mod=readonly
[[ $modules = go.mod ]] || GOFLAGS+=" -modfile=$modules"
inputs=$({ go version && cat programs.sh "$modules" "${modules%.mod}.sum" tools.go; } | sha256sum)
out=$cache/conformance-programs-${inputs:0:16}

build() { # OUT_DIRECTORY
  local version minor images=k8s.io/kubernetes/test/images
  version=$(go list -m -f '{{.Version}}' k8s.io/kubernetes)
  minor=${version#v1.}
  minor=${minor%%.*}
  go build -trimpath -buildvcs=false -o "$1/" -ldflags "-s -w" github.com/onsi/ginkgo/v2/ginkgo k8s.io/sample-apiserver \
    $images/{agnhost,nonewprivs,regression-issue-74839,resource-consumer,resource-consumer/consume-cpu}
  # Without -vet=off, go looks through 1,900 packages first.
  go test -c -vet=off -trimpath -buildvcs=false -o "$1/e2e.test" -ldflags "-s -w
    -X k8s.io/component-base/version.gitVersion=$version
    -X k8s.io/component-base/version.gitMajor=1
    -X k8s.io/component-base/version.gitMinor=$minor" k8s.io/kubernetes/test/e2e
  echo "$version" >"$1/version"
  put_material "$1" "$(go list -m -f '{{.Dir}}' k8s.io/kubernetes)/test/images"
}

# What images have next to programs.
put_material() { # OUT_DIRECTORY SOURCES
  install -m 644 "$2"/agnhost/porter/localhost.{crt,key} "$1/"
  local name
  for name in kitten nautilus; do
    install -D -m 644 -t "$1/$name" "$2/$name/html/$name.jpg" "$2/$name/html/data.json"
  done
}

if [[ ! -e $out ]]; then
  echo "Building Kubernetes' own tests; the first time this takes some ten minutes, with a warm Go cache one." >&2
  mkdir -p "$cache"
  work=$(mktemp -d -p "$cache")
  trap 'rm -rf "$work"' EXIT
  mkdir "$work/programs"
  build "$work/programs" >&2
  mv -T "$work/programs" "$out" || [[ -d $out ]] # somebody else was faster
fi
echo "$out"
