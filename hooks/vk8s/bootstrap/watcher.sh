#!/bin/bash
# shellcheck source-path=SCRIPTDIR
# Keeps the file /run/vk8s/ready exactly as long as this node is Ready in its virtual cluster; the pod's probes look for
# it.
#
# The Ready condition alone is not enough: after a restart, that of the previous boot remains for forty seconds. So the
# kubelet must be healthy and must have posted the Node's status in this boot, with this pod's address and with the
# machine ID that systemd generates at each boot. The network between the nodes must be up as well: for the kubelet the
# CNI list is enough, which may be that of the previous boot.
set -euo pipefail
boot=$(dirname "$0")
. "$boot/sentences.sh"
. "$boot/kubelet.sh"
. "$boot/network.sh"
. "$boot/watch-members.sh"
. "$boot/tend-etcd.sh"
. "$boot/room.sh"

READY=$RUN/ready
# How long a worker stays ready without an API server: a restart of the control plane must not remove it from users'
# Services.
MAX_ALONE_SECONDS=300
# How long a Node must be missing, or the certificate be rejected, before it is repaired.
MAX_UNKNOWN_SECONDS=5
# After an outage that was longer than this, the kubelet is restarted.
MAX_OUTAGE_SECONDS=10
EXPLAIN_SECONDS=10
# A server that is gone refuses the connection at once; on a busy host, a running one may answer late.
ANSWER_SECONDS=10

answered_at=-$MAX_ALONE_SECONDS # SECONDS when the API server last answered a worker
unknown_since=''                # SECONDS since when the Node has been missing, or the certificate been rejected
published=''                    # the last state
was_ready=''                    # not empty once the node has been ready
explained_at=0                  # SECONDS when the logs were last read
was_explained=''                # not empty once the missing resource of the host has been logged

main() {
  if is_kubelet_stopped_for_good; then exec sleep infinity; fi
  local asked
  while true; do
    asked=${EPOCHREALTIME/./}
    watch_room
    observe
    publish
    tend_etcd
    [[ $state != ready ]] || tend_network
    [[ $state = ready ]] || { explain && leave_if_others_say_so; }
    rest "$asked" $((${#was_ready} > 0 ? 1000000 : 250000))
  done
}

# Sets $state to `ready`, or to what is missing.
observe() {
  # Files first: a node that is booting needs its CPU for that.
  state='the boot is not complete'
  [[ $ROLE = worker || -e $BOOTED ]] || return 0
  state='its kubelet has no certificate'
  [[ -e $CLIENT_CERTIFICATE ]] || return 0
  state='the kubelet is not healthy'
  is_kubelet_healthy $ANSWER_SECONDS || return 0
  local answer code
  answer=$(ask "$NODE_URL?pretty=false") || true
  code=${answer##*$'\n'}
  case $code in
    200)
      unknown_since=''
      wake_kubelet
      answered_at=$SECONDS
      judge "$answer"
      ;;
    404) state='its Node does not exist' && repair "$code" ;;
    401) state='the API server rejects its certificate' && repair "$code" ;;
    *) unknown_since='' && judge_alone ;;
  esac
}

# After an outage of the API server.
wake_kubelet() {
  [[ $ROLE = worker && -n $was_ready ]] && ((SECONDS - answered_at > MAX_OUTAGE_SECONDS)) || return 0
  say "The API server answers again after $((SECONDS - answered_at)) s; the kubelet restarts, to list its pods at once."
  restart_kubelet_to_list_pods
  local end=$((SECONDS + ANSWER_SECONDS))
  until is_kubelet_healthy $ANSWER_SECONDS || ((SECONDS >= end)); do sleep 0.1; done
}

# Prints the body and, on a line of its own, the status code. Uses the kubelet's certificate, and is cheaper than
# kubectl.
ask() { # curl arguments
  curl -s --max-time $ANSWER_SECONDS --cacert /etc/kubernetes/pki/ca.crt --cert $CLIENT_CERTIFICATE --write-out '\n%{http_code}' "$@"
}

