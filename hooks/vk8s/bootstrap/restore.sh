# shellcheck shell=bash
# Initializes a virtual cluster with the data of a snapshot of etcd (RESTORE=true), instead of with none. An init container of the pod has put it on the state volume. Sourced by entrypoint.sh and master.sh.
#
# The restored etcd has no memory of members, and a revision that no watcher of the old one has reached. What is true
# only of the time of the snapshot is removed before an API server sees it; the rest, once an API server answers.

SNAPSHOT=$STATE/restore # etcd.db, and meta.json about its cluster
RESTORED_FROM=$STATE/restored # the name of the snapshot that the data is from
# Watchers and caches must not take a revision of the restored cluster for one that they know.
REVISIONS_AHEAD=1000000000
ETCDCTL=/usr/local/bin/etcdctl ETCDUTL=/usr/local/bin/etcdutl
# Leases by which dead API servers and leaders look alive, requests and tokens of their time, the description of the
# cluster that nodes wait for before they join, and events, whose Nodes may not exist any more.
readonly OF_ITS_TIME=(
  masterleases/ leases/kube-node-lease/ leases/kube-system/kube-controller-manager leases/kube-system/kube-scheduler
  leases/kube-system/apiserver- certificatesigningrequests/ secrets/kube-system/bootstrap-token-
  configmaps/kube-public/cluster-info events/ volumeattachments/
)

# Creates the data of etcd in a folder. May be interrupted and repeated at any moment.
restore_etcd_data() { # folder
  local name
  [[ -s $SNAPSHOT/meta.json ]] || give_up "$SNAPSHOT has no snapshot: the init container that fetches it did not run."
  name=$(read_meta fetched)
  [[ -n $name ]] || give_up "$SNAPSHOT/meta.json can't be read: delete it, and the pod, and the snapshot is fetched again."
  say "The cluster is restored from snapshot $name of Vk8s $(read_meta namespace)/$(read_meta name), of $(read_meta time)."
  refuse_other_cluster "$name"
  $ETCDUTL snapshot restore "$SNAPSHOT/etcd.db" --data-dir "$1" --name "$NODE_NAME" \
    --initial-cluster "$NODE_NAME=https://127.0.0.1:2380" --initial-advertise-peer-urls https://127.0.0.1:2380 \
    --initial-cluster-token "$VK8S_UID.$GENERATION" --bump-revision $REVISIONS_AHEAD --mark-compacted \
    >"$LOG/restore.log" 2>&1 || give_up "Snapshot $name can't be restored: $(tail -1 "$LOG/restore.log" | cut -c1-300)"
  # shellcheck disable=SC2034 # for run_etcd_alone
  local meanwhile=forget_what_was_of_its_time
  run_etcd_alone restoring --data-dir "$1" ||
    give_up "The data of snapshot $name can't be changed: $(find_etcd_error "$LOG/restoring.log")."
  echo "$name" | write_file "$RESTORED_FROM"
}

# Prints a fact about the cluster of the snapshot: a string in meta.json; nothing if that has none of that name.
read_meta() { # name
  grep -o "\"$1\": *\"[^\"]*\"" "$SNAPSHOT/meta.json" | cut -d'"' -f4 || true
}

# What Services and pods of the snapshot have recorded can't be changed.
refuse_other_cluster() { # name of the snapshot
  local image before step name field
  image=$(read_image_version) before=$(read_meta kubernetesVersion)
  step=$(($(find_minor "$image") - $(find_minor "$before")))
  ((step == 0 || step == 1)) ||
    give_up "Snapshot $1 is of Kubernetes $before, and the image of this node has $image: write an image with" \
      "v1.$(find_minor "$before") or v1.$(($(find_minor "$before") + 1)) for the control-plane nodes."
  for field in serviceCidr=serviceSubnet podNetworkCidr=podSubnet; do
    name=${field%=*}
    [[ $(read_meta "$name") = "$(read_setting "${field#*=}")" ]] ||
      give_up "Snapshot $1 is of a cluster with $name $(read_meta "$name"), and this one has" \
        "$(read_setting "${field#*=}"): create the Vk8s with that of the snapshot."
  done
}

# Prints a network of this cluster, from the configuration for kubeadm.
read_setting() { # serviceSubnet or podSubnet
  # shellcheck disable=SC2154 # entrypoint.sh sets boot
  sed -n "s/^ *\"\?$1\"\?: *\"\?\([^\",]*\).*/\1/p" "$boot/kubeadm-init.yaml" | head -1
}

# While nothing but this has a connection to etcd.
forget_what_was_of_its_time() { # socket of etcd
  local key
  for key in "${OF_ITS_TIME[@]}"; do
    etcdctl_at "$1" del --prefix "/registry/$key" >/dev/null || return
  done
  local nodes
  nodes=$(etcdctl_at "$1" get --prefix --keys-only /registry/minions/) || return
  for key in $nodes; do
    [[ " $RESTORE_NODES " = *" ${key##*/} "* ]] || etcdctl_at "$1" del "$key" >/dev/null || return
  done
}

etcdctl_at() { # socket, arguments
  ETCDCTL_API=3 $ETCDCTL --endpoints "unix://$1" --command-timeout 60s "${@:2}" 2>>"$LOG/restore.log"
}

# Called when the API server answers, again if that boot is interrupted: what it takes an API for.
adapt_restored_cluster() {
  [[ -e $RESTORED_FROM && ! -e $FIRST_BOOT_COMPLETE ]] || return 0
  report_nodes_not_ready
  grep -q "\"$(hash_authority)\"" "$SNAPSHOT/meta.json" || renew_legacy_tokens
}

# kubeadm refuses to let a node join under the name of a Node that is Ready.
report_nodes_not_ready() {
  local found name nodes=()
  found=$(ask_api get nodes --output name)
  for name in $found; do
    [[ $name = "node/$NODE_NAME" ]] || nodes+=("$name")
  done
  ((${#nodes[@]})) || return 0
  ask_api patch "${nodes[@]}" --subresource status --patch \
    '{"status": {"conditions": [{"type": "Ready", "status": "False", "reason": "Restored"}]}}' >/dev/null
}

# Tokens in Secrets were signed with the keys of the cluster of the snapshot. The controller that makes them signs them
# again.
renew_legacy_tokens() {
  local found namespace name
  found=$(ask_api get secrets --all-namespaces --field-selector type=kubernetes.io/service-account-token \
    --output 'jsonpath={range .items[?(@.data.token)]}{.metadata.namespace} {.metadata.name}{"\n"}{end}')
  while read -r namespace name; do
    [[ -n $name ]] || continue # there is none
    ask_api --namespace "$namespace" patch secret "$name" --type json --patch '[{"op": "remove", "path": "/data/token"}]' \
      >/dev/null
  done <<<"$found"
}

# Prints what a snapshot records of its authority, for that of this cluster: as kubeadm's --discovery-token-ca-cert-hash.
hash_authority() {
  openssl x509 -in /vk8s/pki/ca.crt -noout -pubkey | openssl pkey -pubin -outform der | sha256sum | sed 's/^/sha256:/; s/ .*//'
}

ask_api() { # arguments of kubectl
  kubectl --kubeconfig "$ADMIN" "$@" 2>>"$LOG/restore.log"
}
