# shellcheck shell=bash
# What install.sh and uninstall.sh say: progress to standard error, so that standard output is for what was asked for.

say() {
  echo "$*" >&2
}

# Ends with a sentence that says what is wrong and what to do. Nothing has been changed where it is a check that fails.
fail() {
  echo "Error: $*" >&2
  exit 1
}

# The comment at the head of the script: what it does, and its options.
usage() {
  sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p;}' "$0"
}
