#!/usr/bin/env bash
# Builds the node image, or finds it in the cache, and prints the path of its docker archive. Progress goes to stderr.
#
# Two layers: Debian packages, built again when their list changes, and the project's own binaries with the image store.
# Needs root, Go, Python and Debian's tools (which it installs where apt is there); no container engine.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
images=$(dirname "$here")
cache=${VK8S_CACHE:-$HOME/.cache/vk8s}
eval "$("$here/versions.sh")"
reference=${VK8S_NODE_IMAGE:-registry.example.com/vk8s/kink:$KUBERNETES_VERSION}

hash_files() { # file...
  sha256sum -- "$@" | cut -d' ' -f1 | sha256sum | cut -c1-16
}

say() {
  echo "$*" >&2
}

install_tools() {
  local missing=() pair
  for pair in containerd:containerd gcc:gcc chroot:coreutils unshare:util-linux; do
    command -v "${pair%%:*}" >/dev/null || missing+=("${pair##*:}")
  done
  [[ ${#missing[@]} -gt 0 ]] || return 0
  say "Installing ${missing[*]}, which the build needs."
  apt-get -qq update >&2
  apt-get -qq install -y --no-install-recommends "${missing[@]}" >&2
}

build_own_layer() { # BINARIES OUT.tar
  local tree=$work/tree rootfs=$work/rootfs
  mkdir -p "$rootfs" "$tree/usr/local/bin" "$tree/etc/vk8s" "$tree/opt/vk8s" "$tree/opt/cni"
  tar --extract --file "$debian_layer" --directory "$rootfs"
  say "Preparing the image store of the nodes:"
  "$here/store.sh" "$1" "$rootfs" "$tree/opt/vk8s/store"
  echo "$image_hash" >"$tree/opt/vk8s/store/id"
  cp "$1"/{kubelet,kubeadm,kubectl,flanneld,cni-list,api-proxy,etcd-member,etcdctl,etcdutl} "$tree/usr/local/bin/"
  ln -s flanneld "$tree/usr/local/bin/network-policies" # one file with two names (../binaries/flanneld)
  "$here/versions.sh" >"$tree/etc/vk8s/versions"
  # Where everybody looks for CNI plugins, and where networks that users bring put theirs; Debian has another place.
  ln -s /usr/lib/cni "$tree/opt/cni/bin"
  tar --create --file "$2" --directory "$tree" --numeric-owner --owner=0 --group=0 --sort=name .
}

build_image() {
  install_tools
  work=$(mktemp -d -p "$cache")
  trap 'rm -rf --one-file-system "$work"' EXIT
  debian_layer=$(bash rootfs.sh kink)
  build_own_layer "$binaries" "$work/own.tar"
  say "Writing $archive."
  # The pod's own command is a script that it mounts; without one, the image is a plain systemd. The signal is
  # what systemd as first process takes as "stop everything and end".
  python3 "$images/archive.py" "$archive" "$reference" --layer "$debian_layer" --layer "$work/own.tar" \
    --entrypoint /sbin/init --stop-signal SIGRTMIN+3
}

cd "$images"
binaries=$(bash binaries/build.sh)
# Of the architecture, too: it is the id of the store, and a node may come back on a host of another one.
image_hash=$(echo "$reference $(go env GOARCH) ${binaries##*/} $(hash_files kink/* archive.py rootfs.sh pause/*)" | sha256sum | cut -c1-16)
archive=$cache/kink-$image_hash.tar
mkdir -p "$cache"
[[ -e $archive ]] || build_image
echo "$archive"
