#!/bin/bash
# shellcheck source-path=SCRIPTDIR
# Renews the certificates of a control-plane node that has been running for most of their validity. Run by
# vk8s-certificates.timer, far more often than needed: a machine may be suspended for months, or a renewal may fail.
set -euo pipefail
boot=$(dirname "$0")
. "$boot/sentences.sh"
. "$boot/kubelet.sh"
. "$boot/network.sh"
. "$boot/certificates.sh"
. "$boot/pods.sh"

UNUSED=$RUN/certificates-unused # exists while the control plane has not read renewed certificates

main() {
  [[ -e $BOOTED ]] || return 0 # each boot issues new ones
  if [[ -e $UNUSED ]] || is_renewal_due; then renew_control_plane; fi
  openssl x509 -noout -checkend 0 -in "$CLIENT_CERTIFICATE" >/dev/null 2>&1 || replace_kubelet_certificate
}

renew_control_plane() {
  touch "$UNUSED"
  run kubeadm certs renew all --config "$RUN/kubeadm.yaml"
  say "The certificates of the control plane are renewed; it restarts to use them."
  # They are containers of static pods, which the kubelet restarts. With SIGTERM, the API server would wait up to a
  # minute for its clients. etcd reads its certificate for each connection.
  kill_own_processes kube-apiserver kube-controller-manager kube-scheduler
  rm -f "$UNUSED"
}

# The kubelet renews its own certificate, but can't request one once that has expired, as on a machine that was
# suspended.
replace_kubelet_certificate() {
  say "The certificate of the kubelet has expired; it gets another one."
  rm -f $KUBERNETES/kubelet.conf /var/lib/kubelet/pki/kubelet-client-*
  run kubeadm init phase kubeconfig kubelet --config "$RUN/kubeadm.yaml"
  restart_kubelet_to_read_certificate
  follow_kubelet_certificate
  restart_network
}

# If the disk is full, the log can't be written.
run() { # kubeadm and its arguments
  local output status=0
  output=$("$@" 2>&1) || status=$?
  { printf '%s\n' "--- $*" "$output" >>"$LOG/kubeadm.log"; } 2>/dev/null || true
  [[ $status -ne 0 ]] || return 0
  say "Certificates could not be renewed, which is retried in $(find_retry) s: $(grep -m1 '^error' <<<"$output" || tail -1 <<<"$output")"
  return $status
}

main
