#!/usr/bin/env bash
# Fills a containerd image store with what a node needs to start with no registry: store.sh BINARIES ROOTFS
# OUT_DIRECTORY
#
# Nodes link this store into their own instead of importing images when they boot: 0.1 s instead of 12 s, and all nodes
# of a host share one copy of the programs in memory. A scratch containerd makes it, in a mount namespace of its own.
set -euo pipefail
if [[ ${1:-} != --in-own-mounts ]]; then
  exec unshare --mount --propagation private "$BASH" "$0" --in-own-mounts "$@"
fi
shift
binaries=${1:?usage: store.sh BINARIES ROOTFS OUT_DIRECTORY}
rootfs=${2:?}
out=${3:?}
here=$(cd "$(dirname "$0")" && pwd)
eval "$("$here/versions.sh")"
work=$(mktemp -d)
containerd_pid=

finish() {
  [[ -z $containerd_pid ]] || kill "$containerd_pid" || true
  wait
  rm -rf --one-file-system "$work"
}
trap finish EXIT

# kube-proxy drives the kernel through the nft command: its image has that one, with the libraries it is linked to, and
# the names of protocols. Without names, nft lists numbers, and a kube-proxy that finds tables of an earlier one takes
# each element for a stranger and deletes it.
list_nft_files() {
  echo "$rootfs/usr/sbin/nft:/usr/sbin/nft"
  echo "$rootfs/etc/protocols:/etc/protocols"
  chroot "$rootfs" ldd /usr/sbin/nft | grep -o '/[^ ]*' | while read -r library; do echo "$rootfs$library:$library"; done
}

pack_images() { # writes one archive per image into $work
  local component
  for component in kube-apiserver kube-controller-manager kube-scheduler; do
    pack "$component" "registry.k8s.io/$component:$KUBERNETES_VERSION" "$binaries/$component:/usr/local/bin/$component"
  done
  local nft
  mapfile -t nft < <(list_nft_files)
  pack kube-proxy "registry.k8s.io/kube-proxy:$KUBERNETES_VERSION" "$binaries/kube-proxy:/usr/local/bin/kube-proxy" "${nft[@]}"
  pack etcd "registry.k8s.io/etcd:$ETCD_TAG" "$binaries/etcd:/usr/local/bin/etcd"
  pack coredns "registry.k8s.io/coredns/coredns:$COREDNS_TAG" "$binaries/coredns:/coredns"
  pack local-storage "$LOCAL_STORAGE_IMAGE" "$binaries/local-storage:/usr/local/bin/local-storage"
  cp "$("$here/../pause/build.sh")" "$work/pause.tar"
}

pack() { # name reference source:destination...
  python3 "$here/../archive.py" "$work/$1.tar" "${@:2}"
}

start_containerd() {
  cat >"$work/config.toml" <<END
version = 2
root = "$work/root"
state = "$work/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
  address = "$work/containerd.sock"
END
  containerd --config "$work/config.toml" --log-level warn >"$work/containerd.log" 2>&1 &
  containerd_pid=$!
  local try
  for ((try = 0; try < 100; try++)); do
    if ctr --address "$work/containerd.sock" version >/dev/null 2>&1; then return; fi
    sleep 0.1
  done
  echo "The scratch containerd does not start:" >&2
  cat "$work/containerd.log" >&2
  exit 1
}

import_images() {
  local archive
  for archive in "$work"/*.tar; do
    echo "  $(basename "$archive" .tar)" >&2
    ctr --address "$work/containerd.sock" --namespace k8s.io image import --platform "linux/$(go env GOARCH)" "$archive" >/dev/null
  done
  # A node never removes these: they are in no registry.
  ctr --address "$work/containerd.sock" --namespace k8s.io image ls --quiet >"$work/images"
  kill "$containerd_pid"
  wait "$containerd_pid" || true
  containerd_pid=
}

# Layers are unpacked by now; only manifests and configurations are read again, and those are small.
drop_layer_blobs() {
  find "$work/root/io.containerd.content.v1.content/blobs" -type f -size +64k -delete
}

pack_images
start_containerd
import_images
drop_layer_blobs
mkdir -p "$out"
mv "$work/images" "$out/"
mv "$work"/root/io.containerd.{metadata.v1.bolt,content.v1.content,snapshotter.v1.overlayfs} "$out/"
