#!/usr/bin/env bash
# Installs vk8s-metacontroller into the cluster of the current kubeconfig, or brings what is there up to date. Run it as
# often as you like: keys and settings that are there stay.
#
#   ./install.sh <image-registry>    with the hooks' image <image-registry>/vk8s/controller:<version>; virtual clusters
#                                    get Kubeflow by <image-registry>/vk8s/kubeflow-installer:<version of Kubeflow>, and
#                                    backups by <image-registry>/vk8s/backup:<version>; `kubectl vk8s create` takes
#                                    nodes from <image-registry>/vk8s/kink
#   ./install.sh --image IMAGE       with that image
#
#   --metacontroller-image IMAGE     Metacontroller's image (default: metacontrollerio/metacontroller:v4.17.2)
#   --metacontroller-crds WHERE      Metacontroller's CRDs, a file, directory or URL (default: of its release)
#   --crds                           only the CRDs of Vk8s, IPPool and IPAllocation
#   --new-keys                       new certificate and token for the calls between Metacontroller and the hooks
#   --print                          print the manifests with new keys, and touch no cluster
#   --no-wait                        don't wait until the pods run
set -euo pipefail
ROOT=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=metacontroller/install/say.sh
. "$ROOT/metacontroller/install/say.sh"
# shellcheck source=metacontroller/install/cluster.sh
. "$ROOT/metacontroller/install/cluster.sh"
# shellcheck source=metacontroller/install/networks.sh
. "$ROOT/metacontroller/install/networks.sh"
# shellcheck source=metacontroller/install/metacontroller.sh
. "$ROOT/metacontroller/install/metacontroller.sh"
# shellcheck source=metacontroller/install/keys.sh
. "$ROOT/metacontroller/install/keys.sh"
# shellcheck source=metacontroller/install/render.sh
. "$ROOT/metacontroller/install/render.sh"
# shellcheck source=metacontroller/install/defaults.sh
. "$ROOT/metacontroller/install/defaults.sh"
# shellcheck source=metacontroller/install/first-steps.sh
. "$ROOT/metacontroller/install/first-steps.sh"

VERSION=$(sed -n 's/^version = "\(.*\)"/\1/p' "$ROOT/pyproject.toml")
IMAGE=
REGISTRY=
KUBEFLOW_INSTALLER_IMAGE=
BACKUP_IMAGE=
METACONTROLLER_IMAGE=metacontrollerio/metacontroller:$METACONTROLLER_VERSION
METACONTROLLER_CRDS=https://raw.githubusercontent.com/metacontroller/metacontroller/$METACONTROLLER_VERSION/manifests/production/metacontroller-crds-v1.yaml
ACTION=install
NO_WAIT=

parse_arguments() { # ARGUMENTS
  while [[ $# -gt 0 ]]; do
    case $1 in
    -h | --help) usage && exit 0 ;;
    --crds | --new-keys | --print) ACTION=${1#--} ;;
    --no-wait) NO_WAIT=yes ;;
    --image | --metacontroller-image | --metacontroller-crds)
      [[ $# -ge 2 && -n $2 ]] || fail "$1 needs a value. ./install.sh --help shows what there is."
      set_value "$1" "$2"
      shift
      ;;
    -*) fail "there is no option $1. ./install.sh --help shows what there is." ;;
    *)
      [[ -z $IMAGE ]] || fail "one image registry, or --image, is enough: $1 is too much."
      check_registry "$1"
      REGISTRY=${1%/}
      IMAGE=$REGISTRY/vk8s/controller:$VERSION
      KUBEFLOW_INSTALLER_IMAGE="$REGISTRY/vk8s/kubeflow-installer:{version}"
      BACKUP_IMAGE=$REGISTRY/vk8s/backup:$VERSION
      ;;
    esac
    shift
  done
  [[ -n $IMAGE || $ACTION == crds || $ACTION == new-keys ]] ||
    fail "where is the image of the hooks? ./install.sh <image-registry>, for instance ./install.sh registry.example.com; or --image IMAGE."
}

set_value() { # OPTION VALUE
  case $1 in
  --image) IMAGE=$2 ;;
  --metacontroller-image) METACONTROLLER_IMAGE=$2 ;;
  --metacontroller-crds) METACONTROLLER_CRDS=$2 ;;
  esac
}