judge() { # the Node, as JSON
  case $1 in *"\"$LEAVING_ANNOTATION\":"*) leave ;; esac
  case $1 in *"\"$REMOVE_ANNOTATION\":\""*) ! is_one_of_several || remove_lost_member "$1" ;; esac
  case $1 in
    *'"type":"InternalIP","address":"'"$POD_IP"'"'*) ;;
    *) state="its Node does not have the address $POD_IP yet" && return ;;
  esac
  case $1 in
    *'"machineID":"'"$(</etc/machine-id)"'"'*) ;;
    *) state='its Node has not been updated since this boot' && return ;;
  esac
  case $1 in
    *'"type":"Ready","status":"True"'*) ;;
    *) state='its Node is not Ready yet' && return ;;
  esac
  state='the network between the nodes is not up yet'
  ! has_joined_network || state=ready
}

# Without an API server, a worker that was ready stays so for a while.
judge_alone() {
  state='the API server does not answer'
  [[ $ROLE = worker && -e $READY ]] || return 0
  ((SECONDS - answered_at > MAX_ALONE_SECONDS)) || state=ready
}

# Lets the kubelet register a Node again that was deleted, and a worker join again whose certificate is rejected.
repair() { # status code
  : "${unknown_since:=$SECONDS}"
  ((SECONDS - unknown_since >= MAX_UNKNOWN_SECONDS)) || return 0
  unknown_since=''
  if [[ $1 = 404 ]]; then
    say "The Node of this node is gone; the kubelet registers it again."
    keep_subnet
    restart_kubelet_to_register
    restart_network # the new Node may have another subnet
  elif [[ $ROLE = worker ]]; then
    say "The API server rejects the certificate of this node; it joins again."
    rm -f /etc/kubernetes/kubelet.conf
    systemctl --no-block restart vk8s-boot
  fi
}

# Creates the Node of a worker with its previous subnet, because its pods keep running, with their addresses. If that
# fails, and on a control-plane node, the kubelet creates the Node, which gets another subnet.
keep_subnet() {
  local subnet
  [[ $ROLE = worker ]] && subnet=$(find_subnet) || return 0
  ask --header 'Content-Type: application/json' --output /dev/null --data '{"apiVersion": "v1", "kind": "Node", "metadata": {"name":
    "'"$NODE_NAME"'"}, "spec": {"podCIDR": "'"$subnet"'", "podCIDRs": ["'"$subnet"'"]}}' "${NODE_URL%/*}" >/dev/null || true
}

# Logs what only logs in the node would show. No check at the start could: all nodes of a host share these limits.
explain() {
  ((SECONDS >= explained_at + EXPLAIN_SECONDS)) || return 0
  explained_at=$SECONDS
  local logs
  logs=$(journalctl --unit containerd --unit kubelet --since "-$EXPLAIN_SECONDS s" --output cat)
  [[ $logs = *notify*'too many open files'* ]] || return 0
  [[ -n $was_explained ]] ||
    say "All $(</proc/sys/fs/inotify/max_user_instances) inotify instances of the host are in use, and containerd or the kubelet" \
      "can't start. Set fs.inotify.max_user_instances=8192 with sysctl on the host; then they start by themselves."
  was_explained=yes
}

# Removes this node from its cluster: once its kubelet is stopped and the Node is annotated with that, leave.sh deletes
# the Node.
leave() {
  say "This node is being removed from its cluster."
  rm -f "$READY"
  local ask=ask
  ! is_one_of_several || leave_members
  stop_kubelet_for_good
  if is_one_of_several; then
    ask=ask_others # the own API server has lost its etcd
    kill_own_processes kube-apiserver kube-controller-manager kube-scheduler
  fi
  until annotate_node vk8s.sktelecom.com/left '"true"' $ask; do sleep 1; done
  exec sleep infinity
}

# Sets an annotation of the Node, or removes it with `null`; fails if the API server does not accept that.
annotate_node() { # name, value as JSON, ask or ask_others
  [[ $("$3" --request PATCH --header 'Content-Type: application/merge-patch+json' --output /dev/null \
    --data '{"metadata": {"annotations": {"'"$1"'": '"$2"'}}}' "$NODE_URL") = *200 ]]
}

# Writes or removes the file, and logs it, when the state has changed.
publish() {
  [[ $state != "$published" ]] || return 0
  if [[ $state = ready ]]; then
    was_explained=''
    touch "$READY"
    was_ready=yes
    say "Ready: the Node is Ready at $POD_IP."
  else
    rm -f "$READY"
    # Until the node has been ready, the boot logs what it does and waits for.
    [[ -z $was_ready ]] || say "Not ready any more: $state."
  fi
  published=$state
}

main
