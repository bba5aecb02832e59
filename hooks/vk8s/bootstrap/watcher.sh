#!/bin/bash
# shellcheck source-path=SCRIPTDIR
# Keeps /run/vk8s/ready exactly while this node is Ready in its virtual cluster; the pod's probes look for that file.
#
# The Ready condition alone would lie: for forty seconds after a restart it still stands from before. So the kubelet here
# must be healthy, and must have posted the Node's status in this boot: with this pod's address, and with the machine id
# that systemd makes anew at each boot. The network between the nodes must be up, too: the kubelet may know it from before.
set -euo pipefail
boot=$(dirname "$0")
. "$boot/sentences.sh"
. "$boot/network.sh"

READY=$RUN/ready
LEFT=$STATE/left
# A restart of the master must not take the workers out of users' Services.
MAY_BE_ALONE_SECONDS=300
MAY_BE_UNKNOWN_SECONDS=5
MAY_BE_AWAY_SECONDS=10
EXPLAIN_SECONDS=10
# What is gone refuses at once; what answers late, on a busy host, is there all the same.
MAY_TAKE_SECONDS=10

answered_at=-$MAY_BE_ALONE_SECONDS # SECONDS when the API server last answered a worker
unknown_since=''                   # SECONDS when the Node was first not there, or its certificate refused
was=''                             # what was published last
was_ready=''                       # anything once it was
explained_at=0                     # SECONDS when the logs were last read
was_explained=''                   # anything once it was said what the host lacks

main() {
  if [[ -e $LEFT ]]; then exec sleep infinity; fi
  local asked
  while true; do
    asked=${EPOCHREALTIME/./}
    observe
    publish
    [[ $state = ready ]] || explain
    rest "$asked" "$([[ -n $was_ready ]] && echo 1000000 || echo 250000)"
  done
}

# Sets $state to `ready`, or to what is missing.
observe() {
  # Files first: until they are there, a node that boots needs its processors for that.
  state='the boot is not complete'
  [[ $ROLE = worker || -e $BOOTED ]] || return 0
  state='its kubelet has no certificate'
  [[ -e $CLIENT_CERTIFICATE ]] || return 0
  state='the kubelet is not healthy'
  is_kubelet_healthy || return 0
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
    404) state='its Node does not exist' && mend "$code" ;;
    401) state='the API server refuses its certificate' && mend "$code" ;;
    *) unknown_since='' && judge_alone ;;
  esac
}

is_kubelet_healthy() {
  [[ $(curl -s --max-time $MAY_TAKE_SECONDS http://127.0.0.1:10248/healthz) = ok ]]
}

# A kubelet that could not ask for its pods pauses longer each time, for up to a minute, and as long starts none that are
# new. One that starts asks at once; containers don't notice.
wake_kubelet() {
  [[ $ROLE = worker && -n $was_ready ]] && ((SECONDS - answered_at > MAY_BE_AWAY_SECONDS)) || return 0
  say "The API server answers again after $((SECONDS - answered_at)) s; the kubelet starts anew, to ask for its pods at once."
  systemctl try-restart kubelet
  local end=$((SECONDS + MAY_TAKE_SECONDS))
  until is_kubelet_healthy || ((SECONDS >= end)); do sleep 0.1; done
}

# Prints the answer, and its status in a line of its own; with the kubelet's certificate, and without the cost of kubectl.
ask() { # curl arguments
  curl -s --max-time $MAY_TAKE_SECONDS --cacert /etc/kubernetes/pki/ca.crt --cert $CLIENT_CERTIFICATE --write-out '\n%{http_code}' "$@"
}

judge() { # Node
  case $1 in *'"vk8s.sktelecom.com/leaving":'*) leave ;; esac
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

# The API server is not there. A worker keeps the answer it had, for a while.
judge_alone() {
  state='the API server does not answer'
  [[ $ROLE = worker && -e $READY ]] || return 0
  ((SECONDS - answered_at > MAY_BE_ALONE_SECONDS)) || state=ready
}

# A Node that somebody deleted comes back when the kubelet starts; one whose certificate is refused has to join again.
mend() { # status
  : "${unknown_since:=$SECONDS}"
  ((SECONDS - unknown_since >= MAY_BE_UNKNOWN_SECONDS)) || return 0
  unknown_since=''
  if [[ $1 = 404 ]]; then
    say "The Node of this node is gone; the kubelet registers again."
    keep_subnet
    systemctl try-restart kubelet flanneld # flanneld, as the new Node may get another subnet
  elif [[ $ROLE = worker ]]; then
    say "The API server refuses the certificate of this node; it joins again."
    rm -f /etc/kubernetes/kubelet.conf
    systemctl --no-block restart vk8s-boot
  fi
}

# Makes the Node of a worker with the subnet that it had: its pods live on, and keep their addresses. Where that can't be,
# and for a master, the kubelet makes the Node, which gets another one.
keep_subnet() {
  local subnet
  [[ $ROLE = worker && $CNI = flannel ]] && subnet=$(read_subnet "$CNI_LIST") || return 0
  ask --header 'Content-Type: application/json' --output /dev/null --data '{"apiVersion": "v1", "kind": "Node", "metadata": {"name":
    "'"$NODE_NAME"'"}, "spec": {"podCIDR": "'"$subnet"'", "podCIDRs": ["'"$subnet"'"]}}' "${NODE_URL%/*}" >/dev/null || true
}

# What no check before could know, as the nodes of a host share it, and what nothing but logs in the node would tell.
explain() {
  ((SECONDS >= explained_at + EXPLAIN_SECONDS)) || return 0
  explained_at=$SECONDS
  local logs
  logs=$(journalctl --unit containerd --unit kubelet --since "-$EXPLAIN_SECONDS s" --output cat)
  [[ $logs = *notify*'too many open files'* ]] || return 0
  [[ -n $was_explained ]] ||
    say "All $(</proc/sys/fs/inotify/max_user_instances) inotify instances of the host are in use, and containerd or the kubelet" \
      "can't start. Set fs.inotify.max_user_instances=8192 with sysctl on the host; they start by themselves then."
  was_explained=yes
}

# The node is taken out of its cluster for good. Its kubelet must not register it again; then the Node may be deleted.
leave() {
  say "This node leaves its cluster."
  rm -f "$READY"
  date --utc --iso-8601=seconds | write_file "$LEFT"
  systemctl stop kubelet
  until [[ $(ask --request PATCH --header 'Content-Type: application/merge-patch+json' --output /dev/null \
    --data '{"metadata": {"annotations": {"vk8s.sktelecom.com/left": "true"}}}' "$NODE_URL") = *200 ]]; do sleep 1; done
  exec sleep infinity
}

# Writes or removes the file, and says so when something has changed.
publish() {
  [[ $state != "$was" ]] || return 0
  if [[ $state = ready ]]; then
    was_explained=''
    touch "$READY"
    was_ready=yes
    keep_cni_list || true # a full disk makes no node unready
    say "Ready: the Node is Ready at $POD_IP."
  else
    rm -f "$READY"
    # On the way up, the boot itself says what it does and waits for.
    [[ -z $was_ready ]] || say "Not ready any more: $state."
  fi
  was=$state
}

main
