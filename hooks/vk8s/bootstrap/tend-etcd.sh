# shellcheck shell=bash
# Keeps the database of etcd on this control-plane node in order, and reports what only people can repair: in the node's
# log, and as events of its Node. Sourced by watcher.sh, after etcd-member.sh.

ETCD_TENDER=/usr/local/bin/etcd-member
TEND_SECONDS=300
TEND_IN_BOOT_SECONDS=60 # a boot may wait for an API server that can't start before this
REMIND_SECONDS=3600 # events are kept so long

tended_at=-$TEND_SECONDS # SECONDS
tending=''               # the process that does it

# In the background: etcd may take a while to rewrite its data.
tend_etcd() {
  [[ $ROLE = master && -x $ETCD_TENDER ]] && ((SECONDS >= tended_at + TEND_SECONDS)) || return 0
  [[ -e $BOOTED ]] || ((SECONDS >= TEND_IN_BOOT_SECONDS)) || return 0
  [[ -z $tending ]] || ! kill -0 "$tending" 2>/dev/null || return 0
  tended_at=$SECONDS
  report_etcd &
  tending=$!
}

# That etcd does not answer is not reported here, nor that an older node image can't do this.
report_etcd() {
  local mended=$RUN/etcd-mended problems=$RUN/etcd-problems reason sentence
  call_etcd_member tend >"$problems" 2>"$mended" || return 0
  while read -r sentence; do say "etcd: ${sentence#etcd-member: }."; done <"$mended"
  while read -r reason sentence; do
    is_reminder_due "$reason" || continue
    say "$sentence"
    create_event "$reason" "$sentence"
  done <"$problems"
}

# By the clock, as the file outlives this process and its SECONDS.
is_reminder_due() { # reason
  local file=$RUN/reported-$1
  [[ ! -s $file ]] || ((EPOCHSECONDS >= $(<"$file") + REMIND_SECONDS)) || return
  echo "$EPOCHSECONDS" >"$file"
}

# A full database accepts none.
create_event() { # reason, sentence
  local now
  now=$(date --utc +%Y-%m-%dT%H:%M:%SZ)
  ask --header 'Content-Type: application/json' --output /dev/null --data '{"apiVersion": "v1", "kind": "Event", "metadata":
    {"generateName": "'"$NODE_NAME"'-", "namespace": "default"}, "type": "Warning", "reason": "'"$1"'", "message": "'"$2"'",
    "involvedObject": {"kind": "Node", "name": "'"$NODE_NAME"'", "uid": "'"$NODE_NAME"'"}, "count": 1, "firstTimestamp":
    "'"$now"'", "lastTimestamp": "'"$now"'", "source": {"component": "vk8s", "host": "'"$NODE_NAME"'"}}' \
    "${NODE_URL%/nodes/*}/namespaces/default/events" >/dev/null || true
}
