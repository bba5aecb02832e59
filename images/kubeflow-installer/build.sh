#!/usr/bin/env bash
# Builds the installer of one version of Kubeflow, or finds it in the cache, and prints the path of its docker archive:
# build.sh CHECKOUT VERSION, with a checkout of kubeflow/community-distribution at that version. Progress goes to
# stderr.
#
# Two layers: Debian packages, built again when their list changes, and kubectl with the scripts and Kubeflow, rendered.
# Needs root, Go, Python and debootstrap (which it installs where apt is there, as Python's yaml); no container engine.
# Versions from v1.11 on fetch parts of themselves from github.com when they are rendered: that takes git, too.
set -euo pipefail

refuse() { # sentence
  echo "$1" >&2
  exit 1
}

[[ $# -eq 2 && -n $1 && -n $2 ]] ||
  refuse "usage: build.sh CHECKOUT VERSION, with a checkout of https://github.com/kubeflow/community-distribution and what it is of, such as v1.10.2"
[[ -e $1/example/kustomization.yaml ]] || refuse "$1 is no checkout of kubeflow/community-distribution: there is no example/kustomization.yaml in it."
[[ $2 =~ ^[A-Za-z0-9_][A-Za-z0-9_.-]*$ ]] || refuse "$2 can't be a version: a tag of an image has letters, digits, dots, dashes and underscores."
checkout=$(realpath "$1")
version=$2

cd "$(dirname "$0")/.."
cache=${VK8S_CACHE:-$HOME/.cache/vk8s}
reference=${VK8S_KUBEFLOW_IMAGE:-registry.example.com/vk8s/kubeflow-installer:$version}

# Sets $python to one that has yaml: that of this shell, or Debian's.
find_python() {
  python=python3
  ! python3 -c 'import yaml' 2>/dev/null || return 0
  python=/usr/bin/python3
  ! $python -c 'import yaml' 2>/dev/null || return 0
  echo "Installing python3-yaml, which the build needs." >&2
  apt-get -qq update >&2
  apt-get -qq install -y --no-install-recommends python3-yaml >&2
}

render() { # OUT_DIRECTORY
  echo "Rendering Kubeflow $version; this takes some ten seconds." >&2
  "$binaries/kubectl" kustomize "$checkout/example" >"$work/rendered.yaml" 2>"$work/kustomize.log" || {
    cat "$work/kustomize.log" >&2
    refuse "$checkout/example can't be rendered; where it fetches parts of itself, that takes git and the way to github.com."
  }
  "$python" kubeflow-installer/render.py "$version" "$1" <"$work/rendered.yaml"
}

build_own_layer() { # BUNDLE OUT.tar
  local tree=$work/tree lib=usr/local/lib/kubeflow-installer
  install -D "$binaries/kubectl" "$tree/usr/local/bin/kubectl"
  install -D --target-directory "$tree/$lib" kubeflow-installer/files/*.sh
  ln -s ../lib/kubeflow-installer/kubeflow-installer.sh "$tree/usr/local/bin/kubeflow-installer"
  cp -r "$1" "$tree/kubeflow"
  chmod -R u=rwX,go=rX "$tree"
  tar --create --file "$2" --directory "$tree" --numeric-owner --owner=0 --group=0 --sort=name .
}

build_image() {
  local debian_layer
  debian_layer=$(bash rootfs.sh kubeflow-installer)
  build_own_layer "$work/kubeflow" "$work/own.tar"
  echo "Writing $archive." >&2
  python3 archive.py "$archive" "$reference" --layer "$debian_layer" --layer "$work/own.tar" --entrypoint /usr/local/bin/kubeflow-installer
}

list_inputs() {
  echo "$reference ${binaries##*/}"
  sha256sum kubeflow-installer/*.* kubeflow-installer/files/* archive.py rootfs.sh
  (cd "$work/kubeflow" && find . -type f -print0 | sort -z | xargs -0 sha256sum)
}

binaries=$(bash binaries/build.sh)
find_python
mkdir -p "$cache"
work=$(mktemp -d -p "$cache")
trap 'rm -rf --one-file-system "$work"' EXIT
render "$work/kubeflow"
inputs=$(list_inputs | sha256sum)
archive=$cache/kubeflow-installer-${inputs:0:16}.tar
[[ -e $archive ]] || build_image
echo "$archive"
