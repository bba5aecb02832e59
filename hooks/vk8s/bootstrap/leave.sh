#!/bin/bash
# shellcheck source-path=SCRIPTDIR
# Removes a node from its virtual cluster. Job <node>-leave runs it in a pod of its own, with the owner's kubeconfig.
#
# Every step may be interrupted and repeated, and it retries until the Node is gone: a removal is never reverted.
set -euo pipefail
. "$(dirname "$0")/sentences.sh"

MOVING=$RUN/moving # exists while pods can be evicted; the Job's readiness probe looks for it
CONTROL_PLANE=node-role.kubernetes.io/control-plane
DRAIN_SECONDS=10
REMOVE_MEMBER=vk8s.sktelecom.com/remove-member

role=${ROLE:-worker} # or what the Node says, if the controller knows it no more

main() {
  trap 'exit 143' TERM
  echo "${EPOCHREALTIME/./}" >"$RUN/started"
  say "Removing node $NODE_NAME from its virtual cluster."
  until remove_node; do
    rm -f "$MOVING"
    sleep 1
    wait_for "Waiting for the API server of the virtual cluster." is_api_ready
  done
  say "Node $NODE_NAME has been removed."
}

# Fails when the API server stops answering.
remove_node() {
  local state
  free_control_plane && find_state || return
  if [[ $state != absent ]]; then
    touch "$MOVING"
    drain && stop_kubelet || return
  fi
  [[ $role = worker ]] || remove_member || return
  [[ $state = absent ]] || ask delete node "$NODE_NAME" --ignore-not-found --wait=false >/dev/null
}

ask() { # kubectl arguments
  kubectl --request-timeout=5s "$@"
}

is_api_ready() {
  ask get --raw /readyz >/dev/null 2>&1
}

# Sets $state to `ready`, to `away` if the Node's kubelet does not answer, or to `absent`, and $left to `true` once its
# kubelet is stopped for good.
find_state() {
  local found ready='{.status.conditions[?(@.type=="Ready")].status}'
  local annotation='{.metadata.annotations.vk8s\.sktelecom\.com/left}'
  found=$(ask get node "$NODE_NAME" --ignore-not-found --output "jsonpath=node $ready/$annotation/{.metadata.labels}") || return
  IFS=/ read -r state left found <<<"$found"
  case $state in
    '') state=absent ;;
    'node True') state=ready ;;
    *) state=away ;;
  esac
  [[ $found != *"\"$CONTROL_PLANE\":"* ]] || role=master
}

# Without workers, pods run on the control-plane node. Done first, as pods of the last worker have nowhere else to go.
free_control_plane() {
  [[ $HAS_WORKERS = false ]] || return 0
  local tainted
  tainted=$(ask get nodes --selector $CONTROL_PLANE --output "jsonpath={.items[*].spec.taints[*].key}") || return
  case " $tainted " in
    *" $CONTROL_PLANE "*)
      ask taint nodes --selector $CONTROL_PLANE $CONTROL_PLANE- && say "Pods run on the control-plane node from now on."
      ;;
  esac
}

# Evicts the pods, however long that takes, unless their kubelet does not answer.
drain() {
  local said='' now
  ask cordon "$NODE_NAME" >/dev/null || return
  [[ $FORCE = false ]] || return 0
  while true; do
    find_state || return
    [[ $state = ready ]] || { say "The node does not answer; not waiting for its pods." && return; }
    # --force: pods without a controller are lost, as with any machine that is removed.
    if now=$(ask drain "$NODE_NAME" --ignore-daemonsets --delete-emptydir-data --force --timeout=${DRAIN_SECONDS}s 2>&1); then
      touch "$MOVING"
      return
    fi
    now=$(find_blocked "$now")
    if [[ -n $now ]]; then rm -f "$MOVING"; else touch "$MOVING"; fi
    [[ -z $now || $now = "$said" ]] || say "A PodDisruptionBudget does not allow the eviction of: $now. Retrying until it does."
    said=$now
  done
}

# Prints the pods that may not be evicted, as namespace/name.
find_blocked() { # output of kubectl drain
  sed -nE 's|.*error when evicting pods/"([^"]+)" -n "([^"]+)".*disruption budget.*|\2/\1|p' <<<"$1" | sort -u | paste -sd ' '
}

# Has the node stop its kubelet, which would register the Node again, and waits until it has (watcher.sh). A control-plane
# node leaves etcd first, and may be able to without a kubelet.
stop_kubelet() {
  find_state || return
  [[ $state = ready || $role = master ]] || return 0
  ask annotate node "$NODE_NAME" --overwrite vk8s.sktelecom.com/leaving=true >/dev/null || return
  [[ $state != ready ]] || say "The node is asked to stop its kubelet."
  while [[ $state = ready && $left != true ]]; do
    sleep 0.3
    find_state || return
  done
}

# Returns when the member of a control-plane node has been removed from etcd. A node that is lost can't do that: another
# one is asked to, by an annotation that its watcher removes when it is done. It is asked for one at a time.
remove_member() {
  local others name asked helper='' said=''
  until [[ $left = true ]]; do
    others=$(list_others) || return
    while read -r name _ _ asked; do
      [[ -z $helper || $name != "$helper" || -n $asked ]] || break 2
    done <<<"$others"
    ask_another || return
    sleep 1
    find_state || return
  done
  withdraw
}

# Prints of each other control-plane node its name, whether it is Ready, its version, and whose member it is asked to
# remove.
list_others() {
  local columns='{.metadata.name} {.status.conditions[?(@.type=="Ready")].status} {.metadata.resourceVersion} '
  columns+='{.metadata.annotations.vk8s\.sktelecom\.com/remove-member}{"\n"}'
  ask get nodes --selector $CONTROL_PLANE --output "jsonpath={range .items[*]}$columns{end}" | sed "/^$NODE_NAME /d"
}

# Sets $helper to one that is Ready, and asked for no other node: the present one, one that has been asked before this
# process began, or any.
ask_another() {
  local chosen version
  read -r chosen version < <(awk -v helper="$helper" -v own="$NODE_NAME" '
    $2 == "True" && ($4 == "" || $4 == own) {
      rank = $1 == helper ? 3 : $4 == own ? 2 : 1
      if (rank > best) { best = rank; chosen = $1 " " $3 }
    }
    END { print chosen }' <<<"$others")
  if [[ -z $chosen ]]; then
    [[ -n $said ]] || say "Waiting for another control-plane node that is Ready: it has to remove this node from etcd."
    said=yes
  elif [[ $chosen != "$helper" ]]; then
    # Another Job may ask it at the same moment.
    ask annotate node "$chosen" --overwrite --resource-version "$version" "$REMOVE_MEMBER=$NODE_NAME" >/dev/null || return
    say "Control-plane node $chosen is asked to remove this node from etcd."
  fi
  helper=$chosen
}

# The member may be gone before all that were asked have looked.
withdraw() {
  local names name
  names=$(list_others | awk -v own="$NODE_NAME" '$4 == own { print $1 }') || return
  for name in $names; do ask annotate node "$name" "$REMOVE_MEMBER-" >/dev/null || return; done
}

main
