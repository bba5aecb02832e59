# shellcheck shell=bash
# shellcheck source-path=SCRIPTDIR
# What the watcher of one of several control-plane nodes does about members of etcd that are to be removed: its own, and
# those of nodes that are lost. leave.sh asks for it, by annotations of Nodes. Sourced by watcher.sh.
# shellcheck disable=SC2154 # watcher.sh sets boot
. "$boot/pods.sh"
. "$boot/etcd-member.sh"

LEAVING_ANNOTATION=vk8s.sktelecom.com/leaving
REMOVE_ANNOTATION=vk8s.sktelecom.com/remove-member
# How often the others are asked for the Node while the own API server has no answer, and how often a removal is retried.
AGAIN_SECONDS=10

asked_others_at=0 # SECONDS
removing=''       # the process that removes a member
removed_name=''   # of which node

# Prints what an API server of another control-plane node answers, as ask does; fails if none answers.
ask_others() { # curl arguments
  local address answer
  for address in $(list_other_addresses); do
    # That of a host that is gone answers nothing.
    if answer=$(ask --connect-timeout 2 --resolve "$ENDPOINT:6443:$address" "$@"); then
      printf %s "$answer"
      return
    fi
  done
  return 1
}

list_other_addresses() {
  getent ahosts "$ETCD_SERVICE" | cut -d' ' -f1 | sort -u | grep -vxF "$POD_IP" || true
}

# While the own API server or the kubelet does not work: the owner may remove the node because of that.
leave_if_others_say_so() {
  is_one_of_several && ((SECONDS >= asked_others_at + AGAIN_SECONDS)) && [[ -e $CLIENT_CERTIFICATE ]] || return 0
  asked_others_at=$SECONDS
  local answer
  answer=$(ask_others "$NODE_URL?pretty=false") || return 0
  [[ $answer != *"\"$LEAVING_ANNOTATION\":"* ]] || leave
}

# Leaves etcd while the kubelet still runs it: without this member the others may have no quorum, until they are asked.
# The API server first takes its address out of Service kubernetes.
leave_members() {
  date --utc --iso-8601=seconds | write_file "$LEAVING"
  [[ -e $BOOTED ]] || systemctl stop vk8s-boot
  signal_own_processes TERM kube-apiserver
  until run_etcd_member leave; do sleep $AGAIN_SECONDS; done
  say "This node has left etcd."
}

# The member of a control-plane node that has lost its volume or its host can't leave by itself.
remove_lost_member() { # the own Node, as JSON
  local name=${1#*"\"$REMOVE_ANNOTATION\":\""}
  name=${name%%\"*}
  [[ -z $removing ]] || ! kill -0 "$removing" 2>/dev/null || return 0
  [[ $name = "$removed_name" ]] || say "The member of control-plane node $name is being removed from etcd."
  removed_name=$name
  # In the background: this node stays ready meanwhile, or not.
  {
    if run_etcd_member remove --member "$name"; then
      annotate_node "$REMOVE_ANNOTATION" null ask >/dev/null || true
    else
      sleep $AGAIN_SECONDS
    fi
  } &
  removing=$!
}
