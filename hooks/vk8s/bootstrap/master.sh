# shellcheck shell=bash
# shellcheck source-path=SCRIPTDIR
# Boot of the control plane. Sourced by boot.sh.
# shellcheck disable=SC2154 # boot.sh sets boot
. "$boot/certificates.sh"
. "$boot/image-store.sh"
. "$boot/etcd-data.sh"
. "$boot/restore.sh"
. "$boot/pods.sh"
. "$boot/quorum.sh"
. "$boot/members.sh"
. "$boot/upgrade.sh"

MOUNTED_PKI=/vk8s/pki
KUBEADM_CONFIG=$RUN/kubeadm.yaml
# Phases of kubeadm that run once in the life of a cluster. Users may have changed their results.
ONCE=wait-control-plane,upload-config,upload-certs,mark-control-plane,bootstrap-token,kubelet-finalize,addon
NEVER=preflight,show-join-command
FOUNDERS=upload-config,upload-certs,bootstrap-token,addon # those that run once in the life of all control-plane nodes
ADMIN=$KUBERNETES/super-admin.conf

boot_node() {
  map_endpoint_to_self # a Service of the host cluster, through which the node could at best reach itself
  remove_what_is_bound_to_the_address
  install_pki
  write_kubeadm_config
  offer_kubectl
  enter_members
  if [[ -e $FIRST_BOOT_COMPLETE ]]; then
    boot_again
  elif [[ -e $JOINED ]]; then
    boot_joined
  else
    boot_first
  fi
}

# Also after an interrupted first boot: kubeadm reuses what it finds, and continues.
boot_first() {
  local skipped=$NEVER
  if rm "$NEW" 2>/dev/null; then
    say "First boot: kubeadm sets up the control plane (details: $LOG/kubeadm.log in the node)."
  else
    skipped+=,addon/coredns
    if [[ -e $RESTORED_FROM ]]; then
      say "kubeadm sets up the control plane with the data of snapshot $(<"$RESTORED_FROM") (details: $LOG/kubeadm.log in the node)."
    else
      say "The first boot was interrupted; it continues with the existing data."
    fi
  fi
  set_up_parallel_to_kubeadm &
  run_kubeadm init --config "$KUBEADM_CONFIG" --skip-phases="$skipped" --skip-token-print
  wait $!
  [[ $skipped = "$NEVER" ]] || install_coredns
  date --utc --iso-8601=seconds | write_file "$FIRST_BOOT_COMPLETE"
  say "The control plane is set up."
}

# The first boot of a node that has fetched the data of others.
boot_joined() {
  say "kubeadm sets up the control plane of this node (details: $LOG/kubeadm.log in the node)."
  follow_api_server &
  run_kubeadm init --config "$KUBEADM_CONFIG" --skip-phases="$NEVER,$FOUNDERS"
  wait $!
  upgrade_cluster_if_last
  date --utc --iso-8601=seconds | write_file "$FIRST_BOOT_COMPLETE"
  say "This node has joined the control plane."
}

# What needs only the API server. kubeadm has seconds of other work left then, or minutes without a network.
set_up_parallel_to_kubeadm() {
  await_api_server
  adapt_restored_cluster
  print_manifests | apply
  start_network
}

follow_api_server() {
  await_api_server
  start_network
}

await_api_server() {
  become_voter
  wait_for "Waiting for the API server; it starts as a container of this node." is_api_ready
  say "The API server answers."
  follow_kubelet_certificate
}

# The network first. All in one call, as each start of kubectl takes 0.25 s of CPU.
# shellcheck disable=SC2154 # boot.sh sets boot
print_manifests() {
  print_network_manifests
  echo ---
  render "$boot/storage.yaml"
}

