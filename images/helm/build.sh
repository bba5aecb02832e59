#!/usr/bin/env bash
# Builds Helm 3 and Helm 4 from one Go module, or finds them in the cache, and prints the directory with helm3 and helm4.
# Progress goes to stderr.
#
# For tests of the charts alone: no image has them. They need Go 1.26.
set -euo pipefail
cd "$(dirname "$0")"
cache=${VK8S_CACHE:-$HOME/.cache/vk8s}
export CGO_ENABLED=0 GOFLAGS=-mod=readonly
inputs=$({ go version && cat build.sh go.mod go.sum tools.go; } | sha256sum)
out=$cache/helm-${inputs:0:16}

# Which Kubernetes `helm template` and `helm lint` assume is compiled into Helm 3; Helm 4 finds it out.
list_settings_of_helm3() {
  local minor package
  minor=$(go list -m -f '{{.Version}}' k8s.io/client-go)
  minor=${minor#v0.}
  for package in pkg/chartutil pkg/lint/rules; do
    echo "-X helm.sh/helm/v3/$package.k8sVersionMajor=1 -X helm.sh/helm/v3/$package.k8sVersionMinor=${minor%%.*}"
  done
}

build() { # OUT_DIRECTORY MAJOR [MORE LDFLAGS]
  local module=helm.sh/helm/v$2 version
  version=$(go list -m -f '{{.Version}}' "$module")
  go build -trimpath -buildvcs=false -ldflags "-s -w -X $module/internal/version.version=$version ${3:-}" \
    -o "$1/helm$2" "$module/cmd/helm"
}

if [[ ! -e $out ]]; then
  echo "Building Helm 3 and 4; the first time this takes some minutes, with a warm Go cache seconds." >&2
  mkdir -p "$cache"
  work=$(mktemp -d -p "$cache")
  trap 'rm -rf "$work"' EXIT
  mkdir "$work/programs"
  build "$work/programs" 3 "$(list_settings_of_helm3 | paste -sd ' ')" >&2
  build "$work/programs" 4 >&2
  mv -T "$work/programs" "$out" || [[ -d $out ]] # somebody else was faster
fi
echo "$out"
