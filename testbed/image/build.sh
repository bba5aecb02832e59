#!/usr/bin/env bash
# Builds the image in which tests run Metacontroller as a pod, or finds it in the cache, and prints the path of its
# docker archive. METACONTROLLER: the program to put into it, instead of the fake one. Progress goes to stderr.
set -euo pipefail
cd "$(dirname "$0")/../../images"
cache=${VK8S_CACHE:-$HOME/.cache/vk8s}
reference=registry.example.com/vk8s/metacontroller:test
program=${METACONTROLLER:-../testbed/image/stand-in.sh}
# shellcheck source=images/docker.sh
. ./docker.sh

list_inputs() {
  find ../testbed/metacontroller -name '*.py'
  printf '%s\n' ../metacontroller/*.yaml ../requirements*.txt ../testbed/__init__.py ../testbed/image/* controller/*.* "$program"
}

fill_context() { # DIRECTORY
  mkdir -p "$1/testbed"
  cp ../testbed/image/Dockerfile ../requirements*.txt "$1/"
  cp -r ../testbed/__init__.py ../testbed/metacontroller "$1/testbed/"
  cp -r ../metacontroller "$1/metacontroller"
  install -m 755 "$program" "$1/program"
}

inputs=$(list_inputs | sort | xargs sha256sum | sha256sum)
archive=$cache/metacontroller-${inputs:0:16}.tar
mkdir -p "$cache"
[[ -e $archive ]] || build_from_debian controller "$reference" "$archive" fill_context
echo "$archive"
