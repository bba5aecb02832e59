# shellcheck shell=bash
# What is done once on each control-plane node after most of them were lost for good, and the owner gave up their data
# (MEMBERS_OF=<node>.<number>): the node of that name goes on alone with its data, and the others join it. Data of the
# lost quorum must not start again: its members could be a quorum, and accept writes. Sourced by master.sh.

ASK_SECONDS=10 # longer than two attempts to reach a host that is gone

# Called before etcd starts. May be interrupted and repeated at any moment.
enter_forced_quorum() {
  [[ -n $MEMBERS_OF && $MEMBERS_OF != "$(cat "$QUORUM_STAMP" 2>/dev/null)" ]] && has_etcd_data || return 0
  kill_own_processes etcd # it may be left from a boot that failed
  if [[ ${MEMBERS_OF%.*} != "$NODE_NAME" ]]; then
    say "Control-plane node ${MEMBERS_OF%.*} went on without the others. The data that this node has of etcd is set aside," \
      "in $ETCD_DATA."
    set_etcd_data_aside of-another-quorum
  elif have_others_quorum; then
    say "The other control-plane nodes are a quorum, so this node joins them. The data that it has of etcd is set aside," \
      "in $ETCD_DATA."
    set_etcd_data_aside of-another-quorum
  else
    force_quorum
  fi
}

# It may have gone on before, and have got an old volume back since. With that, it would be a second cluster.
# shellcheck disable=SC2154 # etcd-member.sh sets printed
have_others_quorum() {
  run_etcd_member check --timeout ${ASK_SECONDS}s >/dev/null && [[ $printed != unknown ]]
}

force_quorum() {
  local copy=$ETCD_DATA/before-force-${MEMBERS_OF##*.}
  say "This node goes on without the other members of etcd. A copy of its data as it was is kept in $copy."
  [[ -e $copy ]] || copy_etcd_data "$copy"
  run_etcd_alone forcing --data-dir "$ETCD_DATA" --force-new-cluster || {
    say "etcd could not go on alone: $(find_etcd_error "$LOG/forcing.log")."
    return 1
  }
  stamp_quorum
}

# Keeps only the newest copy.
copy_etcd_data() { # to
  rm -rf "$ETCD_DATA/copying"
  cp -a "$ETCD_DATA/member" "$ETCD_DATA/copying"
  sync -f "$ETCD_DATA"
  rm -rf "$ETCD_DATA"/before-force-*
  mv "$ETCD_DATA/copying" "$1"
}
