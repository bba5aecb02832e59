# shellcheck shell=bash
# Metacontroller: the one that is there already, or ours.

readonly METACONTROLLER_VERSION=v4.17.2
readonly COMPOSITE_CRD=compositecontrollers.metacontroller.k8s.io
# On CRDs that we have brought, so that uninstall.sh knows.
readonly BROUGHT=vk8s.sktelecom.com/brought

# Prints "namespace kind/name" of a Metacontroller that is not ours; nothing if there is none.
find_other_metacontroller() {
  kube get deployments,statefulsets --all-namespaces --output='jsonpath={range .items[*]}{.metadata.namespace}{" "}{.kind}{"/"}{.metadata.name}{" "}{.spec.template.spec.containers[*].image}{"\n"}{end}' |
    awk -v own="$SYSTEM_NAMESPACE" '$1 != own && $3 ~ /(^|\/)metacontroller([:@]|$)/ && !found++ { print $1, tolower($2) }'
}

has_own_metacontroller() {
  kube get deployment metacontroller --namespace="$SYSTEM_NAMESPACE" >/dev/null 2>&1
}

has_metacontroller_crds() {
  kube get crd "$COMPOSITE_CRD" >/dev/null 2>&1
}

# Its CRDs are its own project's, and fetched from there unless the caller has them.
bring_metacontroller_crds() { # FILE, DIRECTORY OR URL
  say "Metacontroller's CRDs are not in this cluster: applying those of $1."
  kube apply --server-side --field-manager=vk8s-install --filename="$1" >&2 ||
    fail "Metacontroller is missing, and its CRDs can't be downloaded from $1. Give a file with them: --metacontroller-crds FILE, or install Metacontroller yourself."
  has_metacontroller_crds || fail "$1 has no CRD $COMPOSITE_CRD. Metacontroller's are in manifests/production of its repository."
  kube label --overwrite --filename="$1" "$BROUGHT=true" >&2
  kube wait --for=condition=Established --filename="$1" --timeout=60s >&2
}

# An old one would drop the field without a word, and then call the hooks without token and CA.
check_metacontroller_crds() {
  [[ $(kube get crd "$COMPOSITE_CRD" --output=yaml) == *" endpointConfigs:"* ]] ||
    fail "the Metacontroller of this cluster is too old: it can't be given a CA and a token (endpointConfigs). Upgrade it to $METACONTROLLER_VERSION first."
}

# It reads keys only when it starts.
restart_metacontroller() { # "" OR "NAMESPACE KIND/NAME"
  local namespace=$SYSTEM_NAMESPACE workload=deployment/metacontroller
  [[ -z $1 ]] || read -r namespace workload <<<"$1"
  say "Restarting $workload in $namespace, which reads keys only when it starts."
  kube rollout restart "$workload" --namespace="$namespace" >&2
  [[ -n ${NO_WAIT:-} ]] || kube rollout status "$workload" --namespace="$namespace" --timeout="${ROLLOUT_TIMEOUT:-300s}" >&2
}
