# shellcheck shell=bash
# Boot of a worker. Sourced by boot.sh.

JOIN=/vk8s/join
KUBELET_KUBECONFIG=/etc/kubernetes/kubelet.conf
KUBELET_CA=/etc/kubernetes/pki/ca.crt
API=https://$ENDPOINT:6443
API_PROXY=/usr/local/bin/api-proxy

boot_node() {
  mkdir -p /etc/kubernetes/manifests # the kubelet logs an error each second where it is missing
  use_api_proxy
  if has_identity; then
    boot_again
  else
    join_cluster
  fi
}

# With several API servers, the Service would leave a connection on one that has vanished without a word. The proxy closes
# it when another one is ready. Whatever connects to the endpoint uses it, also pods in the network of the node.
use_api_proxy() {
  [[ -n $API_SERVERS ]] || return 0
  if [[ -x $API_PROXY ]]; then
    systemctl restart api-proxy
    map_endpoint_to_self
  else
    say "The image of this node has no api-proxy: if the host of a control-plane node is lost, its connections hang longer."
  fi
}

# Whether it has joined before, and the API server would still accept its certificate.
has_identity() {
  is_same_generation && [[ -s $KUBELET_KUBECONFIG && -s /var/lib/kubelet/config.yaml && -s $KUBELET_CA ]] &&
    openssl x509 -noout -checkend 60 -in "$CLIENT_CERTIFICATE" >/dev/null 2>&1 &&
    # The CA may have been renewed or replaced, with the whole cluster or alone.
    [[ $(<$JOIN/ca.crt) = "$(<$KUBELET_CA)" ]] &&
    openssl verify -CAfile $JOIN/ca.crt "$CLIENT_CERTIFICATE" >/dev/null 2>&1
}

# The network before the kubelet: it needs only the Node and its subnet, which exist. Then the first status that the
# kubelet posts is already Ready; the next one would follow ten seconds later.
boot_again() {
  say "This node has joined its cluster before; it starts with the same identity."
  # Without an API server, both would retry less and less often.
  await_answer /livez
  ! is_upgrade || upgrade_kubelet_configuration
  start_network
  await_network 10 --cert "$CLIENT_CERTIFICATE"
  start_kubelet # even without a network: if the Node has been deleted, flanneld waits for the kubelet to register it
  is_network_up && return
  wait_for "Waiting for the network between the nodes (details: $RUN/flanneld.log in the node)." is_network_up
  restart_kubelet_to_post_status
}

# Fetches the cluster's kubelet configuration, which the control plane has upgraded before. Then kubeadm removes flags
# that the new kubelet no longer knows.
upgrade_kubelet_configuration() {
  say "Kubernetes is upgraded from $(<"$VERSION_STAMP") to $KUBERNETES_VERSION."
  until run_kubeadm upgrade node phase kubelet-config && run_kubeadm upgrade node phase post-upgrade; do
    say "The kubelet's configuration can't be upgraded yet: $(explain_error)."
    sleep 2
  done
}

join_cluster() {
  local was_elsewhere=''
  [[ ! -s $KUBELET_KUBECONFIG ]] || is_same_generation || was_elsewhere=yes
  [[ -z $was_elsewhere ]] ||
    say "This node belonged to a previous cluster, which another one has replaced. Data of its pods' volumes stays in" \
    "$STATE/volumes."
  say "This node joins its cluster at $ENDPOINT."
  # The last object that kubeadm creates on the control plane for nodes that join. Its signature, which a controller
  # adds later, is only needed by nodes that don't have the CA's certificate.
  await_answer /api/v1/namespaces/kube-public/configmaps/cluster-info kubeconfig
  [[ ! -s $KUBELET_KUBECONFIG ]] || report_not_ready
  rm -f $KUBELET_KUBECONFIG $KUBELET_CA /var/lib/kubelet/pki/kubelet-client-*
  say "The API server lets nodes join; kubeadm does that (details: $LOG/kubeadm.log in the node)."
  write_join_config
  start_network
  local said=''
  until run_kubeadm join --config "$RUN/join.yaml"; do
    [[ -n $said ]] || say "Joining failed and is retried; the reason is in $LOG/kubeadm.log in the node: $(explain_error)."
    said=yes
    sleep 2
  done
  say "This node has joined its cluster."
}

# Sets the Ready condition of its Node to False, with the identity that this node had. kubeadm refuses to join under the
# name of a Node that is Ready, and the node lifecycle controller would take most of a minute to change that.
report_not_ready() {
  curl -s --max-time 5 --output /dev/null --cacert $JOIN/ca.crt --cert "$CLIENT_CERTIFICATE" --request PATCH \
    --header 'Content-Type: application/strategic-merge-patch+json' \
    --data '{"status": {"conditions": [{"type": "Ready", "status": "False", "reason": "JoinsAgain"}]}}' "$NODE_URL/status" || true
}

# Waits, for as long as it takes, until the API server's answer to a request contains the text. Logs why it waits,
# whenever the reason changes.
await_answer() { # path [text]
  local said='' now asked
  while
    asked=${EPOCHREALTIME/./}
    now=$(explain_wait "$@") && [[ -n $now ]]
  do
    [[ $now = "$said" ]] || say "Waiting for the control plane: $now."
    said=$now
    rest "$asked" 300000
  done
}

# Prints why there is no such answer; nothing if there is one.
explain_wait() { # path [text]
  local answer status=0
  answer=$(curl -s --max-time 2 --cacert $JOIN/ca.crt "$API$1") || status=$?
  case $status:$answer in
    0:*"${2:-}"*) ;;
    0:*) echo "its API server answers, but doesn't let nodes join yet" ;;
    6:*) echo "the host cluster's DNS doesn't know $ENDPOINT" ;;
    7:* | 28:* | 35:* | 52:* | 56:*) echo "nothing answers at $ENDPOINT:6443" ;;
    60:*) echo "the certificate of $ENDPOINT:6443 is not from this cluster's authority" ;;
    *) echo "curl ends with status $status for $ENDPOINT:6443" ;;
  esac
}

# kubeadm copies the certificate of $JOIN, which it names.
# shellcheck disable=SC2154 # boot.sh sets boot
write_join_config() {
  render "$boot/discovery.yaml" | write_file "$RUN/discovery.yaml"
  render "$boot/kubeadm-join.yaml" | write_file "$RUN/join.yaml"
}
