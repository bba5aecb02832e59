# shellcheck shell=bash
# Checks the cluster for the installation: whether it answers, whether we may install, and whether it is new enough.

readonly SYSTEM_NAMESPACE=vk8s-system
# CIDR functions in the rules of the CRD.
readonly OLDEST_MINOR=31

# kubectl for the current kubeconfig; KUBECTL names another program.
kube() {
  "${KUBECTL:-kubectl}" "$@"
}

# Server-side, because the annotation of `kubectl apply` has a size limit that CRDs come close to.
apply() { # FILE
  kube apply --server-side --force-conflicts --field-manager=vk8s-install --filename="$1" >&2
}

check_kubectl() {
  command -v "${KUBECTL:-kubectl}" >/dev/null || fail "kubectl is missing: install it, or name it in KUBECTL."
}

check_cluster() {
  local version minor
  check_kubectl
  version=$(kube get --raw /version --request-timeout=15s 2>&1) ||
    fail "no cluster answers ($(tail -n 1 <<<"$version")). Is the context of your kubeconfig the one you mean: kubectl config current-context?"
  minor=$(sed -n 's/.*"minor": *"\([0-9]*\).*/\1/p' <<<"$version")
  [[ ${minor:-0} -ge $OLDEST_MINOR ]] || fail "the cluster has Kubernetes 1.${minor:-?}; 1.$OLDEST_MINOR or newer is needed."
}

check_rights() {
  kube auth can-i '*' '*' --all-namespaces >/dev/null 2>&1 ||
    fail "you may not do that in this cluster: it creates CRDs and cluster roles, which takes a cluster-admin."
}

# Applies the CRDs and waits until their kinds are served: a CompositeController for an unknown kind is an error.
apply_crds() { # ROOT
  local files=("$1"/crds/*.yaml) names name
  for file in "${files[@]}"; do apply "$file"; done
  names=$(kube get "${files[@]/#/--filename=}" --output=name)
  # shellcheck disable=SC2086 # one word for each
  kube wait --for=condition=Established $names --timeout=60s >&2
  # A CRD is Established before discovery serves its kind.
  for name in $names; do await_kind "${name##*/}"; done
}

await_kind() { # NAME OF ITS CRD
  local tries=60
  until kube explain "${1%%.*}" >/dev/null 2>&1; do
    ((tries--)) || fail "the cluster has the CRD $1 and does not serve it: kubectl describe crd $1"
    sleep 0.5
  done
}

# Shows why the pods of a Deployment don't run: their status, and the end of their logs.
show_pods() { # DEPLOYMENT
  local -r selector=app.kubernetes.io/name=$1
  kube get pods --namespace="$SYSTEM_NAMESPACE" --selector="$selector" --output='jsonpath={range .items[*]}{.metadata.name}{": "}{.status.phase}{range .status.containerStatuses[*]}{" "}{.state.waiting.reason}{" "}{.state.waiting.message}{end}{range .status.conditions[?(@.status=="False")]}{" "}{.message}{end}{"\n"}{end}' >&2
  kube logs --namespace="$SYSTEM_NAMESPACE" --selector="$selector" --prefix --tail=3 >&2 || true
}

wait_for_rollout() { # DEPLOYMENT
  say "Waiting for $1."
  kube rollout status "deployment/$1" --namespace="$SYSTEM_NAMESPACE" --timeout="${ROLLOUT_TIMEOUT:-300s}" >&2 || {
    show_pods "$1"
    fail "$1 is not up after ${ROLLOUT_TIMEOUT:-300s}; its pods are above. Fix what they report and run this again: it continues from there."
  }
}
