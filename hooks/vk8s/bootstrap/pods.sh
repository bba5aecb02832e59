# shellcheck shell=bash
# Finds processes of the cluster's own pods on this node. Users may run whole clusters in their pods, with programs of
# the same names. Sourced by stop-pods.sh, renew-certificates.sh, master.sh and
# watcher.sh.

[[ -e /sys/fs/cgroup/cgroup.controllers ]] && PODS=/sys/fs/cgroup/kubelet || PODS=/sys/fs/cgroup/pids/kubelet
# The kubelet's, with a folder <namespace>_<name>_<uid> for each pod; the cgroup of the pod also has its uid in its
# name.
POD_LOGS=/var/log/pods

# Prints the processes of containers in pods of kube-system that have the name of their program.
list_own_processes() { # program...
  local program folder process name
  for program in "$@"; do
    for folder in "$POD_LOGS/kube-system_$program-"*_*; do
      cat "$PODS"/kubepods{,/burstable,/besteffort}/"pod${folder##*_}"/*/cgroup.procs 2>/dev/null || true
    done | while read -r process; do
      { name=$(<"/proc/$process/comm"); } 2>/dev/null || continue # ended meanwhile
      [[ $name != "${program:0:15}" ]] || echo "$process"
    done
  done
}

# Kills them.
kill_own_processes() { # program...
  signal_own_processes KILL "$@"
}

signal_own_processes() { # signal, program...
  local processes
  mapfile -t processes < <(list_own_processes "${@:2}")
  [[ ${#processes[@]} -eq 0 ]] || kill "-$1" "${processes[@]}" 2>/dev/null || true
}
