# shellcheck shell=bash
# Removes everything without leaving a finalizer behind: Metacontroller and the hooks must run until the last object
# with a finalizer of theirs is gone.

readonly GROUP=vk8s.sktelecom.com
readonly CRDS="vk8s.$GROUP ippools.$GROUP ipallocations.$GROUP"
# The finalizers that Metacontroller writes are named after its CompositeControllers.
readonly CONTROLLERS="vk8s ippool"

is_served() { # RESOURCE
  kube get crd "$1.$GROUP" >/dev/null 2>&1
}

# Prints "namespace/name" of each, or only the name.
list_objects() { # RESOURCE [MORE]: a JSONPath template of what else is wanted of each
  kube get "$1.$GROUP" --all-namespaces --output="jsonpath={range .items[*]}{.metadata.namespace}/{.metadata.name}${2:-}{\"\\n\"}{end}" |
    sed 's|^/||'
}

# Prints what is left, with the message of its status that says what it waits for.
list_reasons() { # RESOURCE
  list_objects "$1" ': {.status.conditions[?(@.type=="Ready")].message}'
}

confirm() {
  local clusters
  is_served vk8s || return 0
  clusters=$(list_objects vk8s)
  [[ -n $clusters && -z $YES ]] || return 0
  say "These virtual clusters are deleted, with all their data:"
  say "${clusters//$'\n'/, }"
  [[ -t 0 ]] || fail "there is no terminal to ask for confirmation: use --yes to delete them without. Nothing has been deleted."
  read -r -p "Type yes to delete them: " answer
  [[ $answer == yes ]] || fail "nothing has been deleted."
}

# Whether the hooks run, without which no finalizer is removed.
has_controller() {
  local ready
  ready=$(kube get deployment vk8s-hooks --namespace="$SYSTEM_NAMESPACE" --output='jsonpath={.status.readyReplicas}' 2>/dev/null || true)
  [[ ${ready:-0} -gt 0 ]]
}

# Deletes all objects of RESOURCE and waits until they are gone; prints what it waits for whenever that changes.
remove_all() { # RESOURCE
  local left shown=
  local -r end=$((SECONDS + TIMEOUT))
  is_served "$1" || return 0
  kube delete "$1.$GROUP" --all --all-namespaces --wait=false >&2
  while true; do
    # Without an answer, they may still exist.
    left=$(list_reasons "$1") || fail "the cluster does not answer any more. Nothing else has been removed; run this again to continue."
    [[ -n $left ]] || return 0
    [[ $left == "$shown" ]] || say "Waiting for the end of $left"
    shown=$left
    [[ $SECONDS -lt $end ]] || give_up "$1" "$left"
    sleep 2
  done
}

give_up() { # RESOURCE LEFT
  local hint="The messages above say why."
  has_controller || hint="The hooks don't run, and only they and Metacontroller can release them: run ./install.sh, then this."
  fail "after $TIMEOUT s, $(wc -l <<<"$2") of $1 still exist. $hint Nothing else has been removed; run this again to continue."
}

remove_crds() {
  local name
  for name in $CRDS; do
    kube delete crd "$name" --ignore-not-found --timeout="${TIMEOUT}s" >&2
  done
}

remove_controllers() {
  has_metacontroller_crds || return 0
  # shellcheck disable=SC2086 # one word for each
  kube delete compositecontrollers $CONTROLLERS --ignore-not-found --timeout=60s >&2
}

# Removes the namespace with everything in it, roles, and Metacontroller's CRDs if we installed them and nobody else
# uses them.
remove_rest() {
  kube delete namespace "$SYSTEM_NAMESPACE" --ignore-not-found --timeout="${TIMEOUT}s" >&2
  kube delete clusterroles,clusterrolebindings --selector=app.kubernetes.io/part-of=vk8s >&2
  if has_metacontroller_crds && [[ -z $(list_foreign_controllers) ]]; then
    kube delete crd --selector="$BROUGHT=true" >&2
  fi
}

list_foreign_controllers() {
  kube get compositecontrollers,decoratorcontrollers --output=name 2>/dev/null || true
}
