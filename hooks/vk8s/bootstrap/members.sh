# shellcheck shell=bash
# shellcheck source-path=SCRIPTDIR
# The member of etcd on this control-plane node, if it may be one of several. Sourced by master.sh.
#
# A node without data never initializes a cluster here: the others add it, as a learner that has no vote, and it fetches
# their data. It gets its vote when the etcd that stays has started, because the others would wait for a voter that
# stops.
# shellcheck disable=SC2154 # boot.sh sets boot
. "$boot/etcd-member.sh"

JOINING=$ETCD_DATA/joining # incomplete data; may be deleted at any time
MEMBER_STAMP=$STATE/etcd-member # the id with which it has had a vote
CHECK_SECONDS=2
REMOVED_MEMBER=3 # the status of etcd-member if the others have removed this one

# Sets what kubeadm-init.yaml has of etcd, and whether the control plane elects a leader.
# shellcheck disable=SC2034 # for render
describe_member() {
  local argument arguments=()
  while read -r argument; do
    arguments+=("{\"name\": \"${argument%%=*}\", \"value\": \"${argument#*=}\"}")
  done < <(list_etcd_arguments)
  ETCD_ARGUMENTS="[$(IFS=, && echo "${arguments[*]}")]" ETCD_NAMES='[]' LEADER_ELECT=false
  ! is_one_of_several || ETCD_NAMES="[\"$NODE_NAME.$ETCD_SERVICE\"]" LEADER_ELECT=true
}

# Prints the arguments of etcd that depend on the node. With an empty directory, it would start another cluster: but as
# the only member of an existing one, it refuses to.
list_etcd_arguments() {
  list_etcd_addresses
  printf '%s\n' "initial-cluster=$NODE_NAME=$(find_peer_url)" initial-cluster-state=existing
}

# A node alone listens on loopback only: just its API server needs it, and the pod's address may change. One of several
# has a name for life. A new address may not be known by that name yet, so a certificate is enough to connect.
list_etcd_addresses() {
  local clients=https://127.0.0.1:2379 peers=https://127.0.0.1:2380
  local listening=$clients host=$POD_IP
  if is_one_of_several; then
    [[ $host != *:* ]] || host="[$host]"
    listening=$clients,https://$host:2379 clients=https://$NODE_NAME.$ETCD_SERVICE:2379 peers=https://$host:2380
    echo peer-skip-client-san-verification=true
  fi
  printf '%s\n' "listen-client-urls=$listening" "advertise-client-urls=$clients" "listen-peer-urls=$peers" \
    "initial-advertise-peer-urls=$(find_peer_url)"
}

find_peer_url() {
  if is_one_of_several; then echo "https://$NODE_NAME.$ETCD_SERVICE:2380"; else echo https://127.0.0.1:2380; fi
}

# Called before etcd starts: makes sure that it starts with the data of a member.
enter_members() {
  is_one_of_several || return 0
  run_kubeadm init phase certs all --config "$KUBEADM_CONFIG"
  enter_forced_quorum
  if ! has_etcd_data; then
    fetch_etcd_data incomplete
  elif is_member_removed; then
    refuse_return
    say "The other control-plane nodes have removed this node's member of etcd. Its data is set aside, in $ETCD_DATA."
    fetch_etcd_data removed
  fi
}

# A node that was removed from its cluster was stopped before it could note that its kubelet must not start again.
refuse_return() {
  [[ -e $LEAVING ]] || return 0
  stop_kubelet_for_good
  exit 1 # the boot is retried, and finds that
}

# If no majority of the others answers, they may all be starting with their data.
is_member_removed() {
  local id=''
  [[ ! -s $MEMBER_STAMP ]] || id=$(<"$MEMBER_STAMP")
  run_etcd_member check --timeout ${CHECK_SECONDS}s ${id:+--id "$id"} >/dev/null && [[ $printed = removed ]]
}

fetch_etcd_data() { # what the present data is, if there is any
  kill_own_processes etcd # it may be left from a boot that failed
  rm -rf "$JOINING" "$FIRST_BOOT_COMPLETE" "$MEMBER_STAMP"
  set_etcd_data_aside "$1"
  say "This node has no data of etcd: it joins the other control-plane nodes, and fetches theirs."
  run_etcd_member join
  date --utc --iso-8601=seconds | write_file "$JOINED"
  run_joining_etcd "$printed" || {
    say "etcd could not fetch the data: $(find_etcd_error "$LOG/joining.log")."
    return 1
  }
  stamp_quorum
  put_etcd_data_in_place "$JOINING"
  say "The data of etcd is complete."
}

# Runs etcd until it has what the others had when it joined.
run_joining_etcd() { # the value of --initial-cluster
  local etcd waiting ended='' status=0 arguments
  mapfile -t arguments < <(list_etcd_addresses)
  "${ETCD_PROGRAM[0]}" --name "$NODE_NAME" --data-dir "$JOINING" "${arguments[@]/#/--}" \
    --initial-cluster "$1" --initial-cluster-state existing --feature-gates InitialCorruptCheck=true \
    --client-cert-auth --trusted-ca-file $ETCD_PKI/ca.crt \
    --cert-file $ETCD_PKI/server.crt --key-file $ETCD_PKI/server.key \
    --peer-client-cert-auth --peer-trusted-ca-file $ETCD_PKI/ca.crt \
    --peer-cert-file $ETCD_PKI/peer.crt --peer-key-file $ETCD_PKI/peer.key >"$LOG/joining.log" 2>&1 &
  etcd=$!
  run_etcd_member await-data &
  waiting=$!
  wait -n -p ended $etcd $waiting || status=$?
  kill -TERM $etcd 2>/dev/null || true
  wait $etcd || true
  [[ $ended = "$waiting" && $status -eq 0 ]]
}

# Returns when this node has a vote. Called while the kubelet starts etcd; until then, the API server is not ready.
become_voter() {
  is_one_of_several || return 0
  local status=0
  # The member of a node that was alone has no name yet. That of a learner must not be changed.
  [[ -e $JOINED ]] || run_etcd_member rename
  run_etcd_member promote || status=$?
  if [[ $status -eq $REMOVED_MEMBER ]]; then
    say "The other control-plane nodes have removed this node's member of etcd: it boots again, to join them again."
    systemctl --no-block restart vk8s-boot
  fi
  [[ $status -eq 0 ]] || return $status
  echo "$printed" | write_file "$MEMBER_STAMP"
}
