# shellcheck shell=bash
# The manifests of metacontroller/ for one cluster: its image, what its pods depend on, and whose Metacontroller it is.

hash_of() { # FILES
  cat "$@" | openssl dgst -sha256 -r | cut -c1-12
}

# HASH: of what the pods read when they start; a new hash recreates them.
print_container_patch() { # DEPLOYMENT CONTAINER IMAGE HASH
  cat <<YAML
- patch: |-
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: $1, namespace: $SYSTEM_NAMESPACE}
    spec:
      template:
        metadata: {annotations: {vk8s.sktelecom.com/inputs: "$4"}}
        spec: {containers: [{name: $2, image: "$3"}]}
YAML
}

# Without ours, and with the other one let in.
print_other_metacontroller_patches() { # NAMESPACE
  local each
  for each in "apps/v1 Deployment metacontroller" "v1 ServiceAccount metacontroller" \
    "policy/v1 PodDisruptionBudget metacontroller" \
    "rbac.authorization.k8s.io/v1 Role metacontroller" "rbac.authorization.k8s.io/v1 RoleBinding metacontroller" \
    "rbac.authorization.k8s.io/v1 ClusterRole vk8s-metacontroller" "rbac.authorization.k8s.io/v1 ClusterRoleBinding vk8s-metacontroller"; do
    # shellcheck disable=SC2086 # three words
    print_deletion $each
  done
  cat <<YAML
- target: {kind: NetworkPolicy, name: vk8s-hooks}
  patch: |-
    - op: replace
      path: /spec/ingress/0/from/0
      value: {namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: $1}}}
YAML
}

print_deletion() { # API-VERSION KIND NAME
  local namespace=", namespace: $SYSTEM_NAMESPACE"
  [[ $2 != Cluster* ]] || namespace=
  cat <<YAML
- patch: |-
    \$patch: delete
    apiVersion: $1
    kind: $2
    metadata: {name: $3$namespace}
YAML
}

# Everything of metacontroller/ as one stream of YAML. DIRECTORY is in build/ and has what the pods read: ca.crt, token
# (as Metacontroller reads them) and perhaps settings. NAMESPACE is that of another Metacontroller, or "".
print_manifests() { # DIRECTORY NAMESPACE
  local keys
  keys=$(hash_of "$1/ca.crt" "$1/token")
  mkdir -p "$1/overlay"
  {
    printf 'resources: [../../../metacontroller]\npatches:\n'
    print_container_patch vk8s-hooks hooks "$IMAGE" "$keys-$(hash_of "$1"/settings*)"
    if [[ -n $2 ]]; then
      print_other_metacontroller_patches "$2"
    else
      print_container_patch metacontroller metacontroller "$METACONTROLLER_IMAGE" "$keys"
    fi
  } >"$1/overlay/kustomization.yaml"
  kube kustomize "$1/overlay"
}
