# shellcheck shell=bash
# How the API server of the virtual cluster is talked to, and what it says against something.

MANAGER=vk8s-kubeflow
REQUEST_SECONDS=10

ask() { # kubectl arguments
  kubectl --request-timeout="${REQUEST_SECONDS}s" "$@"
}

# Takes manifests from standard input.
apply() {
  ask apply --server-side --force-conflicts --field-manager=$MANAGER --filename=-
}

is_api_there() {
  ! ask get --raw /readyz >"$RUN/answer" 2>"$RUN/api-errors" || return 0
  if grep -qiE 'unauthorized|forbidden' "$RUN/api-errors"; then
    record_missing api "the API server of the virtual cluster refuses its administrator: $(find_refusal "$RUN/api-errors")"
  else
    record_missing api 'the API server of the virtual cluster does not answer'
  fi
  return 1
}

# Prints why kubectl failed, as the second half of a sentence.
find_refusal() { # file with what it said
  local said
  said=$(grep -vE '^(Warning:|[EIW][0-9]{4} )' "$1" | tr -s '[:space:]' ' ' | sed -E '
    s/^(E|e)rror( from server( \([A-Za-z]+\))?)?: //
    s/^Internal error occurred: //
    s/^The [A-Za-z.]+ "[^"]*" is invalid: (\* )?//
    s/^resource mapping not found.*(no matches for kind)/\1/
    s/ ensure CRDs are installed first//
    s/[. ]+$//') || true
  echo "${said:-no reason is given}"
}
