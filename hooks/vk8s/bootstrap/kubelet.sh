# shellcheck shell=bash
# The kubelet of this node: its identity, and all its starts and stops, one function per reason. Otherwise only kubeadm
# starts it, when a node joins or a control plane is initialized, and systemd when it has failed. Pods keep running
# while it restarts (kubelet.service). Sourced by boot.sh, watcher.sh and renew-certificates.sh.

# With it, the node may read its own Node.
# shellcheck disable=SC2034 # used by scripts that source this
CLIENT_CERTIFICATE=/var/lib/kubelet/pki/kubelet-client-current.pem
# shellcheck disable=SC2034
NODE_URL=https://$ENDPOINT:6443/api/v1/nodes/$NODE_NAME
HEALTH_PORT=10248 # of kubelets that kubeadm configures
REMOVED=$STATE/left # when this node was removed from its cluster

# In the shell: this is asked each second, and a start of curl takes ten milliseconds of a processor. A subshell, as it
# ends if the kubelet closes the connection first. The tests have no port of a kubelet, and a function of their own.
declare -F is_kubelet_healthy >/dev/null ||
  is_kubelet_healthy() { # seconds that the answer may take
    (
      exec {kubelet}<>"/dev/tcp/127.0.0.1/$HEALTH_PORT"
      printf 'GET /healthz HTTP/1.0\r\n\r\n' >&"$kubelet"
      read -rt "$1" -u "$kubelet" status && [[ $status = 'HTTP/1.0 200 '* ]]
    ) 2>/dev/null
  }

# In a boot that is retried, it may run with the configuration of the boot that failed.
stop_kubelet_for_boot() {
  systemctl stop kubelet
}

start_kubelet() {
  systemctl start kubelet
}

# A running kubelet posts its status every ten seconds; it posts it at once when it starts.
restart_kubelet_to_post_status() {
  systemctl restart kubelet
}

# A kubelet that could not list its pods backs off for up to a minute, and starts no new pods until then. It lists them
# at once when it starts.
restart_kubelet_to_list_pods() {
  systemctl try-restart kubelet
}

# A kubelet registers its Node only when it starts.
restart_kubelet_to_register() {
  systemctl try-restart kubelet
}

# A kubelet reads a certificate that it has not requested itself only when it starts.
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
