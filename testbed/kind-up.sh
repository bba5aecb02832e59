#!/usr/bin/env bash
# A kind cluster with the product in it, for `make test-e2e CLUSTER=kind`. Run it again after a change: the cluster stays,
# images and product are brought up to date.
set -euo pipefail
cd "$(dirname "$0")/.."
cluster=vk8s
hooks_image=registry.example.com/vk8s/controller:kind

fail() { # sentence
  echo "$1" >&2
  exit 1
}

check_tools() {
  command -v kind >/dev/null || fail "kind is missing: install it (https://kind.sigs.k8s.io/docs/user/quick-start/#installation)."
  command -v docker >/dev/null || fail "Docker is missing: install it (https://docs.docker.com/engine/install/)."
  command -v kubectl >/dev/null || fail "kubectl is missing: install it (https://kubernetes.io/docs/tasks/tools/)."
  docker info >/dev/null 2>&1 || fail "Docker does not answer: start it, and see that you may use it (docker info)."
}

ensure_cluster() {
  local clusters
  clusters=$(kind get clusters 2>/dev/null)
  if grep --quiet --line-regexp "$cluster" <<<"$clusters"; then
    echo "The kind cluster $cluster is there." >&2
  else
    kind create cluster --name "$cluster" --wait 120s
  fi
}

load_images() {
  local image archive
  for image in kink access; do
    archive=$("images/$image/build.sh")
    kind load image-archive "$archive" --name "$cluster"
  done
  make docker-build "IMG=$hooks_image"
  kind load docker-image "$hooks_image" --name "$cluster"
}

# With a kubeconfig for this cluster alone: the current context of the user's may be another.
install_product() {
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  kind export kubeconfig --name "$cluster" --kubeconfig "$work/kubeconfig"
  KUBECONFIG=$work/kubeconfig ./install.sh --image "$hooks_image"
  # An image of the same name does not make Kubernetes start what runs anew.
  kubectl --kubeconfig "$work/kubeconfig" --namespace vk8s-system rollout restart deployment/vk8s-hooks
  kubectl --kubeconfig "$work/kubeconfig" --namespace vk8s-system rollout status deployment/vk8s-hooks --timeout 120s
}

check_tools
ensure_cluster
load_images
install_product
echo "The kind cluster $cluster is ready: \`make test-e2e CLUSTER=kind\`. \`kind delete cluster --name $cluster\` takes it away."
