#!/usr/bin/env bash
# Prints the versions in the node image, as shell assignments; the boot reads them as /etc/vk8s/versions.
#
# go.mod is where versions are chosen; the tags are those that the projects give their own images.
set -euo pipefail
cd "$(dirname "$0")/.."

find_version() { # module
  awk -v module="$1" '$1 == module { print $2; exit }' "binaries/${VK8S_GO_MOD:-go.mod}"
}

etcd=$(find_version go.etcd.io/etcd/server/v3)
echo "KUBERNETES_VERSION=$(find_version k8s.io/kubernetes)"
echo "ETCD_TAG=${etcd#v}-0"
echo "COREDNS_TAG=$(find_version github.com/coredns/coredns)"
echo "PAUSE_IMAGE=$(<pause/reference)"
# Ours: it is in no registry, so its name may be any.
echo "LOCAL_STORAGE_IMAGE=registry.example.com/vk8s/local-storage:$(find_version k8s.io/kubernetes)"
