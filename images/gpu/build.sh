#!/usr/bin/env bash
# Builds the variant of the node image for nodes with GPUs, or finds it in the cache, and prints the path of its docker
# archive. Progress goes to stderr.
#
# It is the node image and one layer more: NVIDIA's programs, from their Go modules. These are a module of their own, as
# they want other versions of Kubernetes' libraries than Kubernetes itself, and the only ones here that need C: the
# driver's library is opened when they run. Its gcc and glibc are those of Debian 12 or newer.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
images=$(dirname "$here")
cache=${VK8S_CACHE:-$HOME/.cache/vk8s}
eval "$("$images/kink/versions.sh")"
reference=${VK8S_NODE_IMAGE:-registry.example.com/vk8s/kink:$KUBERNETES_VERSION-gpu}
export CGO_ENABLED=1 GOFLAGS=-mod=readonly

say() {
  echo "$*" >&2
}

install_compiler() {
  ! command -v gcc >/dev/null || return 0
  say "Installing gcc, which the build needs."
  apt-get -qq update >&2
  apt-get -qq install -y --no-install-recommends gcc libc6-dev >&2
}

build_programs() { # OUT_DIRECTORY
  build github.com/NVIDIA/k8s-device-plugin "$1" nvidia-device-plugin
  build github.com/NVIDIA/nvidia-container-toolkit "$1" nvidia-cdi-hook nvidia-container-runtime
}

build() { # MODULE OUT_DIRECTORY COMMAND...
  local version
  version=$(go list -m -f '{{.Version}}' "$1")
  local commands=("${@:3}")
  # Lazy: the library has other functions in each version of the driver.
  go build -trimpath -buildvcs=false -o "$2/" \
    -ldflags "-s -w -extldflags=-Wl,-z,lazy -X $1/internal/info.version=$version" "${commands[@]/#/$1/cmd/}"
}

build_image() {
  install_compiler
  work=$(mktemp -d -p "$cache")
  trap 'rm -rf "$work"' EXIT
  say "Building NVIDIA's programs; the first time this takes a minute or two, with a warm Go cache seconds."
  build_programs "$work/bin" >&2
  say "Writing $archive."
  mkdir "$work/base"
  tar --extract --file "$base" --directory "$work/base"
  local program programs=()
  for program in "$work"/bin/*; do programs+=("$program:/usr/local/bin/${program##*/}"); done
  # The host's toolkit puts into the node what this asks for, and from there it gets into the pods that ask for it:
  # without, it would be what computing takes, and nothing for graphics and video.
  python3 "$images/archive.py" "$archive" "$reference" "${programs[@]}" --base "$work/base" \
    --env NVIDIA_DRIVER_CAPABILITIES=all
}

base=$(env --unset=VK8S_NODE_IMAGE bash "$images/kink/build.sh")
cd "$here"
inputs=$({ go version && echo "$reference ${base##*/}" && cat build.sh go.mod go.sum tools.go; } | sha256sum)
archive=$cache/kink-gpu-${inputs:0:16}.tar
[[ -e $archive ]] || build_image
echo "$archive"