# A registry is host, port and perhaps a path: what has a scheme or a blank would make no image's name.
check_registry() { # TEXT
  [[ $1 =~ ^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]+)?(/[a-z0-9._/-]+)?$ ]] ||
    fail "\"$1\" is no image registry: write host, port and path alone, as in registry.example.com:5000/team."
}

# Scratch files lie in build/, as kustomize takes no bases from outside of where it starts.
make_scratch() {
  mkdir -p "$ROOT/build"
  SCRATCH=$(mktemp -d "$ROOT/build/install.XXXXXX")
  trap 'rm -rf "$SCRATCH"' EXIT
}

install_crds() {
  check_cluster
  check_rights
  apply_crds "$ROOT"
  say "The CRDs are installed: kubectl explain vk8s.spec"
}

print_all() {
  check_kubectl
  check_openssl
  make_keys "$SCRATCH"
  for file in "$ROOT"/crds/*.yaml; do cat "$file" && echo ---; done
  # Without a cluster, nothing is known of its networks: HOST_CIDRS is for the operator to add.
  print_config_map IP_MANAGER=true NAMESPACE_RULES=true "KUBEFLOW_INSTALLER_IMAGE=$KUBEFLOW_INSTALLER_IMAGE" \
    "BACKUP_IMAGE=$BACKUP_IMAGE" | tee "$SCRATCH/settings.yaml"
  echo ---
  [[ -z $REGISTRY ]] || { print_defaults "$REGISTRY" && echo ---; }
  print_manifests "$SCRATCH" ""
  echo ---
  print_key_secrets "$SCRATCH"
}

find_metacontroller() {
  OTHER=$(find_other_metacontroller)
  [[ -n $OTHER ]] || return 0
  ! has_own_metacontroller ||
    fail "there are two Metacontrollers, $SYSTEM_NAMESPACE deployment/metacontroller and $OTHER, which would fight over the same objects. Delete one of them."
  say "The Metacontroller of this cluster ($OTHER) is used; no other is installed."
}

ensure_metacontroller_crds() {
  has_metacontroller_crds || bring_metacontroller_crds "$METACONTROLLER_CRDS"
  check_metacontroller_crds
}

ensure_keys() {
  ! has_keys || return 0
  say "Creating the keys for the calls between Metacontroller and the hooks."
  make_keys "$SCRATCH"
  apply_keys "$SCRATCH"
  NEW_KEYS=yes
}

# What is detected is written each time; what an operator has set is only read.
write_settings() {
  print_host_settings >"$SCRATCH/settings.yaml"
  apply "$SCRATCH/settings.yaml"
  say "Networks of this cluster that no virtual cluster may overlap: $(sed -n 's/.*HOST_CIDRS: //p' "$SCRATCH/settings.yaml")"
  kube get configmap vk8s-hooks-settings --namespace="$SYSTEM_NAMESPACE" --ignore-not-found --output='jsonpath={.data}' >"$SCRATCH/settings"
}

install_all() {
  check_cluster
  check_rights
  check_openssl
  find_metacontroller
  ensure_metacontroller_crds
  apply_crds "$ROOT"
  apply "$ROOT/metacontroller/namespace.yaml"
  NEW_KEYS=
  ensure_keys
  write_settings
  ensure_defaults "$REGISTRY" "$SCRATCH"
  for key in ca.crt token; do read_secret vk8s-hooks-client $key >"$SCRATCH/$key"; done
  print_manifests "$SCRATCH" "${OTHER%% *}" >"$SCRATCH/all.yaml"
  apply "$SCRATCH/all.yaml"
  [[ -z $NEW_KEYS || -z $OTHER ]] || restart_metacontroller "$OTHER"
  [[ -z $NO_WAIT ]] || return 0
  wait_for_rollout vk8s-hooks
  [[ -n $OTHER ]] || wait_for_rollout metacontroller
  say "Installed."
  has_virtual_clusters || print_first_steps "$IMAGE" "$(dirname "$0")/examples/local.yaml"
}

renew_keys() {
  check_cluster
  check_rights
  check_openssl
  has_keys || fail "there are no keys in namespace $SYSTEM_NAMESPACE: install first, ./install.sh <image-registry>."
  find_metacontroller
  rotate_keys "$SCRATCH" "$OTHER"
  say "The hooks and Metacontroller have new keys."
}

parse_arguments "$@"
make_scratch
case $ACTION in
install) install_all ;;
crds) install_crds ;;
new-keys) renew_keys ;;
print) print_all ;;
esac
