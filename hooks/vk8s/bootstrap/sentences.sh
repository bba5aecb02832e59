# shellcheck shell=bash
# How a node talks: plain sentences on standard output, which end up in `kubectl logs`; details go to files in $LOG.
# Sourced by every script.

RUN=/run/vk8s # this boot only
STATE=/var/lib/vk8s # on the state volume
LOG=$STATE/log # on the volume, so that it is there to read after a node that failed
CONSOLE=$RUN/console.log # what units say, on its way to `kubectl logs`
BOOTED=$RUN/booted # written when this boot is complete
BOOTED_BEFORE=/vk8s/booted/done # and this, of a master, for the rest of its pod's life
NEW=$RUN/new # from when this boot has founded the cluster until kubeadm begins
export RUN STATE LOG CONSOLE BOOTED BOOTED_BEFORE NEW

# Says a sentence, with the seconds since the node started.
say() {
  local now=${EPOCHREALTIME/./} started
  started=$(cat "$RUN/started" 2>/dev/null) || started=$now
  local tenths=$(((now - started) / 100000))
  printf '[%4d.%d s] %s\n' $((tenths / 10)) $((tenths % 10)) "$*"
}

# For what no retry mends: the sentence becomes the pod's termination message, and the container ends.
give_up() {
  say "$*"
  printf '%s' "$*" >/dev/termination-log || true
  exit 1
}

# Waits until a command succeeds, and says once what it waits for: wait_for SENTENCE COMMAND...
wait_for() {
  local said='' sentence=$1 asked
  shift
  until
    asked=${EPOCHREALTIME/./}
    "$@"
  do
    [[ -n $said ]] || say "$sentence"
    said=yes
    rest "$asked" 200000
  done
}

# Sleeps before something is asked again; where asking is slow, as long as it took, to leave a processor
# to those who work on the answer, but five seconds at most: nobody shall wait for long who was not answered at all.
rest() { # when asking began, least: microseconds
  local -r most=5000000
  local left=$((${EPOCHREALTIME/./} - $1))
  left=$((left < $2 ? $2 : left > most ? most : left))
  sleep "$((left / 1000000)).$(printf %06d $((left % 1000000)))"
}

# Replaces a file in one step, with what comes in: a node may be killed at any moment, and must not find half a file.
write_file() { # path
  cat >"$1.partial"
  mv "$1.partial" "$1"
}
