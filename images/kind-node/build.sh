#!/usr/bin/env bash
# Builds a node image for kind, or finds it in the cache, and prints the path of its docker archive. Progress goes to stderr.
#
# For machines that can't pull kindest/node. Two layers: Debian packages; and kind's own files from its Go module, with the
# Kubernetes of images/binaries, a containerd 2 and the network. It has no images: a store with these is mounted into nodes.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
images=$(dirname "$here")
bootstrap=$(dirname "$images")/hooks/vk8s/bootstrap
cache=${VK8S_CACHE:-$HOME/.cache/vk8s}
eval "$("$images/kink/versions.sh")"
reference=registry.example.com/vk8s/kind-node:$KUBERNETES_VERSION
# How a node gets at the images, how its network may read Nodes, and its storage are those of virtual nodes.
shared=("$bootstrap"/{sentences,sleep,image-store}.sh "$bootstrap"/{flannel-access,storage}.yaml)

hash_files() { # file...
  sha256sum -- "$@" | cut -d' ' -f1 | sha256sum | cut -c1-16
}

say() {
  echo "$*" >&2
}

put_programs() { # TREE
  mkdir -p "$1"/usr/{bin,local/bin} "$1/opt/cni"
  cp "$binaries"/{kubeadm,kubectl,kubelet} "$1/usr/bin/"
  cp "$binaries/flanneld" "$programs"/{containerd,containerd-shim-runc-v2,crictl,ctr,kube-router} "$1/usr/local/bin/"
  ln -s /usr/lib/cni "$1/opt/cni/bin"
}

# A root without CAP_SYS_RESOURCE may set no limits and no better scores; others do without.
put_kind_files() { # TREE
  cp -r "$programs"/files/{etc,kind,usr} "$1/"
  rm "$1/etc/systemd/system/containerd-fuse-overlayfs.service" "$1/usr/local/bin/clean-install"
  sed -i '/^Limit/d; /^OOMScoreAdjust/d' "$1/etc/systemd/system/containerd.service"
  sed -i "s#sandbox_image = .*#sandbox_image = \"$PAUSE_IMAGE\"#; /^\[proxy_plugins/,/^$/d
    s/restrict_oom_score_adj = false/restrict_oom_score_adj = true/" "$1/etc/containerd/config.toml"
  "$programs/ctr" oci spec | jq 'del(.process.rlimits) |
    .hooks.createContainer += [{"path": "/kind/bin/mount-product-files.sh"}]' >"$1/etc/containerd/cri-base.json"
}

put_own_files() { # TREE
  cp -r "$here/files/." "$1/"
  mkdir -p "$1"/kind/{bootstrap,manifests} "$1/etc/kubernetes/manifests"
  cp "${shared[@]}" "$1/kind/bootstrap/"
  echo "$KUBERNETES_VERSION" >"$1/kind/version"
  # kind applies these two.
  { cat "$bootstrap/flannel-access.yaml" && echo --- && cat "$here/policies-access.yaml"; } >"$1/kind/manifests/default-cni.yaml"
  # shellcheck disable=SC2016 # the dollar is the template's
  sed '/KUBERNETES_SERVICE_/d; s#${LOCAL_STORAGE_IMAGE}#'"$LOCAL_STORAGE_IMAGE"'#; s#/var/lib/vk8s/volumes#/var/local-storage#' \
    "$bootstrap/storage.yaml" >"$1/kind/manifests/default-storage.yaml"
}

enable_units() { # TREE
  local unit wants=$1/etc/systemd/system/multi-user.target.wants
  mkdir -p "$wants"
  for unit in containerd.service flanneld.path kube-router.path kubelet.service undo-mount-hacks.service; do
    ln -s "/etc/systemd/system/$unit" "$wants/$unit"
  done
}

build_own_layer() { # OUT.tar
  local tree=$work/tree
  mkdir "$tree"
  put_programs "$tree"
  put_kind_files "$tree"
  put_own_files "$tree"
  enable_units "$tree"
  find "$tree" -type f -exec chmod 644 {} +
  find "$tree" -type d -exec chmod 755 {} +
  chmod 755 "$tree"/usr/{bin,local/bin}/* "$tree"/kind/bin/*
  tar --create --file "$1" --directory "$tree" --numeric-owner --owner=0 --group=0 --sort=name .
}

build_image() {
  work=$(mktemp -d -p "$cache")
  trap 'rm -rf --one-file-system "$work"' EXIT
  local layer
  layer=$(bash rootfs.sh kind-node)
  build_own_layer "$work/own.tar"
  say "Writing $archive."
  python3 archive.py "$archive" "$reference" --layer "$layer" --layer "$work/own.tar" --env container=docker \
    --entrypoint /kind/bin/boot.sh --stop-signal SIGRTMIN+3
}

cd "$images"
binaries=$(bash binaries/build.sh)
programs=$(bash kind-node/programs.sh)
mapfile -t own < <(find kind-node -type f | sort)
inputs=$(echo "$reference ${binaries##*/} ${programs##*/} $(hash_files "${own[@]}" "${shared[@]}" archive.py rootfs.sh)" | sha256sum)
archive=$cache/kind-node-${inputs:0:16}.tar
mkdir -p "$cache"
[[ -e $archive ]] || build_image
echo "$archive"
