# shellcheck shell=bash
# Step objects: everything is applied until every object is accepted, in batches, each object until it was accepted
# once.
#
# Many can't be accepted at first: their kind is not known yet, or the webhook that is asked about them does not run.
# kubectl does not say which object a rejection is about: so a rejected one is retried alone, and the result is
# reported.

readonly BATCH=20

ids=() # in the order in which they are applied
# By id: as kubectl calls it; as a sentence calls it; anything once it was accepted.
declare -A printed=() titles=() accepted=()
refused=''                         # an id
refusal=''

objects() {
  [[ ${#ids[@]} -gt 0 ]] || read_list
  read_password && is_api_there && find_hash || return
  tell_objects || true
  try_first && try_all || return
  [[ -n $refused ]] || try_first || return
  tell_objects && is_dex_fresh && rm -f "$RUN/accepted"
}

read_list() {
  local id name title
  while read -r id name title; do
    ids+=("$id") printed[$id]=$name titles[$id]=$title
  done <"$BUNDLE/list"
  [[ ! -e $RUN/accepted ]] || while read -r id; do accepted[$id]=yes; done <"$RUN/accepted"
}

# Tries the first that is not accepted yet, alone; sets $refused and $refusal. Fails when the API server goes away.
try_first() {
  local id
  for id in "${ids[@]}"; do
    [[ -z ${accepted[$id]:-} ]] || continue
    if try "$id"; then refused='' && return; fi
    cp "$RUN/errors" "$RUN/refusal"
    is_api_there || return
    refused=$id refusal=$(find_refusal "$RUN/refusal")
    return
  done
  refused=''
}

# Tries the others. Fails when the API server goes away.
try_all() {
  local id batch=() names=' '
  for id in "${ids[@]}"; do
    [[ -z ${accepted[$id]:-} && $id != "$refused" ]] || continue
    # What kubectl prints has no namespace: in a batch, it must be one object only.
    if ((${#batch[@]} == BATCH)) || [[ $names = *" ${printed[$id]} "* ]]; then
      try_batch "${batch[@]}" || return
      batch=() names=' '
    fi
    batch+=("$id") names+="${printed[$id]} "
  done
  ((${#batch[@]} == 0)) || try_batch "${batch[@]}"
}

try_batch() { # id...
  try "$@" || is_api_there || return
  tell_objects || end_if_due
}

# Applies objects, and ends the step in the middle where it is time: a webhook may be waited for longer than that.
try() { # id...
  local child outcome=0
  send "$@" >"$RUN/output" 2>"$RUN/errors" &
  child=$!
  while kill -0 $child 2>/dev/null; do
    sleep 0.2
    ! is_due || { note_accepted "$@" && { tell_objects || end; }; }
  done
  wait $child || outcome=$?
  note_accepted "$@"
  return $outcome
}

send() { # id...
  local id
  for id in "$@"; do
    if [[ $id = password ]]; then print_password_secret; else cat "$BUNDLE/objects/$id.yaml"; fi
  done | sed "s/user@example\.com/${EMAIL//[&\/]/\\&}/g" | apply
}

note_accepted() { # id...
  local id name
  while read -r name _; do
    for id in "$@"; do
      [[ ${printed[$id]} = "$name" && -z ${accepted[$id]:-} ]] || continue
      accepted[$id]=yes
      echo "$id" >>"$RUN/accepted"
    done
  done <"$RUN/output"
}

forget() { # id
  unset "accepted[$1]"
  [[ ! -e $RUN/accepted ]] || sed -i "/^$1\$/d" "$RUN/accepted"
}

# Fails, and records what is missing, until all are accepted.
tell_objects() {
  ((${#accepted[@]} < ${#ids[@]})) || return 0
  local sentence="${#accepted[@]} of ${#ids[@]} objects are accepted"
  [[ -z $refused || -n ${accepted[$refused]:-} ]] || sentence+="; ${titles[$refused]} is refused: $refusal"
  record_missing "${sentence#* objects }" "$sentence"
  return 1
}

# Dex reads the hash and its settings only when it starts: a template that contains their versions restarts it after
# every change, by whomever, and never without one.
is_dex_fresh() {
  local versions
  grep -q ' Deployment auth/dex$' "$BUNDLE/list" || return 0
  versions=$(ask get secret/dex-passwords configmap/dex --namespace=auth --ignore-not-found --output='jsonpath={..metadata.resourceVersion}' 2>"$RUN/errors") &&
    versions=${versions# } && ask patch deployment dex --namespace=auth --field-manager="$MANAGER-dex" --type=merge \
      --patch='{"spec":{"template":{"metadata":{"annotations":{"vk8s.sktelecom.com/login":"'"${versions// /-}"'"}}}}}' \
      >"$RUN/output" 2>"$RUN/errors" && return
  ! is_api_there || record_missing dex "all objects are accepted; Deployment auth/dex can't be given the password: $(find_refusal "$RUN/errors")"
  return 1
}
