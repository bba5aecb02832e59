# shellcheck shell=bash
# `sleep` within the shell. The scripts of a booting node wait some twenty times a second in all, and a process for each
# wait would take from the processor what the node needs to boot. Sourced by sentences.sh and await-ready.sh.

# The tests have a clock, and a `sleep`, of their own.
declare -F sleep >/dev/null ||
  sleep() { # seconds
    # From this pipe, nobody ever reads anything.
    [[ -n ${never-} ]] || exec {never}<> <(:)
    read -rt "$1" -u "$never" || true
  }
