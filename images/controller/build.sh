#!/usr/bin/env bash
# Builds the image of the hooks by the project's Dockerfile, or finds it in the cache, and prints the path of its docker
# archive. Progress goes to stderr.
#
# For machines without registry: the base is made of Debian packages instead of being pulled. Elsewhere: `make
# docker-build`. Needs root, Debian's docker.io and debootstrap.
set -euo pipefail
cd "$(dirname "$0")/.."
cache=${VK8S_CACHE:-$HOME/.cache/vk8s}
version=$(sed -n 's/^version = "\(.*\)"/\1/p' ../pyproject.toml)
reference=${VK8S_CONTROLLER_IMAGE:-registry.example.com/vk8s/controller:$version}
# shellcheck source=images/docker.sh
. ./docker.sh

# What the project's .dockerignore lets in.
fill_context() { # DIRECTORY
  cp -r ../Dockerfile ../requirements.txt ../LICENSE ../hooks "$1/"
  install -D -m 644 ../crds/vk8s.yaml "$1/crds/vk8s.yaml"
  find "$1" -name __pycache__ -prune -exec rm -rf {} +
}

list_inputs() {
  find ../hooks -type f -not -path '*/__pycache__/*'
  printf '%s\n' ../Dockerfile ../requirements.txt ../crds/vk8s.yaml archive.py docker.sh rootfs.sh controller/*.*
}

inputs=$({ echo "$reference" && list_inputs | sort | xargs sha256sum; } | sha256sum)
archive=$cache/controller-${inputs:0:16}.tar
mkdir -p "$cache"
[[ -e $archive ]] || build_from_debian controller "$reference" "$archive" fill_context
echo "$archive"
