# shellcheck shell=bash
# Messages of install.sh and uninstall.sh: progress goes to standard error, so that standard output has only the result.

say() {
  echo "$*" >&2
}

# Exits with a message that says what is wrong and what to do. If a check fails, nothing has been changed.
fail() {
  echo "Error: $*" >&2
  exit 1
}

# The comment at the head of the script: what it does, and its options.
usage() {
  sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p;}' "$0"
}
