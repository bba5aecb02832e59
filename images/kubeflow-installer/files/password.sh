# shellcheck shell=bash
# The password of Kubeflow's user, and its hash: neither is ever an argument or part of what is said.

readonly MOST_BYTES=72 # of which bcrypt makes a hash
readonly COST=12       # as that of Kubeflow's own; Dex takes no less than 10

password=''
hash=''
hashed='' # the password that $hash is of

# Sets $password.
read_password() {
  local bytes
  may_use_password || { record_missing consent "the Secret has no key vk8s-kubeflow with value true, by which its writer allows that its password is used for Kubeflow" && return 1; }
  [[ -e $PASSWORD_FILE ]] || { record_missing password "Secret key password is missing: what $EMAIL is to log in with" && return 1; }
  password=$(cat "$PASSWORD_FILE" 2>/dev/null) || { record_missing password "Secret key password can't be read" && return 1; }
  bytes=$(printf %s "$password" | wc -c)
  if ((bytes == 0)); then
    record_missing password "Secret key password is empty: what $EMAIL is to log in with"
  elif [[ $password = *$'\n'* ]]; then
    record_missing password "Secret key password has more than one line"
  elif ((bytes > MOST_BYTES)); then
    record_missing password "Secret key password has more than $MOST_BYTES bytes: Dex can't tell longer ones apart"
  else
    return 0
  fi
  return 1
}

# A Vk8s may name any Secret of its namespace, also one that its owner must not read.
may_use_password() {
  [[ -z ${KUBEFLOW_CONSENT_FILE:-} || $(cat "$KUBEFLOW_CONSENT_FILE" 2>/dev/null) = true ]]
}

# Sets $hash to one of the password: to that which Dex has already, if it is one.
find_hash() {
  local found
  [[ $hashed != "$password" ]] || return 0
  found=$(ask get secret dex-passwords --namespace=auth --ignore-not-found --output='jsonpath={.data.DEX_USER_PASSWORD}' 2>"$RUN/errors") || {
    ! is_api_there || record_missing hash "Secret auth/dex-passwords can't be read: $(find_refusal "$RUN/errors")"
    return 1
  }
  hash=$(base64 --decode <<<"$found" 2>/dev/null) || hash=''
  if [[ -z $hash ]] || ! is_hash_of_password; then
    make_hash || { record_missing hash "the password can't be hashed: $(find_refusal "$RUN/errors")" && return 1; }
    forget password # what Dex has is of another one
  fi
  hashed=$password
}

is_hash_of_password() {
  local file=$RUN/htpasswd matches=no
  printf 'user:%s\n' "$hash" >"$file" # htpasswd wants one that it might write to
  ! htpasswd -vi "$file" user <<<"$password" >"$RUN/answer" 2>&1 || matches=yes
  rm "$file"
  [[ $matches = yes ]]
}

make_hash() {
  hash=$(htpasswd -niBC $COST user <<<"$password" 2>"$RUN/errors") || return
  hash=${hash#user:}
  hash=${hash//$'\n'/}
}

print_password_secret() {
  cat <<END
---
apiVersion: v1
kind: Secret
metadata:
  name: dex-passwords
  namespace: auth
type: Opaque
data:
  DEX_USER_PASSWORD: $(printf %s "$hash" | base64 --wrap=0)
END
}
