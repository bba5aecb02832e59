#!/bin/bash
# shellcheck source-path=SCRIPTDIR
# One step of the installation of Kubeflow in a virtual cluster: kubeflow-installer objects|gateway|deployments|login
#
# A step continues until it is done. Its pod shows the progress only when a container ends: so it also ends from time to
# time, with what is missing as its termination message, and is restarted. sentences.sh decides when.
set -euo pipefail
installer=$(dirname "$(readlink -f "$0")")
STEP=${1:-}
EMAIL=${KUBEFLOW_EMAIL:-user@example.com}
BUNDLE=${KUBEFLOW_BUNDLE:-/kubeflow}
PASSWORD_FILE=${KUBEFLOW_PASSWORD_FILE:-/vk8s/kubeflow/password}
PAUSE_SECONDS=${KUBEFLOW_PAUSE_SECONDS:-3} # between two looks
RUN=$HOME/$STEP                           # what this step has to remember; in memory, and longer-lived than a container
export TMPDIR=$HOME                       # the only place that can be written to
. "$installer/sentences.sh"
. "$installer/cluster.sh"
. "$installer/password.sh"
. "$installer/objects.sh"
. "$installer/gateway.sh"
. "$installer/deployments.sh"
. "$installer/login.sh"

main() {
  trap 'exit 143' TERM
  umask 077
  check_arguments
  mkdir -p "$RUN"
  check_version
  until "$STEP"; do
    end_if_due
    sleep "$PAUSE_SECONDS"
  done
  echo "Step $STEP is done."
}

check_arguments() {
  case $STEP in
    objects | gateway | deployments | login) ;;
    *) give_up "there is no step '$STEP': it is one of objects, gateway, deployments and login" ;;
  esac
  # It is written into YAML, and into a command of sed.
  [[ $EMAIL =~ ^[A-Za-z0-9][A-Za-z0-9.!#$%\&*+/=?^_{|}~-]*@[A-Za-z0-9.-]+$ ]] || give_up "'$EMAIL' can't be the user: it is no e-mail address"
  [[ $STEP != login || -n ${KUBEFLOW_URL:-} ]] || give_up "the environment variable KUBEFLOW_URL is missing: where Kubeflow is to be reached"
}

check_version() {
  local here wanted=${KUBEFLOW_VERSION:-}
  here=$(cat "$BUNDLE/version") || give_up "the image has no Kubeflow in it"
  [[ $here = "$wanted" ]] || give_up "the image has Kubeflow $here in it, and ${wanted:-none} is wanted: give it the image of that version"
}

main
