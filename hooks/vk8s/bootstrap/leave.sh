#!/bin/bash
# shellcheck source-path=SCRIPTDIR
# Takes a worker out of its virtual cluster: run by Job <node>-leave, in a pod beside the nodes, with the owner's kubeconfig.
#
# Every step may be interrupted and repeated, and it goes on until the Node is gone: a leave once begun always ends so.
set -euo pipefail
. "$(dirname "$0")/sentences.sh"

MOVING=$RUN/moving # while pods can be moved; the Job's readiness probe looks for it
CONTROL_PLANE=node-role.kubernetes.io/control-plane
DRAIN_SECONDS=10

main() {
  trap 'exit 143' TERM
  echo "${EPOCHREALTIME/./}" >"$RUN/started"
  say "Node $NODE_NAME leaves its virtual cluster."
  until take_out; do
    rm -f "$MOVING"
    sleep 1
    wait_for "Waiting for the API server of the virtual cluster." is_api_ready
  done
  say "Node $NODE_NAME has left."
}

# Fails when the API server goes away in the middle.
take_out() {
  local state
  free_master && find_state || return
  [[ $state != absent ]] || return 0
  touch "$MOVING"
  drain && say_goodbye && ask delete node "$NODE_NAME" --ignore-not-found --wait=false >/dev/null
}

ask() { # kubectl arguments
  kubectl --request-timeout=5s "$@"
}

is_api_ready() {
  ask get --raw /readyz >/dev/null 2>&1
}

# Sets $state to `ready`, to `away` where the Node's kubelet does not answer, or to `absent`; $left to whether it has left.
find_state() {
  local found ready='{.status.conditions[?(@.type=="Ready")].status}'
  local annotation='{.metadata.annotations.vk8s\.sktelecom\.com/left}'
  found=$(ask get node "$NODE_NAME" --ignore-not-found --output "jsonpath=node $ready $annotation") || return
  left=${found##* }
  case $found in
    '') state=absent ;;
    'node True '*) state=ready ;;
    *) state=away ;;
  esac
}

# Without workers, the master is where pods run: first of all, as those of the last worker have nowhere else to go.
free_master() {
  [[ $HAS_WORKERS = false ]] || return 0
  local tainted
  tainted=$(ask get nodes --selector $CONTROL_PLANE --output "jsonpath={.items[*].spec.taints[*].key}") || return
  case " $tainted " in
    *" $CONTROL_PLANE "*) ask taint nodes --selector $CONTROL_PLANE $CONTROL_PLANE- && say "Pods run on the master from now on." ;;
  esac
}

# Moves the pods to other nodes, however long they take; but does not wait for pods whose kubelet does not answer.
drain() {
  local said='' now
  ask cordon "$NODE_NAME" >/dev/null || return
  [[ $FORCE = false ]] || return 0
  while true; do
    find_state || return
    [[ $state = ready ]] || { say "The node does not answer: its pods are not waited for." && return; }
    # Pods without a controller go for good, as with any removal of a machine.
    if now=$(ask drain "$NODE_NAME" --ignore-daemonsets --delete-emptydir-data --force --timeout=${DRAIN_SECONDS}s 2>&1); then
      touch "$MOVING"
      return
    fi
    now=$(find_held "$now")
    if [[ -n $now ]]; then rm -f "$MOVING"; else touch "$MOVING"; fi
    [[ -z $now || $now = "$said" ]] || say "A PodDisruptionBudget does not let go of: $now. It is tried again until it does."
    said=$now
  done
}

# Prints the pods that may not be evicted, as namespace/name, from what kubectl said.
find_held() { # output
  sed -nE 's|.*error when evicting pods/"([^"]+)" -n "([^"]+)".*disruption budget.*|\2/\1|p' <<<"$1" | sort -u | paste -sd ' '
}

# The node is told that it leaves, and says when it has stopped its kubelet, which would register the Node again.
say_goodbye() {
  find_state || return
  [[ $state = ready ]] || return 0
  ask annotate node "$NODE_NAME" --overwrite vk8s.sktelecom.com/leaving=true >/dev/null || return
  say "The pods of the node are moved; it stops its kubelet."
  while [[ $state = ready && $left != true ]]; do
    sleep 0.3
    find_state || return
  done
}

main
