# shellcheck shell=bash
# Step deployments: waits until all Deployments and StatefulSets are available, in the version that was applied.

readonly MOST_NAMES=5 # in a message
# Kind, namespace, name, generations and numbers of pods of each; 0 where there is nothing yet.
WORKLOADS='{{range .items}}{{.kind}} {{.metadata.namespace}} {{.metadata.name}} {{.metadata.generation}} {{or .status.observedGeneration 0}} '
WORKLOADS+='{{or .spec.replicas 0}} {{or .status.updatedReplicas 0}} {{or .status.availableReplicas 0}}{{"\n"}}{{end}}'
# What keeps a pod from running and needs somebody: no room on any node, or an image that can't be pulled.
POD='{{.metadata.namespace}}/{{.metadata.name}}'
OBSTACLES='{{range .items}}'$POD'{{range .status.conditions}}{{if and (eq .type "PodScheduled") .message}} unschedulable {{.message}}{{end}}{{end}}'
OBSTACLES+='{{range .status.initContainerStatuses}}{{if .state.waiting}} {{.state.waiting.reason}} {{.image}}{{end}}{{end}}'
OBSTACLES+='{{range .status.containerStatuses}}{{if .state.waiting}} {{.state.waiting.reason}} {{.image}}{{end}}{{end}}{{"\n"}}{{end}}'

deployments() {
  local kind namespace name waiting=() all=0 obstacle
  declare -A available=()
  is_api_there || return
  ask get deployments,statefulsets --all-namespaces --output="go-template=$WORKLOADS" >"$RUN/workloads" 2>"$RUN/errors" || {
    ! is_api_there || record_missing workloads "Deployments and StatefulSets can't be read: $(find_refusal "$RUN/errors")"
    return 1
  }
  find_available
  while read -r kind namespace name; do
    all=$((all + 1))
    [[ -n ${available["$kind $namespace $name"]:-} ]] || waiting+=("$namespace/$name")
  done <"$BUNDLE/workloads"
  ((${#waiting[@]} > 0)) || return 0
  obstacle=$(find_obstacle)
  record_missing "deployments $obstacle" "$((all - ${#waiting[@]})) of $all Deployments and StatefulSets are available; waits for $(list_names "${waiting[@]}")$obstacle"
  return 1
}

# Sets $available, by kind, namespace and name.
find_available() {
  local kind namespace name generation observed wanted updated ready
  while read -r kind namespace name generation observed wanted updated ready; do
    # A StatefulSet may be one whose pods are not replaced when it changes.
    [[ $kind = Deployment ]] || updated=$wanted
    ((observed < generation || updated < wanted || ready < wanted)) || available["$kind $namespace $name"]=yes
  done <"$RUN/workloads"
}

list_names() { # name...
  local list more=''
  (($# <= MOST_NAMES)) || more=" and $(($# - MOST_NAMES)) more"
  printf -v list '%s, ' "${@:1:MOST_NAMES}"
  echo "${list%, }$more"
}

# Lets pods through that are in a namespace of Kubeflow's.
drop_foreign() {
  awk 'NR == FNR { ours[$2]; next } { split($1, pod, "/") } pod[1] in ours' "$BUNDLE/workloads" -
}

# Prints the first problem that somebody has to fix, as the end of a sentence; nothing if there is none.
find_obstacle() {
  ask get pods --all-namespaces --output="go-template=$OBSTACLES" 2>/dev/null | drop_foreign | sed -nE '
    s/^([^ ]+) .*(ErrImagePull|ImagePullBackOff|InvalidImageName) ([^ ]+).*$/; the image \3 of pod \1 could not be pulled/p
    s/^([^ ]+) unschedulable (.*Insufficient [^.]*).*$/; no node has room for pod \1: \2/p' | head -n 1 || true
}
