# shellcheck shell=bash
# The kubelet of this node: its identity, and every start and stop of it, one function per reason. kubeadm starts it when a
# node joins or a control plane is initialized, and systemd when it has failed; nothing else does. Pods keep running while it
# restarts (kubelet.service). Sourced by boot.sh, watcher.sh and renew-certificates.sh.

# By which it may read its own Node.
# shellcheck disable=SC2034 # used by those who source this
CLIENT_CERTIFICATE=/var/lib/kubelet/pki/kubelet-client-current.pem
# shellcheck disable=SC2034
NODE_URL=https://$ENDPOINT:6443/api/v1/nodes/$NODE_NAME
REMOVED=$STATE/left # since when this node is no longer part of its cluster

is_kubelet_healthy() { # seconds that the answer may take
  [[ $(curl -s --max-time "$1" http://127.0.0.1:10248/healthz) = ok ]]
}

# A boot that is retried finds it running, with the configuration of the boot that failed.
stop_kubelet_for_boot() {
  systemctl stop kubelet
}

start_kubelet() {
  systemctl start kubelet
}

# A running kubelet posts its status every ten seconds; one that starts posts it at once.
restart_kubelet_to_post_status() {
  systemctl restart kubelet
}

# A kubelet that could not list its pods backs off, for up to a minute, and starts no new ones until then. One that starts
# lists them at once.
restart_kubelet_to_list_pods() {
  systemctl try-restart kubelet
}

# Only a kubelet that starts registers its Node.
restart_kubelet_to_register() {
  systemctl try-restart kubelet
}

# It reads a certificate that it has not requested itself only when it starts.
restart_kubelet_to_read_certificate() {
  systemctl restart kubelet
}

# A node that is removed from its cluster must not register again, not even after a restart of its pod.
stop_kubelet_for_good() {
  date --utc --iso-8601=seconds | write_file "$REMOVED"
  systemctl stop kubelet
}

is_kubelet_stopped_for_good() {
  [[ -e $REMOVED ]]
}
