# shellcheck shell=bash
# How a step reports what is missing: one sentence, in the log whenever it changes, and as termination message at times.
#
# A container that ends is restarted later and later (10 s, 20 s, 40 s ... 300 s): a step that makes progress must not
# end often, but it must be visible that one is stuck. So it ends 20 s after its start if something else is missing than
# was reported last; while only numbers change, after 60 s, the next time after 180 s, and then every 600 s.

TERMINATION_LOG=${KUBEFLOW_TERMINATION_LOG:-/dev/termination-log}
read -ra SAY_AFTER <<<"${KUBEFLOW_SAY_AFTER:-20 60 180 600}" # seconds since the start
readonly MOST_CHARACTERS=500

lack=''      # what is missing, as a sentence
lack_kind='' # the same without numbers
logged=''

# Records what is missing: `record_missing KIND SENTENCE`
record_missing() {
  lack_kind=${1//[0-9]/}
  lack_kind=${lack_kind//$'\n'/ }
  lack=$(shorten "$2")
  [[ $lack = "$logged" ]] || echo "$lack"
  logged=$lack
}

shorten() { # sentence
  local all
  all=$(tr -s '[:space:]' ' ' <<<"$1")
  all=${all% }
  all=${all%.}
  ((${#all} <= MOST_CHARACTERS)) || all=${all:0:MOST_CHARACTERS-3}...
  echo "$all"
}

seconds() {
  echo "$SECONDS"
}

# Prints how often in a row the same kind was reported.
times_said() {
  local kind='' times=0
  [[ ! -e $RUN/said ]] || { read -r times && IFS= read -r kind; } <"$RUN/said" || true
  [[ $kind = "$lack_kind" ]] || times=0
  echo "$times"
}

is_due() {
  local times last=$((${#SAY_AFTER[@]} - 1))
  [[ -n $lack ]] || return 1
  times=$(times_said)
  (($(seconds) >= SAY_AFTER[times < last ? times : last]))
}

end_if_due() {
  ! is_due || end
}

end() {
  printf '%s\n%s\n' $(($(times_said) + 1)) "$lack_kind" >"$RUN/said"
  printf '%s' "$lack" >"$TERMINATION_LOG" || true
  exit 1
}

# For problems that can't be fixed while this pod exists.
give_up() { # sentence
  record_missing '' "$1"
  printf '%s' "$lack" >"$TERMINATION_LOG" || true
  exit 1
}
