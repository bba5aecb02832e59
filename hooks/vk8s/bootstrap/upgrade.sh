# shellcheck shell=bash
# The upgrade of what is in the cluster, by its last control-plane node. Sourced by master.sh.

# Called when the API server is ready, and before the node becomes Ready, because the workers are upgraded after that.
# With the same version, nothing is updated: users may have changed it.
upgrade_cluster_if_last() {
  local version
  if is_one_of_several; then
    wait_for "Waiting for the version of the cluster." ask_cluster get configmap kubeadm-config --ignore-not-found \
      --output 'jsonpath={.data.ClusterConfiguration}'
    version=$(sed -n 's/^kubernetesVersion: //p' <<<"$found")
    [[ $version = "$KUBERNETES_VERSION" ]] || ! are_control_plane_nodes_upgraded || upgrade_cluster "$version"
  elif is_upgrade; then
    upgrade_cluster "$(<"$VERSION_STAMP")"
  fi
}

# Of two that boot at the same time, at least one has to see that both are upgraded: each looks at the others only when
# its own version is known.
are_control_plane_nodes_upgraded() {
  local node version leaving
  local columns='{.metadata.name} {.status.nodeInfo.kubeletVersion} {.metadata.annotations.vk8s\.sktelecom\.com/leaving}'
  wait_for "Waiting until the Node has version $KUBERNETES_VERSION." is_own_version_known
  wait_for "Waiting for the versions of the control-plane nodes." ask_cluster get nodes \
    --selector node-role.kubernetes.io/control-plane --output "jsonpath={range .items[*]}$columns{\"\\n\"}{end}"
  while read -r node version leaving; do
    [[ $node = "$NODE_NAME" || $version = "$KUBERNETES_VERSION" || -n $leaving ]] || return 1
  done <<<"$found"
}

is_own_version_known() {
  ask_cluster get node "$NODE_NAME" --output 'jsonpath={.status.nodeInfo.kubeletVersion}' &&
    [[ $found = "$KUBERNETES_VERSION" ]]
}

# Sets $found to what kubectl prints.
ask_cluster() { # arguments of kubectl
  found=$(kubectl --kubeconfig "$ADMIN" --namespace kube-system --request-timeout=10s "$@" 2>>"$LOG/kubeadm.log")
}

# Updates what the first boot created in the cluster: the images of the new version have other names, and the previous
# ones are not in this node. What several control-plane nodes take for the version of the cluster is written last.
upgrade_cluster() { # from which version
  say "Kubernetes is upgraded from $1 to $KUBERNETES_VERSION."
  run_kubeadm init phase upload-config kubelet --config "$KUBEADM_CONFIG"
  run_kubeadm init phase bootstrap-token --config "$KUBEADM_CONFIG" --skip-token-print
  run_kubeadm init phase addon kube-proxy --config "$KUBEADM_CONFIG"
  has_coredns || install_coredns
  print_manifests | apply
  run_kubeadm init phase upload-config kubeadm --config "$KUBEADM_CONFIG"
}

# Whether the cluster runs the CoreDNS that is in this node.
has_coredns() {
  [[ $(kubectl --kubeconfig "$ADMIN" --namespace kube-system get deployment coredns --ignore-not-found \
    --output 'jsonpath={.spec.template.spec.containers[0].image}') = *:"$COREDNS_TAG" ]]
}

# kubeadm refuses to change a CoreDNS that is newer than its own, and an interrupted boot may have created only a part
# of it.
install_coredns() {
  kubectl --kubeconfig "$ADMIN" --namespace kube-system delete deployment coredns --ignore-not-found \
    >>"$LOG/kubeadm.log" 2>&1
  run_kubeadm init phase addon coredns --config "$KUBEADM_CONFIG"
}
