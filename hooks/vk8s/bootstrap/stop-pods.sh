#!/bin/bash
# shellcheck source-path=SCRIPTDIR
# Stops the containers of nested pods when the node stops; the kubelet has stopped by then. Run by vk8s-pods.service.
#
# etcd is stopped last, when the API server has written everything. It must end by itself, or it has to recover at its
# next start.
set -euo pipefail
boot=$(dirname "$0")
. "$boot/sentences.sh"
. "$boot/pods.sh"

PODS_SECONDS=5
ETCD_SECONDS=5
# These have nothing to write, and would wait for their clients to close connections (the API server up to a minute).
STATELESS_SECONDS=0.5
# One of several takes its address out of Service kubernetes first, of which its clients could reach others.
API_SERVER_SECONDS=$([[ -n $ETCD_SERVICE ]] && echo 2 || echo $STATELESS_SECONDS)

# Prints the processes of containers whose command is etcd, or of all `others`. Sandboxes end with their containers.
list_processes() { # etcd | others
  local process command
  find "$PODS" -name cgroup.procs -exec cat {} + 2>/dev/null | while read -r process; do
    { command=$(<"/proc/$process/comm"); } 2>/dev/null || continue # ended meanwhile
    case $1:$command in
      etcd:etcd) echo "$process" ;;
      etcd:* | *:pause | *:etcd) ;;
      *) echo "$process" ;;
    esac
  done
}

# Sends SIGTERM to processes, and SIGKILL to those that are left after so many seconds.
end_processes() { # etcd|others seconds
  local processes try
  mapfile -t processes < <(list_processes "$1")
  [[ ${#processes[@]} -gt 0 ]] || return 0
  kill -TERM "${processes[@]}" 2>/dev/null || true
  for ((try = 0; try < $2 * 10; try++)); do
    mapfile -t processes < <(list_processes "$1")
    [[ ${#processes[@]} -gt 0 ]] || return 0
    sleep 0.1
  done
  say "Some processes did not end when asked to: $(ps -o comm= -p "${processes[*]}" | sort -u | tr '\n' ' ')"
  kill -KILL "${processes[@]}" 2>/dev/null || true
}

main() {
  say "The node stops: its pods are stopped, etcd last."
  (sleep $STATELESS_SECONDS && kill_own_processes coredns) &
  (sleep "$API_SERVER_SECONDS" && kill_own_processes kube-apiserver) &
  end_processes others $PODS_SECONDS
  end_processes etcd $ETCD_SECONDS
  # Shims ignore SIGTERM, and systemd would wait for each of them. Shims inside pods have ended with their pods.
  pkill -KILL containerd-shim || true
  say "All pods of the node have stopped."
}

main
