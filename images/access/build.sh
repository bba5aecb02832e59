#!/usr/bin/env bash
# Builds the access image, or finds it in the cache, and prints the path of its docker archive. Progress goes to stderr.
#
# Two layers: Debian packages, built again when their list changes, and kubectl with the project's own files.
# Needs root, Go, Python and debootstrap (which it installs where apt is there); no container engine.
set -euo pipefail
cd "$(dirname "$0")/.."
cache=${VK8S_CACHE:-$HOME/.cache/vk8s}
eval "$(kink/versions.sh)"
reference=${VK8S_ACCESS_IMAGE:-registry.example.com/vk8s/access:$KUBERNETES_VERSION}

# kubectl is `k`, too, with completion; bash-completion finds the file of a command by its name, when it is first asked.
install_kubectl() { # BINARIES TREE
  local completions=$2/usr/share/bash-completion/completions
  install -D "$1/kubectl" "$2/usr/local/bin/kubectl"
  ln -s kubectl "$2/usr/local/bin/k"
  mkdir -p "$completions"
  "$1/kubectl" completion bash >"$completions/kubectl"
  { cat "$completions/kubectl" && echo "complete -o default -o nospace -F __start_kubectl k"; } >"$completions/k"
}

build_own_layer() { # BINARIES OUT.tar
  local tree=$work/tree
  install -d "$tree"
  install -d --mode 700 "$tree/root" # as Debian has it
  install_kubectl "$1" "$tree"
  install -D access/files/access-pod.sh "$tree/usr/local/sbin/access-pod"
  install -D --mode 644 access/files/sshd_config "$tree/etc/vk8s/sshd_config"
  install -D --mode 644 access/files/bashrc.sh "$tree/root/.bashrc"
  tar --create --file "$2" --directory "$tree" --numeric-owner --owner=0 --group=0 --sort=name .
}

build_image() {
  local debian_layer
  debian_layer=$(bash rootfs.sh access)
  work=$(mktemp -d -p "$cache")
  trap 'rm -rf --one-file-system "$work"' EXIT
  build_own_layer "$binaries" "$work/own.tar"
  echo "Writing $archive." >&2
  python3 archive.py "$archive" "$reference" --layer "$debian_layer" --layer "$work/own.tar" --entrypoint /usr/local/sbin/access-pod
}

binaries=$(bash binaries/build.sh)
inputs=$({ echo "$reference ${binaries##*/}" && sha256sum access/*.* access/files/* archive.py rootfs.sh; } | sha256sum)
archive=$cache/access-${inputs:0:16}.tar
mkdir -p "$cache"
[[ -e $archive ]] || build_image
echo "$archive"