boot_again() {
  say "The control plane starts with the data of its previous boots (details: $LOG/kubeadm.log in the node)."
  stamp_upgrade
  run_kubeadm init --config "$KUBEADM_CONFIG" --skip-phases="$NEVER,$ONCE"
  become_voter
  wait_for "Waiting for the API server; it starts as a container of this node." does_api_answer
  post_status_now
  wait_for "The API server answers, but is not ready yet." is_api_ready
  withdraw_token
  upgrade_cluster_if_last
}

# The Node still has the status of the previous boot, Ready and with the previous address.
post_status_now() {
  follow_kubelet_certificate
  start_network # not earlier: it needs the API server
  await_network 10 --cert $KUBERNETES/pki/apiserver-kubelet-client.crt --key $KUBERNETES/pki/apiserver-kubelet-client.key
  restart_kubelet_to_post_status
}

# Each pod has another address. kubeadm creates what is missing and keeps what it finds, even if that is for the
# previous address. All certificates are removed, so that each boot issues them for their whole validity.
remove_what_is_bound_to_the_address() {
  rm -f $KUBERNETES/*.conf $KUBERNETES/manifests/* /var/lib/kubelet/pki/kubelet-client-*
  [[ ! -d $KUBERNETES/pki ]] || find $KUBERNETES/pki -type f ! -name '*ca.*' ! -name 'sa.*' -delete
}

# Copied, because kubeadm writes to the same directory. Also, the state volume has a copy in case the Secret is lost.
install_pki() {
  local name
  install -d -m 700 $KUBERNETES/pki $KUBERNETES/pki/etcd
  for name in ca front-proxy-ca sa; do
    install -m 600 "$MOUNTED_PKI/$name".* $KUBERNETES/pki/
  done
  for name in crt key; do
    install -m 600 "$MOUNTED_PKI/etcd-ca.$name" "$KUBERNETES/pki/etcd/ca.$name"
  done
}

# shellcheck disable=SC2034,SC2154 # for render
write_kubeadm_config() {
  local TOKEN TOKEN_TTL ETCD_ARGUMENTS ETCD_NAMES LEADER_ELECT
  TOKEN=$(<$MOUNTED_PKI/token) TOKEN_TTL=$([[ $ADMITS_TOKEN = true ]] && echo 0s || echo 1s)
  describe_member
  (umask 077 && render "$boot/kubeadm-init.yaml" | write_file "$KUBEADM_CONFIG")
}

# For kubectl in a shell in the node.
offer_kubectl() {
  mkdir -p /root/.kube
  ln -sf $KUBERNETES/admin.conf /root/.kube/config
}

# Earlier versions let workers join by a token for all of them, which makes its holder any node. It is withdrawn when no
# pod of theirs is left. There may be none, and an error is no reason not to boot: each boot tries again.
withdraw_token() {
  [[ $ADMITS_TOKEN != true ]] || return 0
  local token
  token=$(<$MOUNTED_PKI/token)
  curl -s --max-time 10 --output /dev/null --cacert $KUBERNETES/pki/ca.crt --request DELETE \
    --cert $KUBERNETES/pki/apiserver-kubelet-client.crt --key $KUBERNETES/pki/apiserver-kubelet-client.key \
    "https://127.0.0.1:6443/api/v1/namespaces/kube-system/secrets/bootstrap-token-${token%%.*}" || true
}

# Whether there is any answer: the API server has read its data by then, but need not be ready.
does_api_answer() {
  curl -s --max-time 10 --output /dev/null --cacert $KUBERNETES/pki/ca.crt https://127.0.0.1:6443/livez/ping
}

is_api_ready() {
  [[ $(curl -s --max-time 10 --cacert $KUBERNETES/pki/ca.crt https://127.0.0.1:6443/readyz) = ok ]]
}

# Applies manifests from standard input, without validation, which would first fetch the OpenAPI document.
apply() {
  kubectl --kubeconfig $ADMIN apply --server-side --force-conflicts --validate=false -f - >>"$LOG/kubeadm.log" 2>&1
}
