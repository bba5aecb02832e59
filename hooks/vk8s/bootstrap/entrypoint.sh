#!/bin/bash
# shellcheck source-path=SCRIPTDIR
# First process of a node pod: makes the container a machine that systemd can boot, and becomes systemd.
#
# Only what must be checked or prepared before any other process runs is here. The rest is in vk8s-boot.service.
# To look around in a node: `kubectl exec -it <node> -- bash`, then `systemctl`, `journalctl -u kubelet`,
# `less /var/lib/vk8s/log/kubeadm.log`, `less /run/vk8s/flanneld.log`, `curl -s localhost:10248/healthz`.
set -euo pipefail
boot=$(dirname "$0")
. "$boot/sentences.sh"
. "$boot/host.sh"
. "$boot/preflight.sh"
. "$boot/made-right.sh"
. "$boot/devices.sh"
. "$boot/gpus.sh"
. "$boot/cgroups.sh"
. "$boot/state-volume.sh"
. "$boot/room.sh"
. "$boot/image-store.sh"
. "$boot/network-programs.sh"
. "$boot/etcd-data.sh"
. "$boot/restore.sh"
. "$boot/founding.sh"
. "$boot/templates.sh"
. "$boot/certificates.sh"

main() {
  # Until systemd is up, nothing else handles the signal that stops it, and a stop would take the whole grace period.
  # The exit code is not 0: a pod that is stopped from outside would be Succeeded then, and never be restarted.
  trap 'say "Asked to stop before the node was up; it stops."; exit 143' RTMIN+3
  enter_own_cgroup_namespace "$@"
  clear_memory_directories
  clear_kube_proxy_tables
  check_pod
  # shellcheck source=cni-flannel.sh
  . "$boot/cni-$CNI.sh"
  say "Node $NODE_NAME ($ROLE of virtual cluster $CLUSTER_NAME) starts at $POD_IP."
  make_room_to_boot
  check_machine
  hide_kernel_log
  hide_foreign_huge_pages
  hide_foreign_gpus
  mount --make-rshared / # nested pods may ask for mount propagation
  prepare_cgroups
  claim_state_volume
  close_state_folders
  mkdir -p "$LOG"
  keep_pod_logs
  start_founding
  prepare_image_store
  keep_network_files
  write_environment
  install_units
  offer_gpus
  relay_console
  await_founding
  # The signal stays pending over the exec, for systemd to find: it must not get lost in the moment between.
  exec env --block-signal=RTMIN+3 container=vk8s /sbin/init
}

# Both survive a restart of the container in the same pod, but must be empty when a machine boots.
clear_memory_directories() {
  find /run /tmp -xdev -mindepth 1 -delete || true # except for what the host may have mounted there
  install -d -m 755 "$RUN"
  echo "${EPOCHREALTIME/./}" >"$RUN/started"
}

# The kernel's tables survive as well. kube-proxy trusts the names of the chains of endpoints that it finds, but a
# previous one may have emptied some, to delete them later: connections to such an endpoint would be refused.
clear_kube_proxy_tables() {
  local family
  for family in ip ip6; do nft delete table "$family" kube-proxy 2>/dev/null || true; done
}

# Services of systemd don't inherit the environment of this process. It contains no secrets.
write_environment() {
  local name
  # shellcheck disable=SC2153 # environment.sh sets both
  for name in "${REQUIRED[@]}" "${OPTIONAL[@]%%=*}"; do
    printf '%s="%s"\n' "$name" "$(escape "${!name}")"
  done >"$RUN/env"
  cat /etc/vk8s/versions >>"$RUN/env"
}

# Escapes what is special between double quotes, for EnvironmentFile= of systemd and for shells.
escape() { # text
  local text=$1 special
  for special in \\ '"' '$' '`'; do text=${text//"$special"/"\\$special"}; done
  printf %s "$text"
}

install_units() {
  local units=/etc/systemd/system wanted=(vk8s-boot.service vk8s-watcher.service)
  [[ $ROLE != master ]] || wanted+=(vk8s-certificates.timer)
  install -m 644 "$boot"/*.service "$units/"
  # shellcheck disable=SC2034 # for render
  INTERVAL_SECONDS=$(find_interval) RETRY_SECONDS=$(find_retry)
  local unit
  for unit in vk8s-certificates.{service,timer}; do render "$boot/$unit" >"$units/$unit"; done
  install -D -m 644 "$boot/system.conf" /etc/systemd/system.conf.d/vk8s.conf
  install -D -m 644 "$boot/journald.conf" /etc/systemd/journald.conf.d/vk8s.conf
  install -D -m 644 "$boot/containerd.toml" /etc/containerd/config.toml
  mkdir -p "$units/multi-user.target.wants"
  for unit in "${wanted[@]}"; do ln -sf "$units/$unit" "$units/multi-user.target.wants/$unit"; done
}

# Units can't write to this container's output, and systemd closes it. A child process that survives the exec copies
# their messages, so that `kubectl logs` has them.
relay_console() {
  : >"$CONSOLE"
  tail --lines=+1 --follow=name "$CONSOLE" 2>/dev/null &
}

main "$@"
