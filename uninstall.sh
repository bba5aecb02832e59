#!/usr/bin/env bash
# Takes vk8s-metacontroller out of the cluster of the current kubeconfig: virtual clusters first, and everything else
# only when the last of them is gone, so that nothing is left that nobody could delete any more.
#
#   ./uninstall.sh          asks before it deletes virtual clusters
#
#   --yes                   don't ask: delete all virtual clusters, with their data
#   --timeout SECONDS       how long to wait for their end (default: 600); then it stops, and can be run again
set -euo pipefail
ROOT=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=metacontroller/install/say.sh
. "$ROOT/metacontroller/install/say.sh"
# shellcheck source=metacontroller/install/cluster.sh
. "$ROOT/metacontroller/install/cluster.sh"
# shellcheck source=metacontroller/install/metacontroller.sh
. "$ROOT/metacontroller/install/metacontroller.sh"
# shellcheck source=metacontroller/install/removal.sh
. "$ROOT/metacontroller/install/removal.sh"

YES=
TIMEOUT=600

parse_arguments() { # ARGUMENTS
  while [[ $# -gt 0 ]]; do
    case $1 in
    -h | --help) usage && exit 0 ;;
    --yes) YES=yes ;;
    --timeout)
      [[ ${2:-} =~ ^[0-9]+$ ]] || fail "--timeout needs a number of seconds."
      TIMEOUT=$2
      shift
      ;;
    *) fail "there is no option $1. ./uninstall.sh --help shows what there is." ;;
    esac
    shift
  done
}

parse_arguments "$@"
check_cluster
check_rights
confirm
# In this order: a Vk8s gives its addresses back to the pools.
remove_all vk8s
remove_all ippools
# Without the CRDs, no other object can be created; Metacontroller still runs for one that was created just before.
remove_crds
remove_controllers
remove_rest
say "Gone."
