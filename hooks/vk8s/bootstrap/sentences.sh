# shellcheck shell=bash
# Log messages: sentences on standard output, which `kubectl logs` shows; details go to files in $LOG. Sourced by every
# script.

# shellcheck source=hooks/vk8s/bootstrap/sleep.sh
. "${BASH_SOURCE[0]%/*}/sleep.sh"

RUN=/run/vk8s # this boot only
STATE=/var/lib/vk8s # on the state volume
LOG=$STATE/log # on the volume, so that it can be read after a node has failed
CONSOLE=$RUN/console.log # messages of units, on their way to `kubectl logs`
BOOTED=$RUN/booted # written when this boot is complete
BOOTED_BEFORE=/vk8s/booted/done # the same on a control-plane node, for the rest of its pod's life
NEW=$RUN/new # exists from the moment this boot has initialized the cluster until kubeadm begins
export RUN STATE LOG CONSOLE BOOTED BOOTED_BEFORE NEW

# Logs a sentence, with the seconds since the node started.
say() {
  local now=${EPOCHREALTIME/./} started
  started=$(cat "$RUN/started" 2>/dev/null) || started=$now
  local tenths=$(((now - started) / 100000))
  printf '[%4d.%d s] %s\n' $((tenths / 10)) $((tenths % 10)) "$*"
}

# For errors that no retry fixes: the sentence becomes the pod's termination message, and the container ends.
give_up() {
  say "$*"
  printf '%s' "$*" >/dev/termination-log || true
  exit 1
}

# Waits until a command succeeds, and logs once what it waits for: wait_for SENTENCE COMMAND...
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

# Sleeps before a check is repeated: after a slow check for as long as it took, to leave a processor to those that work
# on the answer, but at most five seconds, so that no wait is long if there was no answer at all.
rest() { # when the check began, least: microseconds
  local -r most=5000000
  local left=$((${EPOCHREALTIME/./} - $1))
  left=$((left < $2 ? $2 : left > most ? most : left))
  local seconds
  printf -v seconds %d.%06d $((left / 1000000)) $((left % 1000000))
  sleep "$seconds"
}

# Replaces a file atomically with standard input: a node may be killed at any moment, and must not find half a file.
write_file() { # path
  cat >"$1.partial" && mv "$1.partial" "$1"
}
